"""What the text of one input means."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, assert_never

from tagboat.ci.simulation import Simulation
from tagboat.errors import InputError
from tagboat.flow.inputs import Input, Kind
from tagboat.flow.request import (
    Compression,
    ContextKind,
    ExecutorChoice,
    NamedContext,
    OnExisting,
    Push,
    Step,
    Timestamps,
)
from tagboat.oci.platform import Platform
from tagboat.oci.reference import Repository
from tagboat.secret import Secret
from tagboat.settings.given import Given
from tagboat.settings.run_secrets import parse_secret_envs, parse_secret_files, parse_secrets
from tagboat.settings.run_values import add_hosts, entitlements, network, shm_size_bytes

_CHOICES: Mapping[str, Callable[[str], Any]] = {
    "executor": ExecutorChoice,
    "network": network,
    "push": Push,
    "on-existing": OnExisting,
    "timestamps": Timestamps,
    "until": Step,
}
_UNBUILT_CHOICES = {"executor": ("in-place",), "until": (Step.SCAN, Step.SIGN)}


def parse_value(entry: Input, given: Given, cwd: Path) -> Any:
    """Return what was given for an input as the `Request` holds it; raises `InputError` without the input's name.

    An input without effect gives the source, for a warning; one that is not built yet gives None where it asks for
    nothing.
    """
    if given.problem:
        raise InputError(given.problem, given.hint)
    if entry.unneeded and given.one().lower() not in entry.choices:
        return given.source
    if not entry.built:
        return _refuse_unbuilt(entry, given)
    if entry.secret:
        return Secret(given.one())
    if entry.name in _ON_DISK:
        return _ON_DISK[entry.name](given, cwd)
    return _OWN[entry.name](given) if entry.name in _OWN else _by_kind(entry, given)


def _by_kind(entry: Input, given: Given) -> Any:
    match entry.kind:
        case Kind.TEXT:
            return given.one()
        case Kind.PATH:
            return given.folder / given.one()
        case Kind.BOOLEAN:
            return _boolean(given.one())
        case Kind.INTEGER:
            return _count(given.one())
        case Kind.CHOICE:
            return _choice(entry, given.one())
        case Kind.LINES | Kind.WORDS:
            return given.items(commas=entry.kind is Kind.WORDS)
        case Kind.RULES:
            return given.text()
        case _:
            assert_never(entry.kind)


def _refuse_unbuilt(entry: Input, given: Given) -> None:
    asked = [text.strip() for text in given.texts if text.strip().lower() not in entry.neutral]
    if asked:
        raise InputError("this input is not built yet", entry.instead)


def _boolean(text: str) -> bool:
    words = {"true": True, "1": True, "false": False, "0": False}
    if text.lower() not in words:
        raise InputError(f"{text!r} is neither true nor false", "write true or false")
    return words[text.lower()]


def _count(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,5}", text):
        raise InputError(f"{text!r} is no number above 0", "write a whole number, such as 4")
    return int(text)


def _choice(entry: Input, text: str) -> Any:
    word = text.lower()
    if word not in entry.choices:
        raise InputError(f"{text!r} is no choice", f"write one of {', '.join(entry.choices)}")
    unbuilt = _UNBUILT_CHOICES.get(entry.name, ())
    if word in unbuilt:
        built = [choice for choice in entry.choices if choice not in unbuilt]
        raise InputError(f"{word} is not built yet", f"write one of {', '.join(built)}")
    return _CHOICES[entry.name](word)


def _platforms(given: Given) -> tuple[Platform, ...]:
    platforms = [Platform.parse(item) for item in given.items(commas=True)]
    twice = sorted({str(platform) for platform in platforms if platforms.count(platform) > 1})
    if twice:
        raise InputError(f"{', '.join(twice)} is named twice", "name each platform once")
    return tuple(platforms)


def _build_args(given: Given) -> Mapping[str, str | None]:
    """Return the values by name; None where the environment is to give it."""
    split = [item.partition("=") for item in given.items()]
    if any(not name.strip() for name, _, _ in split):
        raise InputError("an item begins with '='", "write NAME=VALUE, one a line")
    return {name.strip(): value if equals else None for name, equals, value in split}


def _build_contexts(given: Given, cwd: Path) -> Mapping[str, NamedContext]:
    named = {}
    for item in given.items():
        name, equals, text = (part.strip() for part in item.partition("="))
        if not (name and equals and text):
            raise InputError(f"{item!r} is no named context", "write NAME=DIR, one a line")
        named[name] = _existing(NamedContext.parse(text), given.folder, cwd)
    return named


def _existing(named: NamedContext, folder: Path, cwd: Path) -> NamedContext:
    if named.path is None:
        return named
    path = folder / named.path
    wanted = (cwd / path).exists() if named.kind is ContextKind.LAYOUT else (cwd / path).is_dir()
    if not wanted:
        raise InputError(f"there is no {named.kind} at {path}", "give the path from the working folder")
    return NamedContext(kind=named.kind, path=path, selector=named.selector)


def _context(given: Given, cwd: Path) -> Path:
    text = given.one()
    if text in {"git", "workflow"}:
        hint = f"leave it out: the CI context is found by itself; a folder of that name is ./{text}"
        raise InputError(f"{text!r} is metadata-action's word; context is the build context here", hint)
    if text == "-" or "://" in text or text.startswith(("git@", "github.com/", "{{")):
        raise InputError(
            f"{text!r} is no folder; other build contexts are not built yet", "check it out, give the folder"
        )
    path = given.folder / text
    if not (cwd / path).is_dir():
        raise InputError(f"there is no folder {path}", "give the folder of the build context")
    return path


def _ca_file(given: Given, cwd: Path) -> Path:
    path = given.folder / given.one()
    if not (cwd / path).is_file():
        raise InputError(f"there is no file {path}", "give a file of PEM certificates")
    return path


def _event(given: Given) -> str:
    return str(Simulation.parse(given.one()))


def _registry(given: Given) -> str:
    return _host(given.one())


def _insecure_registries(given: Given) -> tuple[str, ...]:
    return tuple(_host(item) for item in given.items(commas=True))


def _host(text: str) -> str:
    """Return the registry that a host names, also when written as docker login takes it (`https://…/v1/`)."""
    host = text.removeprefix("https://").removeprefix("http://").rstrip("/").removesuffix("/v1").removesuffix("/v2")
    if "/" in host:
        raise InputError(f"{text!r} is more than a host", f"write {host.partition('/')[0]}")
    registry = Repository.parse(f"{host}/name").registry
    if "." not in host and ":" not in host and host != "localhost":
        raise InputError(f"{text!r} is no registry host", "write host or host:port")
    return registry


def _compression(given: Given) -> Compression:
    return Compression.parse(given.one())


_OWN: Mapping[str, Callable[[Given], Any]] = {
    "platforms": _platforms,
    "build-args": _build_args,
    "event": _event,
    "registry": _registry,
    "insecure-registries": _insecure_registries,
    "compression": _compression,
    "add-hosts": add_hosts,
    "allow": entitlements,
    "secret-envs": parse_secret_envs,
    "shm-size": shm_size_bytes,
}
_ON_DISK: Mapping[str, Callable[[Given, Path], Any]] = {
    "context": _context,
    "build-contexts": _build_contexts,
    "ca-file": _ca_file,
    "secrets": parse_secrets,
    "secret-files": parse_secret_files,
}
