"""A history of a checkout that a test writes down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from tagboat.flow.history import NearTag


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeHistory:
    """A line of commits that ends with ours: `distances` says of each git tag how many commits ago it is."""

    distances: Mapping[str, int] = field(default_factory=dict)
    shallow: bool = False
    dirty: bool = False
    lack: str = ""

    def missing(self) -> str:
        """Say why there is no history at all."""
        return self.lack

    def is_shallow(self) -> bool:
        """Tell whether the checkout lacks older commits."""
        return self.shallow

    def is_dirty(self) -> bool:
        """Tell whether tracked files were changed."""
        return self.dirty

    def tags(self) -> tuple[str, ...]:
        """Return the names of all git tags."""
        return tuple(self.distances)

    def tags_at(self, revision: str) -> tuple[str, ...]:  # noqa: ARG002 - the one commit that tests are about
        """Return the names of the git tags at our commit."""
        return tuple(name for name, distance in self.distances.items() if distance == 0)

    def nearest_tag(self, revision: str, *, match: Sequence[str], exclude: Sequence[str]) -> NearTag | None:  # noqa: ARG002
        """Return the nearest tag whose name fits."""
        found = [
            NearTag(name=name, distance=distance)
            for name, distance in self.distances.items()
            if (not match or any(fnmatchcase(name, glob) for glob in match))
            and not any(fnmatchcase(name, glob) for glob in exclude)
        ]
        return min(found, key=lambda tag: tag.distance, default=None)
