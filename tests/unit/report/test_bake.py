"""Files for docker/bake-action."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from tagboat.errors import MachineError
from tagboat.report.bake import bake_documents, write_bake_files


def test_documents(outputs):
    """Each file sets its part of the tag set on the target; the first one tags, labels and arguments."""
    told = outputs.tagset.to_json()
    documents = bake_documents(dataclasses.replace(outputs, bake_target="app"))
    parts = {name: document["target"]["app"] for name, document in documents.items()}
    arguments = {"DOCKER_META_IMAGES": "ghcr.io/me/app", "DOCKER_META_VERSION": "1.2.3"}
    assert parts["bake-file"] == {"tags": told["tags"], "labels": told["labels"], "args": arguments}
    assert parts["bake-file-tags"] == {"tags": told["tags"], "args": arguments}
    assert parts["bake-file-labels"] == {"labels": told["labels"]}
    assert parts["bake-file-annotations"] == {"annotations": ["manifest:org.opencontainers.image.title=app"]}


def test_no_version_is_no_argument(outputs):
    """Without a version the argument for it is left to the Dockerfile."""
    tagset = dataclasses.replace(outputs.tagset, version="")
    found = bake_documents(dataclasses.replace(outputs, tagset=tagset))
    assert found["bake-file"]["target"]["docker-metadata-action"]["args"] == {"DOCKER_META_IMAGES": "ghcr.io/me/app"}


def test_values_are_no_expressions(outputs):
    """What a value says stays text: bake would evaluate it otherwise."""
    tagset = dataclasses.replace(outputs.tagset, labels={"a": "${TOKEN} %{if}"})
    found = bake_documents(dataclasses.replace(outputs, tagset=tagset))
    assert found["bake-file-labels"]["target"]["docker-metadata-action"]["labels"] == {"a": "$${TOKEN} %%{if}"}


def test_files(outputs, tmp_path):
    """Each document is a file, in a folder of its own for each step of a job."""
    one, two = (write_bake_files(outputs, tmp_path / "temporary", word=word) for word in ("a", "b"))
    assert set(one) == set(bake_documents(outputs))
    assert not set(one.values()) & set(two.values())
    for name, path in one.items():
        assert json.loads(Path(path).read_text(encoding="utf-8")) == bake_documents(outputs)[name]


def test_a_folder_that_cannot_be_written(outputs, tmp_path):
    """A folder that cannot be made is the machine's fault."""
    (tmp_path / "file").touch()
    with pytest.raises(MachineError, match="cannot write"):
        write_bake_files(outputs, tmp_path / "file", word="a")
