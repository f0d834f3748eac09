"""What the checkout tells of the past: released versions, and which of two commits came first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Order(StrEnum):
    """How our commit lies to the one that a name shows now."""

    SAME = "same"
    FORWARD = "forward"  # ours comes after it
    BACKWARD = "backward"  # it comes after ours
    PARTED = "parted"  # neither is in the history of the other, as after a forced push
    UNKNOWN = "unknown"  # the checkout holds too little history to tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """The commit that an image says it was built from: a full hash or empty, and when it was made, where known.

    `version` is what the image calls itself, such as `main` or `1.2.3`.
    """

    revision: str = ""
    time: datetime | None = None
    version: str = ""


class Past(Protocol):
    """The past as a checkout knows it; nothing is asked before somebody wants to know."""

    def tags(self) -> tuple[str, ...]:
        """Return the names of the git tags here, without `refs/tags/`."""

    def missing(self) -> str:
        """Say in a few words why there may be tags that are not here; empty where all are known."""

    def order(self, there: str, ours: str) -> Order:
        """Return how the commit `ours` lies to the commit `there`."""

    def time(self, revision: str) -> datetime | None:
        """Return the committer's time of a commit, None where the commit is not here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoPast:
    """The past of a run that has no checkout to ask."""

    reason: str = "there is no checkout to ask for tags"

    def tags(self) -> tuple[str, ...]:
        """Return nothing."""
        return ()

    def missing(self) -> str:
        """Say why nothing is known."""
        return self.reason

    def order(self, there: str, ours: str) -> Order:
        """Tell equal commits only."""
        return Order.SAME if there == ours else Order.UNKNOWN

    def time(self, revision: str) -> datetime | None:  # noqa: ARG002 - a protocol's method
        """Know no commit."""
        return None
