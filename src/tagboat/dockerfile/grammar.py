"""The grammar of each instruction: the shape of its arguments, its flags, and the value they make."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic

from tagboat.dockerfile import arguments as shapes
from tagboat.dockerfile.arguments import Arguments
from tagboat.dockerfile.copying import ADD_FLAGS, COPY_FLAGS, make_add, make_copy
from tagboat.dockerfile.devices import parse_device
from tagboat.dockerfile.faults import LanguageError
from tagboat.dockerfile.flags import FlagKind, Flags
from tagboat.dockerfile.health import HEALTHCHECK_FLAGS, make_healthcheck
from tagboat.dockerfile.instructions import (
    Arg,
    Cmd,
    Command,
    Entrypoint,
    Env,
    ExecForm,
    Expose,
    From,
    Instruction,
    Label,
    Maintainer,
    Run,
    Shell,
    ShellForm,
    StopSignal,
    User,
    Volume,
    Workdir,
)
from tagboat.dockerfile.mounts import MountFlag
from tagboat.dockerfile.ports import parse_ports
from tagboat.dockerfile.signals import check_signal
from tagboat.dockerfile.statement import Made, Statement, pointing_at
from tagboat.dockerfile.values import WHITE_SPACE, suggestion

_STAGE_NAME = re.compile(r"[a-z][a-z0-9_.-]*")

Shape = Callable[[str, str], Arguments]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule(Generic[Made]):
    """The grammar of one instruction; `shape` takes the arguments' text and the escape character."""

    shape: Shape
    build: Callable[[Statement], Made]
    flags: Mapping[str, FlagKind] = field(default_factory=dict)


def _command(arguments: Arguments) -> Command:
    """Return the command in its shell or exec form; nothing at all is an empty shell command."""
    if arguments.json:
        return ExecForm(arguments=arguments.words)
    return ShellForm(text="".join(arguments.words))


def _from(statement: Statement) -> From:
    words = statement.words
    name = ""
    if len(words) == 3 and words[1].lower() == "as":
        name = words[2].lower()
        if not _STAGE_NAME.fullmatch(name):
            hint = "a stage's name starts with a letter; then come letters, digits, '-', '_' and '.'"
            raise LanguageError(f"{words[2]!r} is not a stage name", hint, fragment=words[2])
    elif len(words) != 1:
        raise statement.fault("requires either one or three arguments", "write FROM IMAGE or FROM IMAGE AS NAME")
    platform = statement.flags.text("platform")
    if not platform and statement.flags.texts("platform"):
        raise LanguageError("--platform is empty", "write --platform=linux/amd64, or leave the flag out")
    return From(image=words[0], platform=platform, name=name, **statement.origin)


def _arg(statement: Statement) -> Arg:
    if not statement.words:
        raise statement.fault("requires at least one argument", "write ARG NAME or ARG NAME=value")
    pairs = []
    for word in statement.words:
        name, equals, value = word.partition("=")
        if not name:
            raise statement.fault("names can not be blank", f"put a name before {word}")
        pairs.append((name, value if equals else None))
    return Arg(pairs=tuple(pairs), **statement.origin)


def _pairs(statement: Statement) -> tuple[tuple[tuple[str, str], ...], bool]:
    """Return names and values, and whether they have the older form without `=`."""
    words = statement.words
    if not words:
        raise statement.fault("requires at least one argument", f"write {statement.line.keyword} NAME=value")
    pairs = tuple(zip(words[::3], words[1::3], strict=True))
    if not all(name for name, _ in pairs):
        raise statement.fault("names can not be blank", "put a name before each =")
    return pairs, words[2] == ""


def _env(statement: Statement) -> Env:
    pairs, legacy = _pairs(statement)
    return Env(pairs=pairs, legacy=legacy, **statement.origin)


def _label(statement: Statement) -> Label:
    pairs, legacy = _pairs(statement)
    return Label(pairs=pairs, legacy=legacy, **statement.origin)


def _run(statement: Statement) -> Run:
    flags = statement.flags
    return Run(
        command=_command(statement.arguments),
        heredocs=() if statement.arguments.json else statement.line.heredocs,
        mounts=tuple(pointing_at(text, MountFlag.parse) for text in flags.texts("mount")),
        network=_one_of(flags, "network", ("default", "none", "host")),
        security=_one_of(flags, "security", ("sandbox", "insecure")),
        devices=tuple(pointing_at(text, parse_device) for text in flags.texts("device")),
        **statement.origin,
    )


