"""What git says of a checkout."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The state of a checkout.

    `head` is the branch that is checked out as a full ref, empty when HEAD is detached; then `here` holds the refs
    that point to the commit, in order of name, or, when none does, `around` those that contain it, the newest first.
    `revision` is empty before the first commit. `dirty` speaks of tracked files.
    """

    head: str = ""
    revision: str = ""
    commit_time: datetime | None = None
    here: tuple[str, ...] = ()
    around: tuple[str, ...] = ()
    origin: str = ""
    default_branch: str = ""
    dirty: bool = False
    shallow: bool = False
