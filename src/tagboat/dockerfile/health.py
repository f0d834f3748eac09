"""HEALTHCHECK: its kinds and its times."""

from __future__ import annotations

import re

from tagboat.dockerfile.durations import parse_duration
from tagboat.dockerfile.faults import LanguageError
from tagboat.dockerfile.flags import FlagKind, Flags
from tagboat.dockerfile.instructions import Healthcheck
from tagboat.dockerfile.statement import Statement

HEALTHCHECK_FLAGS = dict.fromkeys(("interval", "timeout", "start-period", "start-interval", "retries"), FlagKind.TEXT)

_SHORTEST_INTERVAL_NS = 1_000_000
_LARGEST_RETRIES = 2**31 - 1


def make_healthcheck(statement: Statement) -> Healthcheck:
    """Return the HEALTHCHECK of a statement; raises `DockerfileError`."""
    if not statement.words:
        raise statement.fault("requires at least one argument", "write HEALTHCHECK CMD COMMAND or HEALTHCHECK NONE")
    kind, *command = statement.words
    if kind.upper() == "NONE":
        if command:
            raise statement.fault("NONE takes no arguments", "remove what follows NONE")
        return Healthcheck(test=("NONE",), **statement.origin)
    if kind.upper() != "CMD":
        raise statement.fault(f"has no type {kind}", "write HEALTHCHECK CMD COMMAND or HEALTHCHECK NONE")
    if not command:
        raise statement.fault("CMD has no command", "write the command after CMD")
    return Healthcheck(
        test=("CMD" if statement.arguments.json else "CMD-SHELL", *command),
        interval_ns=_interval_ns(statement.flags, "interval"),
        timeout_ns=_interval_ns(statement.flags, "timeout"),
        start_period_ns=_interval_ns(statement.flags, "start-period"),
        start_interval_ns=_interval_ns(statement.flags, "start-interval"),
        retries=_retries(statement.flags.text("retries")),
        **statement.origin,
    )


def _interval_ns(flags: Flags, name: str) -> int:
    text = flags.text(name)
    try:
        duration = parse_duration(text) if text else 0
    except LanguageError as error:
        raise LanguageError(f"--{name}: {error.problem}", error.hint, fragment=f"--{name}") from error
    if duration and duration < _SHORTEST_INTERVAL_NS:
        raise LanguageError(f"--{name}={text} is shorter than 1ms", "write 0 or at least 1ms", fragment=f"--{name}")
    return duration


def _retries(text: str) -> int:
    if not re.fullmatch(r"\+?[0-9]*", text) or int(text or "0") > _LARGEST_RETRIES:
        raise LanguageError(f"--retries={text} is not a count", "write a whole number", fragment="--retries")
    return int(text or "0")
