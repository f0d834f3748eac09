"""What the history of a checkout can tell: its tags, and how far a commit is from one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class NearTag:
    """The tag nearest to a commit among those before it; `distance` counts the commits between them."""

    name: str
    distance: int


class History(Protocol):
    """The history of a checkout, asked piece by piece: most rules need nothing of it."""

    def missing(self) -> str:
        """Say why there is no history at all; empty when there is one."""

    def is_shallow(self) -> bool:
        """Tell whether the checkout lacks older commits, and with them perhaps tags."""

    def is_dirty(self) -> bool:
        """Tell whether tracked files differ from the commit that is checked out."""

    def tags(self) -> tuple[str, ...]:
        """Return the names of all git tags."""

    def tags_at(self, revision: str) -> tuple[str, ...]:
        """Return the names of the git tags at a commit."""

    def nearest_tag(self, revision: str, *, match: Sequence[str], exclude: Sequence[str]) -> NearTag | None:
        """Return the tag that `git describe --tags` finds for a commit, None when none leads to it."""