def _one_of(flags: Flags, name: str, choices: tuple[str, ...]) -> str:
    """Return a flag's value, the first choice when it is not given."""
    value = flags.text(name) if flags.texts(name) else choices[0]
    if value not in choices:
        raise LanguageError(f"--{name}={value} is not known", suggestion(value, choices), fragment=f"--{name}")
    return value


def _cmd(statement: Statement) -> Cmd:
    return Cmd(command=_command(statement.arguments), **statement.origin)


def _entrypoint(statement: Statement) -> Entrypoint:
    return Entrypoint(command=_command(statement.arguments), **statement.origin)


def _shell(statement: Statement) -> Shell:
    if not statement.words:
        raise statement.fault("requires at least one argument", 'write SHELL ["/bin/sh", "-c"]')
    if not statement.arguments.json:
        raise statement.fault("requires the arguments to be in JSON form", 'write SHELL ["/bin/sh", "-c"]')
    return Shell(shell=statement.words, **statement.origin)


def _single(statement: Statement) -> str:
    if len(statement.words) != 1:
        raise statement.fault("requires exactly one argument")
    return statement.words[0]


def _user(statement: Statement) -> User:
    return User(user=_single(statement), **statement.origin)


def _workdir(statement: Statement) -> Workdir:
    return Workdir(path=_single(statement), **statement.origin)


def _maintainer(statement: Statement) -> Maintainer:
    return Maintainer(name=_single(statement), **statement.origin)


def _stop_signal(statement: Statement) -> StopSignal:
    statement.check_plain(_single(statement), check_signal)
    return StopSignal(signal=_single(statement), **statement.origin)


def _volume(statement: Statement) -> Volume:
    if not statement.words:
        raise statement.fault("requires at least one argument", "write VOLUME PATH")
    paths = tuple(word.strip(WHITE_SPACE) for word in statement.words)
    if "" in paths:
        raise statement.fault("can not be an empty string", "write a path")
    return Volume(paths=paths, **statement.origin)


def _expose(statement: Statement) -> Expose:
    if not statement.words:
        raise statement.fault("requires at least one argument", "write EXPOSE PORT")
    for word in statement.words:
        statement.check_plain(word, parse_ports)
    return Expose(words=statement.words, **statement.origin)


def _ignoring_escape(shape: Callable[[str], Arguments]) -> Shape:
    return lambda text, _: shape(text)


_WHOLE_TEXT = _ignoring_escape(shapes.whole_text)
_BLANKS = _ignoring_escape(shapes.split_blanks)
_JSON_OR_TEXT = _ignoring_escape(shapes.json_or_text)
_TYPED = _ignoring_escape(shapes.typed_json_or_text)
_JSON_OR_BLANKS = _ignoring_escape(shapes.json_or_blanks)

_RUN_FLAGS = {
    "mount": FlagKind.LIST,
    "network": FlagKind.TEXT,
    "security": FlagKind.TEXT,
    "device": FlagKind.LIST,
}

FROM_RULE = Rule(shape=_BLANKS, build=_from, flags={"platform": FlagKind.TEXT})

RULES: Mapping[str, Rule[Instruction]] = {
    "ADD": Rule(shape=_JSON_OR_BLANKS, build=make_add, flags=ADD_FLAGS),
    "ARG": Rule(shape=shapes.split_quoted, build=_arg),
    "CMD": Rule(shape=_JSON_OR_TEXT, build=_cmd),
    "COPY": Rule(shape=_JSON_OR_BLANKS, build=make_copy, flags=COPY_FLAGS),
    "ENTRYPOINT": Rule(shape=_JSON_OR_TEXT, build=_entrypoint),
    "ENV": Rule(shape=shapes.names_and_values, build=_env),
    "EXPOSE": Rule(shape=_BLANKS, build=_expose),
    "HEALTHCHECK": Rule(shape=_TYPED, build=make_healthcheck, flags=HEALTHCHECK_FLAGS),
    "LABEL": Rule(shape=shapes.names_and_values, build=_label),
    "MAINTAINER": Rule(shape=_WHOLE_TEXT, build=_maintainer),
    "RUN": Rule(shape=_JSON_OR_TEXT, build=_run, flags=_RUN_FLAGS),
    "SHELL": Rule(shape=_JSON_OR_TEXT, build=_shell),
    "STOPSIGNAL": Rule(shape=_WHOLE_TEXT, build=_stop_signal),
    "USER": Rule(shape=_WHOLE_TEXT, build=_user),
    "VOLUME": Rule(shape=_JSON_OR_BLANKS, build=_volume),
    "WORKDIR": Rule(shape=_WHOLE_TEXT, build=_workdir),
}
