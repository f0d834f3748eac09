"""The files through which a GitLab job speaks."""

from __future__ import annotations

import dataclasses
import json
import re

import pytest

from tagboat.errors import DockerfileError, Location, MachineError
from tagboat.flow.outputs import Outputs
from tagboat.flow.tagset import TagSet
from tagboat.oci.reference import TagName
from tagboat.report import write_outputs
from tagboat.report.gitlab import dotenv

JOB = {"CI_SERVER_URL": "https://gitlab.example.com", "CI_PROJECT_PATH": "me/app", "CI_JOB_URL": "https://g/jobs/9"}
FILES = ["tagboat-annotations.json", "tagboat-codequality.json", "tagboat.env"]


def read(text):
    """Return the variables that GitLab's parser finds: one line each, none of them empty or without a name."""
    lines = text.splitlines()
    assert all(re.fullmatch(r"[A-Z_]+=[ -~]+", line) for line in lines)
    return dict(line.split("=", 1) for line in lines)


def words():
    return "word"


def with_tags(count, length):
    """Return outputs with so many tags of such a length."""
    names = tuple(TagName(f"{number:0{length}}") for number in range(count))
    return Outputs(tagset=TagSet(version="1", names=names))


def test_later_jobs_read_the_variables(outputs):
    """Digest, version, the first name with its digest, the tags and the image ID stand in one line each."""
    document = outputs.to_json()
    assert read(dotenv(outputs)) == {
        "TAGBOAT_DIGEST": document["digest"],
        "TAGBOAT_VERSION": "1.2.3",
        "TAGBOAT_REFERENCE": f"ghcr.io/me/app:1.2.3@{document['digest']}",
        "TAGBOAT_IMAGE_ID": document["imageid"],
        "TAGBOAT_TAG_NAMES": "1.2.3 1.2",
    }


def test_what_is_not_known_has_no_variable():
    """A run that built nothing gives what it has; one that reached nothing gives an empty file."""
    assert read(dotenv(Outputs(tagset=TagSet(version="1")))) == {"TAGBOAT_VERSION": "1"}
    assert dotenv(Outputs()) == ""


@pytest.mark.parametrize("length", [4, 5, 100, 128])
def test_the_file_stays_under_gitlab_s_limit(length):
    """However many tags there are, the file is shorter than 5 KiB, and holds whole names, as many as fit."""
    outputs = with_tags(5000, length)
    text = dotenv(outputs)
    names = read(text)["TAGBOAT_TAG_NAMES"].split()
    assert names == [str(name) for name in outputs.tagset.names[: len(names)]]
    assert 5119 - length - 1 < len(text.encode()) < 5120


def test_a_gitlab_job_gets_its_reports(outputs, tmp_path):
    """The reports lie in the project's folder, wherever the command was called."""
    folder = tmp_path / "sub"
    folder.mkdir()
    write_outputs(outputs, {**JOB, "CI_PROJECT_DIR": str(tmp_path)}, folder, delimiter=words)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == FILES
    assert read((tmp_path / "tagboat.env").read_text())["TAGBOAT_VERSION"] == "1.2.3"
    links = json.loads((tmp_path / "tagboat-annotations.json").read_text())
    assert links["Tagboat"][-1] == {"external_link": {"label": "Job", "url": "https://g/jobs/9"}}


@pytest.mark.parametrize("environ", [{}, {"CI_PROJECT_DIR": "/nonexistent/project"}])
def test_without_a_project_folder_the_working_folder_serves(outputs, tmp_path, environ):
    """gitlab-ci-local names a project folder that a shell's job does not have."""
    write_outputs(outputs, {**JOB, **environ}, tmp_path, delimiter=words)
    assert sorted(path.name for path in tmp_path.iterdir()) == FILES


def test_a_failure_is_in_the_report(tmp_path):
    """A run that failed tells its findings, and no variable of an earlier command stays."""
    (tmp_path / "tagboat.env").write_text("TAGBOAT_DIGEST=sha256:old\n")
    error = DockerfileError("COPY a: not found", location=Location(file="Dockerfile", line=2, text="COPY a /"))
    write_outputs(Outputs(), JOB, tmp_path, delimiter=words, error=error)
    assert (tmp_path / "tagboat.env").read_text() == ""
    (finding,) = json.loads((tmp_path / "tagboat-codequality.json").read_text())
    assert finding["location"] == {"path": "Dockerfile", "lines": {"begin": 2}}


def test_a_version_of_any_text_stays_one_line(hostile):
    """Nothing that a variable holds begins another one."""
    outputs = Outputs(tagset=dataclasses.replace(TagSet(), version=f"1\nTAGBOAT_DIGEST=bad\n{hostile}"))
    assert list(read(dotenv(outputs))) == ["TAGBOAT_VERSION"]


def test_a_folder_that_is_closed_is_the_machine_s_fault(outputs, tmp_path):
    """The error names the file, and nothing half-written is left."""
    (tmp_path / "tagboat.env").mkdir()
    with pytest.raises(MachineError, match=r"tagboat\.env"):
        write_outputs(outputs, JOB, tmp_path, delimiter=words)
    assert [path.name for path in tmp_path.iterdir()] == ["tagboat.env"]
