"""GitHub's files for a step's outputs and for the job summary."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from tagboat.errors import MachineError, TagboatError
from tagboat.flow.outputs import Outputs
from tagboat.report.bake import write_bake_files
from tagboat.report.summary import summary_markdown

_METADATA_OUTPUTS = ("version", "tags", "tag-names", "labels", "annotations")
_LONGEST_VARIABLE = 100_000  # Linux: MAX_ARG_STRLEN is 128 KiB, the name included


def github_outputs(outputs: Outputs) -> dict[str, str]:
    r"""Return the value of each output: lists one item a line, documents as JSON on one line; empty ones left out.

    A newline within an item stands as `\n`, so that it never looks like an item more; the JSON has it in full.
    """
    document = outputs.to_json()
    values = {
        "digest": document["digest"],
        "digests": _json(document["digests"]),
        "imageid": document["imageid"],
        "metadata": _json(document["metadata"]),
        "version": document["version"],
        "tags": _lines(document["tags"]),
        "tag-names": _lines(document["tag-names"]),
        "labels": _lines(f"{key}={value}" for key, value in document["labels"].items()),
        "annotations": _lines(f"{key}={value}" for key, value in document["annotations"].items()),
        "json": _json(document),
        "references": _lines(document["references"]),
        "layout": document["layout"],
    }
    return {name: value for name, value in values.items() if value}


def write_github_outputs(outputs: Outputs, environ: Mapping[str, str], *, delimiter: Callable[[], str]) -> None:
    """Append the outputs to the file that `GITHUB_OUTPUT` names, in one piece, and what the job keeps to `GITHUB_ENV`.

    Each value stands between lines with a random word, so that no value can end early and begin an output of its own.
    Raises `MachineError` when the word occurs in a value or the file cannot be written.
    """
    values = github_outputs(outputs)
    if environ.get("RUNNER_TEMP") and outputs.tagset.decisions:
        values |= write_bake_files(outputs, Path(environ["RUNNER_TEMP"]), word=delimiter())
    _append_values(Path(environ["GITHUB_OUTPUT"]), values, delimiter)
    if environ.get("GITHUB_ENV") and outputs.sets_environment and outputs.tagset.decisions:
        _append_values(Path(environ["GITHUB_ENV"]), _environment(outputs, values), delimiter)


def _environment(outputs: Outputs, values: Mapping[str, str]) -> dict[str, str]:
    """Return what docker/metadata-action leaves to later steps; its JSON is no more than the tag set.

    A variable that is longer than Linux takes would keep every later step of the job from starting.
    """
    told = outputs.tagset.to_json()
    document = {**{key: told[key] for key in ("tags", "tag-names", "labels")}, "annotations": _pairs(told)}
    shown = {name: value for name, value in values.items() if name in _METADATA_OUTPUTS or name.startswith("bake-")}
    named = {**shown, "json": _json(document)}
    return {
        f"DOCKER_METADATA_OUTPUT_{name.upper().replace('-', '_')}": value
        for name, value in named.items()
        if len(value.encode()) < _LONGEST_VARIABLE
    }


def _pairs(document: Mapping[str, Any]) -> list[str]:
    return [f"{key}={value}" for key, value in document["annotations"].items()]


def _append_values(path: Path, values: Mapping[str, str], delimiter: Callable[[], str]) -> None:
    _append(path, "".join(_heredoc(name, value, delimiter()) for name, value in values.items()))


def write_summary(outputs: Outputs, environ: Mapping[str, str], *, error: TagboatError | None = None) -> None:
    """Append the job summary to the file that `GITHUB_STEP_SUMMARY` names; where there is none, nothing is written."""
    if environ.get("GITHUB_STEP_SUMMARY"):
        _append(Path(environ["GITHUB_STEP_SUMMARY"]), summary_markdown(outputs, error=error))


def _json(document: object) -> str:
    return json.dumps(document, separators=(",", ":"))


def _lines(items: Iterable[str]) -> str:
    return "\n".join("\\n".join(item.splitlines()) for item in items)


def _heredoc(name: str, value: str, delimiter: str) -> str:
    if delimiter in value:
        raise MachineError(f"the random word that ends an output occurs in the value of {name}", "run it again")
    return f"{name}<<{delimiter}\n{value}\n{delimiter}\n"


def _append(path: Path, text: str) -> None:
    try:
        with path.open("ab+") as file:
            text = text if _ends_a_line(file) else f"\n{text}"
            file.write(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise MachineError(
            f"cannot write {path}: {error.strerror}", "see that the runner's disk is not full"
        ) from error


def _ends_a_line(file: BinaryIO) -> bool:
    """Say whether what is there is empty or ends with a newline: another command of the step may have written it."""
    if file.seek(0, os.SEEK_END) == 0:
        return True
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"
