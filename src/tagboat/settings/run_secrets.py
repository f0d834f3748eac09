"""The secrets of RUN, by id, from the three inputs that give them; no message ever shows what may be a secret."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tagboat.errors import InputError
from tagboat.flow.inputs import BY_NAME
from tagboat.secret import Secret
from tagboat.settings.given import Given

_INPUTS = ("secrets", "secret-files", "secret-envs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A variable of the environment that is to give a secret."""

    name: str


SecretSource = Secret | Path | Variable


@dataclass(slots=True, kw_only=True)
class JoinedSecrets:
    """The secrets of all inputs, with what is wrong or odd about them together."""

    secrets: dict[str, Secret | Path] = field(default_factory=dict)
    faults: list[InputError] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def parse_secrets(given: Given, cwd: Path) -> Mapping[str, SecretSource]:
    """Return what `secrets` gives: `ID=VALUE` from a variable, elsewhere only forms that hold no value."""
    from_environment = given.source in BY_NAME["secrets"].variables
    found: dict[str, SecretSource] = {}
    for number, item in enumerate(given.items(), 1):
        name, source = _secret(item, number) if from_environment else _reference(item, number, given.folder, cwd)
        if name in found:
            raise InputError(f"item {number} names a secret that an item before it names", "give each id once")
        found[name] = source
    return found


def parse_secret_files(given: Given, cwd: Path) -> Mapping[str, Path]:
    """Return the files of `ID=FILE` lines; raises `InputError` for one that cannot be read."""
    pairs = _pairs(given.items(), "ID=FILE")
    return {name: _readable(given.folder / path, cwd) for name, path in pairs.items()}


def parse_secret_envs(given: Given) -> Mapping[str, Variable]:
    """Return the variables of `ID=NAME` items."""
    return {name: Variable(name=variable) for name, variable in _pairs(given.items(commas=True), "ID=NAME").items()}


def join_secrets(values: Mapping[str, Any], environ: Mapping[str, str]) -> JoinedSecrets:
    """Return the secrets of all three inputs; an empty one is absent, as every empty input is, and that is said."""
    joined = JoinedSecrets()
    given_by: dict[str, str] = {}
    for entry in _INPUTS:
        for number, (name, source) in enumerate(values.get(entry, {}).items(), 1):
            if name in given_by:
                other = given_by[name]
                joined.faults.append(InputError(f"{entry}: {other} gives the secret {name!r} too", "give each id once"))
                continue
            given_by[name] = entry
            secret = Secret(environ.get(source.name, "")) if isinstance(source, Variable) else source
            if secret:
                joined.secrets[name] = secret
            else:
                empty = f"the variable {source.name}" if isinstance(source, Variable) else f"item {number}"
                joined.warnings.append(f"{entry}: {empty} is empty, so there is no such secret")
    return joined


def _secret(item: str, number: int) -> tuple[str, Secret]:
    name, equals, value = item.partition("=")
    if not equals or not name.strip():
        raise InputError(
            f"item {number} is no secret: it has no ID= at its start",
            'write ID=VALUE, and one of several lines in quotes: "ID=first line, next line"',
        )
    if name.strip() == "id" and any(f",{key}=" in value for key in ("src", "source", "env")):
        raise InputError(
            f"item {number} has the form of the flag, which a variable does not take",
            "write secret-envs: ID=NAME or secret-files: ID=FILE",
        )
    return name.strip(), Secret(value)


def _reference(item: str, number: int, folder: Path, cwd: Path) -> tuple[str, Path | Variable]:
    """Return what `id=ID,src=FILE` or `id=ID,env=NAME` names."""
    fields = dict(_fields(item))
    match fields:
        case {"id": name, "src": path} | {"id": name, "source": path} if len(fields) == 2 and name and path:
            return name, _readable(folder / path, cwd)
        case {"id": name, "env": variable} if len(fields) == 2 and name and variable:
            return name, Variable(name=variable)
        case _:
            raise InputError(
                f"item {number} is neither id=ID,src=FILE nor id=ID,env=NAME; a value has no place where others see it",
                f"write one of these, or set {BY_NAME['secrets'].variables[-1]}",
            )


def _fields(item: str) -> Iterator[tuple[str, str]]:
    for text in next(csv.reader([item]), []):
        key, _, value = text.partition("=")
        yield key.strip().lower(), value.strip()


def _pairs(items: tuple[str, ...], form: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for number, item in enumerate(items, 1):
        name, equals, text = (part.strip() for part in item.partition("="))
        if not (name and equals and text):
            # Somebody may have put the secret itself here.
            raise InputError(f"item {number} is not {form}", f"write {form}, one a line")
        if name in found:
            raise InputError(f"item {number} names a secret that an item before it names", "give each id once")
        found[name] = text
    return found


def _readable(path: Path, cwd: Path) -> Path:
    if not (cwd / path).exists() or (cwd / path).is_dir():
        raise InputError(f"there is no file {path}", "give the path from the working folder")
    if not os.access(cwd / path, os.R_OK):
        raise InputError(f"the file {path} cannot be read", "let this user read it")
    return path
