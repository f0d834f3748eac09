"""The value of RUN --device."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tagboat.dockerfile.faults import LanguageError
from tagboat.dockerfile.values import parse_bool, split_fields, suggestion

# The Container Device Interface's qualified name: vendor/class=device.
_QUALIFIED_NAME = re.compile(r"[A-Za-z0-9._-]+/[A-Za-z0-9._-]+=[A-Za-z0-9._:-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A CDI device name, or a class of devices, and whether its absence is an error."""

    name: str
    required: bool = False


def parse_device(text: str) -> Device:
    """Return the device of `NAME[,required]`; raises `LanguageError`."""
    name, required = "", False
    for position, field in enumerate(split_fields(text)):
        key, equals, value = field.partition("=")
        if key.lower() == "required":
            required = parse_bool("required", value) if equals else True
        elif key.lower() == "name" or _QUALIFIED_NAME.fullmatch(field) or (position == 0 and not equals):
            if name:
                raise LanguageError(f"--device names both {name} and {value or field}", "name one device a flag")
            name = value if key.lower() == "name" else field
        else:
            raise LanguageError(f"--device has no option {field}", suggestion(key, ("name", "required")))
    if not name:
        raise LanguageError("--device names no device", "write --device=VENDOR/CLASS=NAME")
    return Device(name=name, required=required)
