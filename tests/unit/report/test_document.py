"""Any value of the pipeline can be looked at."""

from __future__ import annotations

import dataclasses
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from tagboat.errors import InputError, Location
from tagboat.flow.context import Context, System
from tagboat.flow.outputs import Outputs
from tagboat.flow.plan import Scratch
from tagboat.flow.released import Released
from tagboat.flow.request import Credentials, Request
from tagboat.oci.digest import Digest
from tagboat.oci.platform import Platform
from tagboat.oci.reference import Reference, TagName
from tagboat.report import metadata_file, printable
from tagboat.secret import Secret


class Pair(NamedTuple):
    """Two fields with names of two words."""

    left_side: int
    right_side: Path


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, None),
        (True, True),
        (3, 3),
        ("text", "text"),
        (System.GITHUB, "github"),
        (TagName("1.2"), "1.2"),
        (Digest.of(b""), "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (Reference.parse("ghcr.io/me/app:1"), "ghcr.io/me/app:1"),
        (Platform.parse("linux/arm/v7"), "linux/arm/v7"),
        (Location(file="Dockerfile", line=3), "Dockerfile:3"),
        (Path("a/b"), "a/b"),
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), "2026-01-02T03:04:05+00:00"),
        (Secret("hunter2"), "***"),
        (b"text", "text"),
        (b"\xff\xfe", {"size": 2}),
        (b"a\0b", {"size": 3}),
        (frozenset({"b", "a"}), ["a", "b"]),
        ({Platform.parse("linux/amd64"): (1, 2), "my_key": []}, {"linux/amd64": [1, 2], "my_key": []}),
        (Pair(1, Path("x")), {"kind": "pair", "left-side": 1, "right-side": "x"}),
        (Scratch(), {"kind": "scratch"}),
        (InputError("wrong", "right"), {"problem": "wrong", "hint": "right", "location": None}),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_as_json_data(value, shown):
    """Checked text is its text, fields are in kebab case, keys of mappings are data and stay."""
    assert printable(value) == shown
    json.dumps(printable(value))


def test_the_values_between_steps_are_json(outputs, plan, tagset, built, released):
    """What a step hands on can be shown whole; what has a document of its own is that document."""
    values = (plan, built, Context(system=System.LOCAL), outputs.uploaded)
    assert all(json.dumps(printable(value)) for value in values)
    assert printable(plan)["platforms"][0]["stages"][1]["base"] == {"kind": "stage-base", "index": 0}
    assert printable(tagset) == tagset.to_json()
    assert printable(outputs) == outputs.to_json()
    assert printable(released)["names"][0]["bytes-sent"] == 1234567


def test_a_request_shows_no_secret():
    """Passwords and tokens are stars wherever they lie."""
    credentials = Credentials(registry="ghcr.io", username="me", password=Secret("hunter2"))
    request = Request(command="run", credentials=(credentials,), github_token=Secret("hunter3"))
    assert "hunter" not in json.dumps(printable(request))
    assert printable(request)["credentials"][0]["password"] == "***"


def test_what_is_no_value_is_refused():
    """A half-shown object would look like a whole one."""
    with pytest.raises(TypeError, match="object"):
        printable({"key": object()})


def test_the_metadata_file_is_complete(outputs, tmp_path):
    """The file holds the metadata and nothing is left beside it; an older one is replaced."""
    path = tmp_path / "metadata.json"
    path.write_text("old")
    metadata_file(outputs, path)
    assert json.loads(path.read_text()) == outputs.to_json()["metadata"]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["metadata.json"]


def test_a_push_without_a_build_has_a_digest(outputs):
    """What `push` uploaded is its digest; names of several images have no digest in common."""
    names = outputs.released.names
    pushed = Outputs(uploaded=outputs.uploaded, released=outputs.released)
    assert pushed.to_json()["digest"] == pushed.to_json()["metadata"]["containerimage.digest"] == names[0].digest
    other = dataclasses.replace(names[1], digest=Digest.of(b"another"))
    assert Outputs(uploaded=outputs.uploaded, released=Released(names=(names[0], other))).to_json()["digest"] == ""


def test_a_metadata_file_without_a_folder_is_an_input_error(outputs, tmp_path):
    """The message names the input; nothing is left behind."""
    (tmp_path / "layout").mkdir()
    with pytest.raises(InputError, match="metadata-file"):
        metadata_file(outputs, tmp_path / "missing" / "metadata.json")
    with pytest.raises(InputError, match="metadata-file"):
        metadata_file(outputs, tmp_path / "layout")
    assert [entry.name for entry in tmp_path.iterdir()] == ["layout"]
