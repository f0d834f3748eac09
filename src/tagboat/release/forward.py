"""Floating names only move forward: what the registry says of it, just before they move."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from tagboat.errors import TagboatError
from tagboat.flow.past import Commit, Order, Past
from tagboat.flow.progress import Progress
from tagboat.flow.tagset import TagSet, VersionLine
from tagboat.oci.reference import Reference, Repository, TagName
from tagboat.registry.client import Registry
from tagboat.registry.faults import NotThereError
from tagboat.registry.scope import Access
from tagboat.release.shown import find_commit
from tagboat.versions import find_higher, versions_within

_SHORT = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardGuard:
    """Finds the names that must stay where they are, for an image that was built from `commit`."""

    tagset: TagSet
    commit: Commit
    past: Past
    registry: Registry
    progress: Progress

    def guards(self, name: Reference) -> bool:
        """Tell whether a name has an order that it must keep."""
        standing = self.tagset.standing(name)
        return standing is not None and standing.is_guarded

    def find_backward(self, names: Iterable[Reference]) -> dict[Reference, str]:
        """Return the names that would move backward, each with the reason.

        Costs one listing a repository with names of versions, and one or two requests for each other name.
        """
        wanted = tuple(names)
        repositories = {name.repository for name in wanted if self._line(name)}
        listings = {repository: self._list(repository) for repository in repositories}
        reasons = {name: self._reason(name, listings) for name in wanted}
        return {name: reason for name, reason in reasons.items() if reason}

    def _reason(self, name: Reference, listings: dict[Repository, tuple[TagName, ...] | TagboatError]) -> str:
        line = self._line(name)
        if line is None:
            return self._by_history(name)
        listed = listings[name.repository]
        if isinstance(listed, TagboatError):
            return self._unlisted(name, listed)
        higher = find_higher(line, _versions(line, listed))
        return f"{name.repository.familiar} has {line.prefix}{higher}{line.suffix}, which is higher" if higher else ""

    def _line(self, name: Reference) -> VersionLine | None:
        standing = self.tagset.standing(name)
        return standing.line if standing else None

    def _list(self, repository: Repository) -> tuple[TagName, ...] | TagboatError:
        try:
            return self.registry.list_tags(repository, access=Access.PUSH)
        except NotThereError:
            return ()  # a repository without a tag
        except TagboatError as error:
            return error

    def _unlisted(self, name: Reference, error: TagboatError) -> str:
        """Return why a name stays where neither git nor the registry tells all versions; empty where git does."""
        if missing := self.past.missing():
            return f"{missing}, and the registry does not list its tags: {error}"
        self.progress.info(f"{name.familiar} goes by the git tags alone: the registry does not list its tags: {error}")
        return ""

    def _by_history(self, name: Reference) -> str:
        """Return why a name stays that follows the history of a branch."""
        try:
            image, _ = self.registry.get_manifest(name, access=Access.PUSH)
        except NotThereError:
            return ""
        shown = find_commit(image, name.repository, self.registry)
        if not (shown.revision and self.commit.revision):
            whose = "the image there" if not shown.revision else "this image"
            self.progress.info(f"{name.familiar} moves whatever it shows: {whose} names no commit")
            return ""
        match self.past.order(shown.revision, self.commit.revision):
            case Order.SAME | Order.FORWARD:
                return ""
            case Order.BACKWARD:
                return f"it shows {_short(shown)}, which comes after this run's {_short(self.commit)}"
            case Order.PARTED:
                return self._by_time(name, shown, "their histories parted")
            case Order.UNKNOWN:
                return self._by_time(name, shown, "the checkout holds too little history")

    def _by_time(self, name: Reference, shown: Commit, why: str) -> str:
        times = self._times(shown)
        if times is None:
            self.progress.info(f"{name.familiar} moves from {_short(shown)} unseen: {why}, and a time is missing")
            return ""
        there, ours = times
        words = f"{_short(shown)} of {there.isoformat()}, this run {_short(self.commit)} of {ours.isoformat()}"
        if there > ours:
            return f"it shows {words}; {why}, so the times decide"
        self.progress.info(f"{name.familiar} shows {words}: {why}, so the times decide")
        return ""

    def _times(self, shown: Commit) -> tuple[datetime, datetime] | None:
        """Return the times of two commits by the same clock: both as their images say, else both as git says."""
        if shown.time and self.commit.time:
            return shown.time, self.commit.time
        there, ours = self.past.time(shown.revision), self.past.time(self.commit.revision)
        return (there, ours) if there and ours else None


def _versions(line: VersionLine, tags: Iterable[TagName]) -> Iterator[str]:
    """Return the versions that a repository has; without a dot PEP 440 would read dates and hashes of commits."""
    return (version for version in versions_within(tags, line.prefix, line.suffix) if "." in version)


def _short(commit: Commit) -> str:
    return commit.revision[:_SHORT]
