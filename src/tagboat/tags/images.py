"""The `images` input: the repositories that get every tag."""

from __future__ import annotations

from tagboat.errors import InputError
from tagboat.oci.reference import Repository
from tagboat.tags.records import Record, checked_records


def read_images(text: str, faults: list[InputError]) -> tuple[Repository, ...]:
    """Return the enabled images in order, each once, names in lower case; what is wrong is added to `faults`.

    A line without any `=` may name several images with commas between them.
    """
    images: list[Repository] = []
    for record in checked_records(text, "images", faults):
        try:
            images.extend(_read_line(record.unwrapped()))
        except InputError as error:
            faults.append(InputError(f"images: line {record.number}: {record.line!r}: {error.problem}", error.hint))
    return tuple(dict.fromkeys(images))


def _read_line(record: Record) -> tuple[Repository, ...]:
    fields = [field.strip() for field in record.fields]
    if not any("=" in field for field in fields):
        return tuple(_repository(field) for field in fields if field)
    name, enabled = "", True
    for field in fields:
        key, equals, value = (part.strip() for part in field.partition("="))
        match key.lower() if equals else "":
            case "":
                name = field
            case "name":
                name = value
            case "enable" if value in {"true", "false"}:
                enabled = value == "true"
            case "enable":
                raise InputError(f"enable={value} is neither true nor false", "write enable=true or enable=false")
            case _:
                raise InputError(f"{key!r} is an unknown attribute of an image", "write name=IMAGE,enable=true")
    if not name:
        raise InputError("the image has no name", "write name=ghcr.io/me/app")
    return (_repository(name),) if enabled else ()


def _repository(name: str) -> Repository:
    return Repository.parse(name.lower())
