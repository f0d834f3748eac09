"""Files for docker/bake-action, as docker/metadata-action writes them: the tag set as overrides of a target."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tagboat.errors import MachineError
from tagboat.flow.outputs import Outputs

_NAME = "docker-metadata-action-bake"


def bake_documents(outputs: Outputs) -> dict[str, dict[str, Any]]:
    """Return the document of each output `bake-file`, `bake-file-tags`, `bake-file-labels`, `bake-file-annotations`.

    Values hold no expression: bake would evaluate `${…}` in what a branch or a commit message brought in.
    """
    tagset = outputs.tagset
    images = dict.fromkeys(reference.repository.familiar for reference in tagset.references)
    arguments = {"DOCKER_META_IMAGES": ",".join(images)}
    if tagset.version:
        arguments["DOCKER_META_VERSION"] = tagset.version
    told = tagset.to_json()
    tags = {"tags": told["tags"]}
    labels = {"labels": {key: _literal(value) for key, value in told["labels"].items()}}
    annotations = [f"{key}={_literal(value)}" for key, value in told["annotations"].items()]
    parts: Mapping[str, Mapping[str, Any]] = {
        "bake-file": {**tags, **labels, "args": arguments},
        "bake-file-tags": {**tags, "args": arguments},
        "bake-file-labels": labels,
        "bake-file-annotations": {"annotations": annotations},
    }
    return {name: {"target": {outputs.bake_target: dict(part)}} for name, part in parts.items()}


def write_bake_files(outputs: Outputs, parent: Path, *, word: str) -> dict[str, str]:
    """Write the documents into a new folder below `parent`, whose name holds `word`; return the path of each output.

    Raises `MachineError` when a file cannot be written.
    """
    folder = parent / f"tagboat-bake-{word}"
    paths = {}
    try:
        folder.mkdir(parents=True)
        for name, document in bake_documents(outputs).items():
            path = folder / f"{name.replace('bake-file', _NAME)}.json"
            path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
            paths[name] = str(path)
    except OSError as error:
        raise MachineError(
            f"cannot write {folder}: {error.strerror}", "see that the runner's disk is not full"
        ) from error
    return paths


def _literal(text: str) -> str:
    return text.replace("${", "$${").replace("%{", "%%{")
