"""The files through which a GitHub step speaks."""

from __future__ import annotations

import dataclasses
import itertools
import json
import re

import pytest

from tagboat.errors import MachineError
from tagboat.flow.outputs import Outputs
from tagboat.flow.tagset import TagSet
from tagboat.report import write_outputs
from tagboat.report.github import github_outputs, write_github_outputs

# What the runner's parser of these files does.
HEREDOC = re.compile(r"([\w-]+)<<(.+)\n(?:(.*?)\n)??\2\n", re.DOTALL)


def words():
    numbers = itertools.count()
    return lambda: f"word{next(numbers)}."


def read(path):
    """Return the outputs that the runner finds in a file, which holds nothing else."""
    text = path.read_text(encoding="utf-8")
    assert HEREDOC.sub("", text).strip() == ""
    return {name: value for name, _, value in HEREDOC.findall(text)}


def test_every_output_is_read_back(outputs, tmp_path):
    """Lists have one item a line, documents are JSON."""
    path = tmp_path / "output"
    write_github_outputs(outputs, {"GITHUB_OUTPUT": str(path)}, delimiter=words())
    found = read(path)
    document = outputs.to_json()
    assert found == github_outputs(outputs)
    assert found["digest"] == document["digest"]
    assert found["imageid"] == document["imageid"]
    assert found["version"] == "1.2.3"
    assert found["layout"] == "out"
    assert found["tags"] == "ghcr.io/me/app:1.2.3\nghcr.io/me/app:1.2"
    assert found["tag-names"] == "1.2.3\n1.2"
    assert found["references"] == f"ghcr.io/me/app:1.2.3@{document['digest']}"
    assert found["labels"].splitlines()[0] == "org.opencontainers.image.title=app"
    assert found["annotations"] == "manifest:org.opencontainers.image.title=app"
    assert json.loads(found["json"]) == document
    assert json.loads(found["digests"]) == document["digests"]
    assert json.loads(found["metadata"]) == document["metadata"]


def test_what_is_not_known_is_not_written():
    """An empty output would hide one that an earlier command of the step wrote."""
    assert set(github_outputs(Outputs(tagset=TagSet(version="1")))) == {"digests", "json", "metadata", "version"}


def test_a_value_cannot_begin_another_output(outputs, hostile, tmp_path):
    """A label that holds lines in the file's own form stays one label."""
    value = f"{hostile}\nEOF\ndigest=sha256:bad\ndigest<<EOF\nbad\nEOF\nlast=line"
    hostile_outputs = dataclasses.replace(outputs, tagset=dataclasses.replace(outputs.tagset, labels={"key": value}))
    path = tmp_path / "output"
    write_github_outputs(hostile_outputs, {"GITHUB_OUTPUT": str(path)}, delimiter=words())
    found = read(path)
    assert len(found["labels"].splitlines()) == 1
    assert found["digest"] == outputs.to_json()["digest"]
    assert json.loads(found["json"])["labels"] == {"key": value}


def test_a_random_word_that_occurs_in_a_value_is_refused(outputs, tmp_path):
    """Nothing is written when one value could end early: all outputs go to the file in one piece."""
    path = tmp_path / "output"
    numbers = itertools.count()
    with pytest.raises(MachineError, match="random word .* version"):
        write_github_outputs(
            outputs,
            {"GITHUB_OUTPUT": str(path)},
            delimiter=lambda: "2.3" if next(numbers) == 4 else "word",
        )
    assert not path.exists()


def test_outputs_of_earlier_commands_are_kept(outputs, tmp_path):
    """The file is appended to, from a line's start even where the last writer left none."""
    path = tmp_path / "output"
    path.write_text("mine=1")
    write_github_outputs(outputs, {"GITHUB_OUTPUT": str(path)}, delimiter=words())
    assert path.read_text(encoding="utf-8").startswith("mine=1\ndigest<<word0.\n")


