"""Flags, variables and the file become one value an input, the strongest source deciding."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tagboat.errors import InputError
from tagboat.flow.inputs import BY_NAME, Input, inputs_of
from tagboat.settings.file import SettingsFile
from tagboat.settings.given import Given

Parser = Callable[[Input, Given], Any]


def merge_sources(
    command: str, *, flags: Mapping[str, Given], environ: Mapping[str, str], file: SettingsFile | None, parse: Parser
) -> dict[str, Any]:
    """Return by name what each given input means, the strongest source deciding: flag, variables, file.

    `parse` turns what was given into a value and raises `InputError`, which then stands in the value's place so that
    all faults are seen; what means None is left out. A name that the command does not take maps to its `Given`. Raises
    `InputError` for a broken file.
    """
    taken = {entry.name: entry for entry in inputs_of(command)}
    given = {**(_in_file(file, taken) if file else {}), **_in_variables(environ, taken), **flags}
    meant = {name: _meaning(taken[name], value, parse) if name in taken else value for name, value in given.items()}
    return {name: value for name, value in meant.items() if value is not None}


def _in_variables(environ: Mapping[str, str], taken: Mapping[str, Input]) -> dict[str, Given]:
    """Return what the environment gives; an empty variable is an absent one."""
    return {
        name: next(Given(texts=(environ[variable],), source=variable) for variable in variables)
        for name, entry in taken.items()
        if (variables := [variable for variable in entry.variables if environ.get(variable, "").strip()])
    }


def _in_file(file: SettingsFile, taken: Mapping[str, Input]) -> dict[str, Given]:
    """Return what the keys of the file give; those that only other commands take are left for them."""
    from tagboat.settings.toml import read_toml  # pydantic-settings takes longer than many a command

    found: dict[str, Given] = {}
    for key, value in read_toml(file).items():
        given = file.given(key, value)
        if given.problem:  # kept apart, so that no stronger source hides it
            found[f"{key} here"] = given
        elif key not in BY_NAME or (key in taken and any(map(str.strip, given.texts))):
            found[key] = given
    return found


def _meaning(entry: Input, given: Given, parse: Parser) -> Any:
    try:
        return parse(entry, given)
    except InputError as error:
        return given.fault(entry.name, error.problem, error.hint)
