"""RUN --device."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tagboat.dockerfile.devices import parse_device
from tagboat.dockerfile.faults import LanguageError

_FILE = Path(__file__).parents[2] / "fixtures/language/misc.json"
_TABLES = json.loads(_FILE.read_text(encoding="utf-8"))["tables"]


@pytest.mark.parametrize(("text", "expected"), _TABLES["run_device"])
def test_a_device_is_read_as_in_the_reference(text: str, expected: list[object] | str):
    """A device has the name and need of the reference, or fails."""
    if expected == "error":
        with pytest.raises(LanguageError):
            parse_device(text)
    else:
        device = parse_device(text)
        assert [device.name, device.required] == expected


@pytest.mark.parametrize("text", ["", "required", "a/b=c,requierd", "a/b=c,required=x", "a/b=c,d"])
def test_a_wrong_device_is_refused(text: str):
    """A missing name and an unknown option are errors."""
    with pytest.raises(LanguageError):
        parse_device(text)
