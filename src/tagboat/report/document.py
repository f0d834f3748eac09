"""Values as JSON: any value that steps hand on, and the build's metadata as a file."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import datetime
from pathlib import Path
from typing import Any

from tagboat.errors import InputError, MachineError, TagboatError
from tagboat.flow.outputs import Outputs
from tagboat.secret import Secret
from tagboat.temporary import partial_path

_WORD_START = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def printable(value: object) -> Any:
    """Return JSON data that shows a value, names of fields in kebab case.

    What has a text of its own (digests, references, platforms, places) is that text, what has a document of its own
    (`to_json`) that document; other values are their fields with `kind`, the name of the class, before them. Keys of
    mappings are data and stay as they are. Secrets are `***`; bytes are their text, or their size when they have none.
    Raises `TypeError` for what is no value.
    """
    match value:
        case None | bool() | int() | float():
            return value
        case str() | Secret() | Path():  # Digest, TagName and every StrEnum too
            return str(value)
        case bytes():
            return _text_or_size(value)
        case datetime():
            return value.isoformat()
        case TagboatError():
            return {"problem": value.problem, "hint": value.hint, "location": printable(value.location)}
        case _ if dataclasses.is_dataclass(value):
            return _record(value)
        case _:
            return _collection(value)


def metadata_file(outputs: Outputs, path: Path) -> None:
    """Write the build's metadata as JSON: complete under its name, or not at all.

    Raises `InputError` when the folder is missing or closed to us, `MachineError` when writing fails.
    """
    text = json.dumps(outputs.to_json()["metadata"], indent=2) + "\n"
    try:
        with partial_path(path.parent, path.name) as partial:
            partial.write_text(text, encoding="utf-8")
            partial.replace(path)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError) as error:
        raise InputError(
            f"metadata-file: cannot write {path}: {error.strerror}", "name a file in a folder that exists"
        ) from error
    except OSError as error:
        raise MachineError(f"cannot write {path}: {error.strerror}") from error


def _record(value: Any) -> Any:
    """Return a dataclass as its own text, its own document or its fields."""
    if "__str__" in vars(type(value)):
        return str(value)
    if hasattr(value, "to_json"):
        return printable(value.to_json())
    return _fields(value, {field.name: getattr(value, field.name) for field in dataclasses.fields(value)})


def _collection(value: object) -> Any:
    match value:
        case Mapping():
            return {str(key): printable(entry) for key, entry in value.items()}
        case AbstractSet():
            return sorted((printable(entry) for entry in value), key=json.dumps)
        case tuple() if hasattr(value, "_asdict"):  # a NamedTuple
            return _fields(value, value._asdict())
        case list() | tuple():
            return [printable(entry) for entry in value]
        case _:
            raise TypeError(f"a {type(value).__name__} is not a value that can be shown")


def _fields(value: object, fields: Mapping[str, object]) -> dict[str, Any]:
    kind = _WORD_START.sub("-", type(value).__name__).lower()
    return {"kind": kind, **{name.replace("_", "-"): printable(entry) for name, entry in fields.items()}}


def _text_or_size(data: bytes) -> str | dict[str, int]:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return {"size": len(data)}
    return {"size": len(data)} if "\0" in text else text
