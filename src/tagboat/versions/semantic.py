"""Semantic versions as node-semver reads them strictly (semver.org 2.0.0), and their order."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import total_ordering
from typing import TYPE_CHECKING

from tagboat.errors import InputError

if TYPE_CHECKING:
    import semver

_LONGEST_TEXT = 256
_LARGEST_NUMBER = 2**53 - 1  # node-semver counts in doubles


@total_ordering
@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A semantic version; `text` is how it was written, with its `v`."""

    major: int
    minor: int
    patch: int
    prerelease: tuple[str, ...] = ()
    build: tuple[str, ...] = ()
    text: str = field(default="", compare=False)

    @classmethod
    def parse(cls, text: str) -> Version:
        """Return the version that `text` writes, one lower-case `v` before it allowed; raises `InputError`."""
        import semver

        wrong = InputError(
            f"{text!r} is not a semantic version", "write MAJOR.MINOR.PATCH, such as v1.2.3 or 1.2.3-rc.1"
        )
        if len(text) > _LONGEST_TEXT or not text.isascii():
            raise wrong
        try:
            parsed = semver.Version.parse(text.strip().removeprefix("v"))
        except ValueError as error:
            raise wrong from error
        if max(parsed.major, parsed.minor, parsed.patch) > _LARGEST_NUMBER:
            raise wrong
        return cls(
            major=parsed.major,
            minor=parsed.minor,
            patch=parsed.patch,
            prerelease=_identifiers(parsed.prerelease),
            build=_identifiers(parsed.build),
            text=text,
        )

    def __str__(self) -> str:
        """Return the version without `v` and build metadata."""
        return f"{self.major}.{self.minor}.{self.patch}" + (f"-{'.'.join(self.prerelease)}" if self.prerelease else "")

    def __lt__(self, other: Version) -> bool:
        """Order by semver.org's precedence; build metadata, which has none, breaks ties so that the order is total."""
        precedence = self._semver().compare(other._semver())
        return precedence < 0 if precedence else self.build < other.build

    def _semver(self) -> semver.Version:
        import semver

        return semver.Version(self.major, self.minor, self.patch, ".".join(self.prerelease) or None)


def _identifiers(text: str | None) -> tuple[str, ...]:
    return tuple(text.split(".")) if text else ()
