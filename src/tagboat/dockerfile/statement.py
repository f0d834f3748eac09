"""One instruction on its way from text to value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypedDict, TypeVar

from tagboat.dockerfile.arguments import Arguments
from tagboat.dockerfile.faults import LanguageError
from tagboat.dockerfile.flags import Flags
from tagboat.dockerfile.lexer import LogicalLine
from tagboat.errors import DockerfileError, Location

Made = TypeVar("Made")


class Origin(TypedDict):
    """The fields that every instruction has."""

    location: Location
    original: str
    comments: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """An instruction's line with its flags and arguments read."""

    line: LogicalLine
    flags: Flags
    arguments: Arguments
    escape: str = "\\"

    @property
    def words(self) -> tuple[str, ...]:
        """The arguments."""
        return self.arguments.words

    @property
    def origin(self) -> Origin:
        """The fields that every instruction has."""
        return Origin(location=self.line.location, original=self.line.original, comments=self.line.comments)

    def fault(self, problem: str, hint: str = "") -> DockerfileError:
        """Return the error that this instruction does not do as it should."""
        return DockerfileError(f"{self.line.keyword} {problem}", hint, location=self.line.location)

    def check_plain(self, text: str, check: Callable[[str], object]) -> None:
        """Check a text now when expansion cannot change it; later is the planner's part."""
        if text and not any(char in text for char in ("$", "'", '"', self.escape)):
            pointing_at(text, check)


def pointing_at(text: str, read: Callable[[str], Made]) -> Made:
    """Return what a reader makes of the text; a fault that points at nothing points at the text."""
    try:
        return read(text)
    except LanguageError as error:
        error.fragment = error.fragment or text
        raise