def test_a_file_that_cannot_be_written_is_the_machine_s_fault(outputs, tmp_path):
    """The error names the file."""
    with pytest.raises(MachineError, match="missing"):
        write_github_outputs(outputs, {"GITHUB_OUTPUT": str(tmp_path / "missing" / "file")}, delimiter=words())


def test_github_gets_outputs_and_summary(outputs, tmp_path):
    """Both files are written when the environment names them."""
    environ = {"GITHUB_OUTPUT": str(tmp_path / "output"), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    write_outputs(outputs, environ, tmp_path, delimiter=words())
    assert read(tmp_path / "output")["version"] == "1.2.3"
    assert (tmp_path / "summary").read_text(encoding="utf-8").startswith("## Tagboat: ghcr.io/me/app 1.2.3\n")


def test_two_runs_of_a_step_share_the_summary(outputs, tmp_path):
    """The second run's heading begins a line of its own."""
    environ = {"GITHUB_OUTPUT": str(tmp_path / "output"), "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")}
    write_outputs(outputs, environ, tmp_path, delimiter=words())
    write_outputs(outputs, environ, tmp_path, delimiter=words())
    headings = [line for line in (tmp_path / "summary").read_text().splitlines() if line.startswith("## ")]
    assert len(headings) == 2


def test_elsewhere_nothing_is_written(outputs, tmp_path):
    """Outside CI nobody asked for files, and a runner without summaries gets the outputs alone."""
    write_outputs(outputs, {}, tmp_path, delimiter=words())
    assert [path.name for path in tmp_path.iterdir()] == []
    write_outputs(outputs, {"GITHUB_OUTPUT": str(tmp_path / "output")}, tmp_path, delimiter=words())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["output"]


def test_later_steps_get_the_tag_set(outputs, tmp_path):
    """The job's environment gets the tag set under docker/metadata-action's names, unless that is switched off."""
    environ = {name: str(tmp_path / name) for name in ("GITHUB_OUTPUT", "GITHUB_ENV", "RUNNER_TEMP")}
    word = words()
    write_github_outputs(outputs, environ, delimiter=word)
    found, told = read(tmp_path / "GITHUB_ENV"), read(tmp_path / "GITHUB_OUTPUT")
    names = ("VERSION", "TAGS", "TAG_NAMES", "LABELS", "ANNOTATIONS", "JSON", "BAKE_FILE", "BAKE_FILE_TAGS")
    assert {f"DOCKER_METADATA_OUTPUT_{name}" for name in names} <= set(found)
    assert found["DOCKER_METADATA_OUTPUT_TAGS"] == told["tags"]
    assert found["DOCKER_METADATA_OUTPUT_BAKE_FILE"] == told["bake-file"]
    assert json.loads(found["DOCKER_METADATA_OUTPUT_JSON"])["tag-names"] == ["1.2.3", "1.2"]
    assert "DOCKER_METADATA_OUTPUT_DIGEST" not in found
    (tmp_path / "GITHUB_ENV").unlink()
    write_github_outputs(dataclasses.replace(outputs, sets_environment=False), environ, delimiter=word)
    assert not (tmp_path / "GITHUB_ENV").exists()


def test_no_variable_is_too_long_for_linux(outputs, tmp_path):
    """A value that no program could be started with stays out of the job's environment."""
    tagset = dataclasses.replace(outputs.tagset, labels={"a": "x" * 130_000})
    environ = {name: str(tmp_path / name) for name in ("GITHUB_OUTPUT", "GITHUB_ENV")}
    write_github_outputs(dataclasses.replace(outputs, tagset=tagset), environ, delimiter=words())
    found = read(tmp_path / "GITHUB_ENV")
    assert "DOCKER_METADATA_OUTPUT_TAGS" in found
    assert not {"DOCKER_METADATA_OUTPUT_LABELS", "DOCKER_METADATA_OUTPUT_JSON"} & set(found)
