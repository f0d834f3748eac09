"""The error family: one class an exit code, each message a problem and a hint.

Every error that a user can cause or meet is a `TagboatError`; anything else that reaches the top is our own bug
(exit 1). Doors to libraries translate their exceptions into these, so nothing above a door catches a library's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """A place in a text file that an error points at.

    `line` and `end_line` count from 1; `column` counts characters from 1, 0 when only the line is known; `text` is
    the line itself without its end, empty when there is nothing to show.
    """

    file: str
    line: int
    end_line: int = 0
    column: int = 0
    text: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class TagboatError(Exception):
    """A failure with a problem (one line that names the thing) and a hint (the smallest next act, may be empty)."""

    exit_code = 1

    def __init__(self, problem: str, hint: str = "", *, location: Location | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.hint = hint
        self.location = location

    def __str__(self) -> str:
        where = f"{self.location}: " if self.location else ""
        return f"{where}{self.problem}"


class InputError(TagboatError):
    """An input is wrong: a value, a name, a combination, or one that is not built yet."""

    exit_code = 2


class ContextError(TagboatError):
    """The CI context does not say enough."""

    exit_code = 3


class DockerfileError(TagboatError):
    """The Dockerfile cannot be built: syntax, a missing source, an instruction that is not built yet."""

    exit_code = 4


class StepError(TagboatError):
    """A build step ran and failed."""

    exit_code = 5


class LayoutError(TagboatError):
    """An OCI image layout, an archive or a blob in it is broken."""

    exit_code = 6


class CredentialError(TagboatError):
    """Credentials are missing, empty or refused."""

    exit_code = 7


class RegistryError(TagboatError):
    """The registry answered, and said no."""

    exit_code = 8


class PolicyError(TagboatError):
    """A policy, a scan or a signature said stop."""

    exit_code = 9


class NetworkError(TagboatError):
    """The network failed, after the last retry."""

    exit_code = 10


class MachineError(TagboatError):
    """This machine cannot: no disk space, no executor, no scanner, no environment."""

    exit_code = 11


class StoppedError(TagboatError):
    """The user or the runner stopped us (SIGINT, SIGTERM)."""

    exit_code = 130


class FaultsError(TagboatError):
    """Several faults found before any work, reported together; the exit code is that of the first."""

    def __init__(self, faults: Iterable[TagboatError]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))
        self.exit_code = self.faults[0].exit_code


def raise_faults(faults: Iterable[TagboatError]) -> None:
    """Raise the one fault there is, or all of them together; return when there is none."""
    found = tuple(faults)
    if len(found) == 1:
        raise found[0]
    if found:
        raise FaultsError(found)
