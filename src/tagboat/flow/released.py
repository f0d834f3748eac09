"""What the release step leaves: for each name, whether it now points to the root."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tagboat.flow.uploaded import Transfer
from tagboat.oci.digest import Digest
from tagboat.oci.reference import Reference


class Move(StrEnum):
    """What became of one name."""

    PUSHED = "pushed"
    UNCHANGED = "unchanged"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedName:
    """One name; `problem` says why it failed, `transfer` is the cost of its repository (once a repository).

    `exit_code` is that of the error behind `problem`, 0 where there is none.
    """

    reference: Reference
    digest: Digest
    outcome: Move
    problem: str = ""
    exit_code: int = 0
    transfer: Transfer = field(default_factory=Transfer)

    def to_json(self) -> dict[str, Any]:
        """Return the object of the `pushed` list."""
        return {
            "reference": self.reference.familiar,
            "digest": str(self.digest),
            "outcome": self.outcome.value,
            "bytes-sent": self.transfer.bytes_sent,
            "bytes-skipped": self.transfer.bytes_skipped,
            "requests": self.transfer.requests,
            **({"problem": self.problem} if self.problem else {}),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Released:
    """All names of a run, in the order of the tag set; `withheld` are those that stay where they are, and why."""

    names: tuple[ReleasedName, ...] = ()
    withheld: Mapping[Reference, str] = field(default_factory=dict)

    @property
    def failed(self) -> tuple[ReleasedName, ...]:
        """The names that do not point to the root."""
        return tuple(name for name in self.names if name.outcome is Move.FAILED)
