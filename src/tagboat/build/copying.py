"""COPY, ADD and WORKDIR: what a step puts into a stage's root file system, by the rules of the Dockerfile reference."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from tagboat.build.archives import Archives
from tagboat.build.downloads import Downloads
from tagboat.build.filetree import FileTree
from tagboat.build.ownership import Owner, find_owner
from tagboat.build.sources import Found, files_below, find_sources
from tagboat.build.stage import Changes
from tagboat.dockerfile.faults import LanguageError
from tagboat.dockerfile.ignore import IgnoreRules
from tagboat.dockerfile.modes import Mode, parse_mode
from tagboat.errors import DockerfileError, LayoutError, TagboatError, raise_faults
from tagboat.flow.plan import ContextFiles, CopyStep, ImageSource, Origin, StageBase, WorkdirStep
from tagboat.layers.changes import BytesContent, Entry, FileContent, Kind
from tagboat.sources import DirectoryTree, Fetched

_NEW_DIRECTORY = 0o755
_DOWNLOADED = 0o600


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyTimes:
    """The file time of what a step puts: `constant` in seconds, None to keep each file's own up to `latest`.

    `made` is the time of what has none of its own: folders made on the way, heredocs.
    """

    constant: int | None
    latest: int | None = None
    made: int = 0

    def of(self, mtime: int) -> int:
        """Return the time that a copied file gets."""
        if self.constant is not None:
            return self.constant
        return mtime if self.latest is None else min(mtime, self.latest)


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyTools:
    """What all steps of a build share: the times of files, archives that are open, downloads that are done."""

    times: CopyTimes
    archives: Archives
    downloads: Downloads


class Copying:
    """One COPY or ADD while it runs: what is copied, and how its entries are changed on the way."""

    def __init__(self, step: CopyStep, changes: Changes, passwd: Callable[[], FileTree], tools: CopyTools) -> None:
        """`passwd` is called when names of users have to be looked up: in the stage, also for --link."""
        self._step = step
        self._changes = changes
        self._tools = tools
        self._times = tools.times
        self._owner: Owner | None = find_owner(step.chown, passwd, step.location) if step.chown else None
        self._mode: Mode | None = _mode(step)
        self._exclude = IgnoreRules.of(step.exclude) if step.exclude else None
        self._links = object()  # hard links hold within one source, as in BuildKit's copy

    def run(self, source: FileTree) -> None:
        """Copy every source of the step; raises `DockerfileError`, or all missing sources together."""
        raise_faults(missing_sources(self._step, source))
        items = [
            item
            for pattern in self._step.sources
            for item in find_sources(source, pattern, parents=self._step.parents) or ()
        ]
        self._check_destination(len(items) + len(self._step.remote) + len(self._step.inline))
        for remote in self._step.remote:
            self._links = object()
            self._copy_remote(self._tools.downloads.get(remote, self._step.location))
        for item in items:
            self._links = object()
            if self._step.parents:
                self._copy_with_parents(source, item)
            else:
                self._copy(source, item)
        for inline in self._step.inline:
            entry = Entry(
                inline.name,
                Kind.FILE,
                0o644,
                mtime=self._times.made,
                size=len(inline.data),
                content=BytesContent(inline.data),
            )
            self._copy_file(entry, inline.name)

    def _copy(self, source: FileTree, item: Found) -> None:
        entry = source.get(item.path) or Entry("", Kind.DIRECTORY, _NEW_DIRECTORY)
        if entry.kind is not Kind.DIRECTORY:
            self._copy_or_unpack(entry, item.name, unpack=self._step.unpack)
            return
        target = self._resolved()
        self._refuse_file(target)
        self._make_directories(target)
        self._copy_below(source, item.path, target)

    def _copy_remote(self, fetched: Fetched) -> None:
        """Put a download: mode 0600 and root's, unless --chmod and --chown say otherwise (docker build's rule)."""
        made = self._times.made if fetched.modified is None else fetched.modified
        content = FileContent(str(fetched.path))
        entry = Entry(fetched.name, Kind.FILE, _DOWNLOADED, mtime=made, size=fetched.size, content=content)
        self._copy_or_unpack(entry, fetched.name, unpack=self._step.unpack_remote)

    def _copy_or_unpack(self, entry: Entry, name: str, *, unpack: bool) -> None:
        held = self._archive(entry, name) if unpack else None
        if held is None:
            self._copy_file(entry, name)
        else:
            self._unpack(held)

    def _copy_file(self, entry: Entry, name: str) -> None:
        target = self._resolved()
        there = self._changes.tree.get(target)
        into = self._step.destination.endswith("/") or (there is not None and there.kind is Kind.DIRECTORY)
        if into or not target:
            self._refuse_file(target)
            self._make_directories(target)
            target = posixpath.join(target, name)
        else:
            self._make_directories(posixpath.dirname(target))
        self._put(target, entry)

    def _copy_with_parents(self, source: FileTree, item: Found) -> None:
        """Copy a source with its path: directories on the way keep the mode that they have in the source."""
        target = self._resolved()
        self._make_directories(target)
        parts = item.kept.split("/") if item.kept else []
        for number in range(1, len(parts)):
            kept = "/".join(parts[:number])
            parent = source.get(source.resolve(posixpath.join(item.above, kept)))
            self._put(posixpath.join(target, kept), parent or Entry(kept, Kind.DIRECTORY, _NEW_DIRECTORY))
        entry = source.get(item.path)
        if entry is not None and item.kept:
            self._put(posixpath.join(target, item.kept), entry)
        self._copy_below(source, item.path, posixpath.join(target, item.kept))

    def _copy_below(self, source: FileTree, path: str, target: str) -> None:
        prefix = f"{target}/" if target else ""
        for relative, entry in files_below(source, path, self._exclude):
            self._put(prefix + relative, entry)

    def _archive(self, entry: Entry, name: str) -> list[Entry] | None:
        """Return the files of a source that is an archive, None when it is to be copied as it is."""
        if entry.content is None:
            return None
        try:
            return self._tools.archives.entries(entry.content)
        except LayoutError as error:
            hint = error.hint or "make the archive again, or write --unpack=false to add it as it is"
            raise DockerfileError(f"ADD {name}: {error.problem}", hint, location=self._step.location) from error

    def _unpack(self, entries: list[Entry]) -> None:
        """Put an archive's files below the destination: owners and modes are the archive's, unless --chown says who.

        What is in the way is replaced, as tar does it; --chmod does not apply (docker build's rules).
        """
        target = self._resolved()
        self._refuse_file(target)
        self._make_directories(target)
        tree = self._changes.tree
        for entry in entries:
            if not entry.path:
                continue
            folder, _, name = posixpath.join(target, entry.path).rpartition("/")
            folder = tree.resolve(folder)
            self._make_directories(folder)
            if entry.kind is Kind.FILE and entry.target:
                entry = self._linked(entry, target)  # noqa: PLW2901 - the same entry, completed
            self._changes.put(self._placed(posixpath.join(folder, name), entry, entry.mode))

    def _linked(self, entry: Entry, target: str) -> Entry:
        """Return the file that a hard link in an archive names without holding it: one that is there already."""
        file = self._changes.tree.get(self._changes.tree.resolve(posixpath.join(target, entry.target)))
        if file is None or file.kind is not Kind.FILE:
            raise DockerfileError(
                f"ADD: the archive links {entry.path} to {entry.target}, which is not there",
                "make the archive again with both names in it",
                location=self._step.location,
            )
        return file

    def _put(self, path: str, entry: Entry) -> None:
        there = self._changes.tree.get(path)
        if there is not None and (there.kind is Kind.DIRECTORY) is not (entry.kind is Kind.DIRECTORY):
            kind = "a folder" if there.kind is Kind.DIRECTORY else f"no folder but a {there.kind}"
            raise DockerfileError(
                f"{self._step.instruction} cannot put a {entry.kind} at /{path}: it is {kind}",
                "copy to another path, or leave it out with --exclude or .dockerignore",
                location=self._step.location,
            )
        mode = entry.mode
        if self._mode is not None and entry.kind is not Kind.SYMLINK:
            mode = self._mode.apply(mode, is_directory=entry.kind is Kind.DIRECTORY)
        self._changes.put(self._placed(path, entry, mode))

    def _placed(self, path: str, entry: Entry, mode: int) -> Entry:
        """Return an entry as it lies in the image: with the step's owner, time and hard links."""
        owner = self._owner or Owner(entry.uid, entry.gid)
        group = None if entry.link_group is None else (self._links, entry.link_group)
        return Entry(
            path,
            entry.kind,
            mode,
            owner.uid,
            owner.gid,
            self._times.of(entry.mtime),
            entry.size,
            entry.content,
            entry.target,
            entry.device,
            entry.xattrs,
            group,
        )

    def _make_directories(self, path: str) -> None:
        """Make the missing folders of a destination: 0755 or the octal --chmod, owned by --chown or root."""
        owner = self._owner or Owner(0, 0)
        mode = _NEW_DIRECTORY
        if self._mode is not None and self._mode.is_octal:
            mode = self._mode.apply(mode, is_directory=True)
        self._changes.make_directories(
            path, Entry(path, Kind.DIRECTORY, mode, owner.uid, owner.gid, self._times.of(self._times.made))
        )

    def _resolved(self) -> str:
        """Return the destination with symlinks followed: those of the image, confined to it."""
        return self._changes.tree.resolve(self._step.destination)

    def _refuse_file(self, target: str) -> None:
        there = self._changes.tree.get(target)
        if there is not None and there.kind is not Kind.DIRECTORY:
            raise DockerfileError(
                f"{self._step.instruction} cannot copy into /{target}: it is no folder but a {there.kind}",
                "give a folder as the destination",
                location=self._step.location,
            )

    def _check_destination(self, count: int) -> None:
        there = self._changes.tree.get(self._resolved())
        if count > 1 and there is not None and there.kind is not Kind.DIRECTORY:
            raise DockerfileError(
                f"{self._step.instruction} has {count} sources, but {self._step.destination} is no folder",
                "end the destination with a slash",
                location=self._step.location,
            )


def missing_sources(step: CopyStep, source: FileTree) -> list[TagboatError]:
    """Return a fault for each source of a COPY that names nothing or cannot be read; a wildcard may match nothing."""
    faults: list[TagboatError] = []
    for pattern in step.sources:
        try:
            if find_sources(source, pattern, parents=step.parents) is None:
                faults.append(_missing(step, source, pattern))
        except TagboatError as error:
            error.location = error.location or step.location
            faults.append(error)
    return faults


def _missing(step: CopyStep, source: FileTree, pattern: str) -> DockerfileError:
    where, hint = _origin_words(step.origin)
    problem = f"{step.instruction} {pattern}: not found in {where}"
    if isinstance(source, DirectoryTree) and source.leaves_out(pattern.strip("/")):
        problem = f"{step.instruction} {pattern}: .dockerignore leaves it out of {where}"
        hint = f"take it back with a line !{pattern.strip('/')} at the end of .dockerignore"
    return DockerfileError(problem, hint, location=step.location)


def make_workdir(step: WorkdirStep, changes: Changes, times: CopyTimes) -> None:
    """Make the working folder and its parents where they are missing, owned by the current user.

    Raises `DockerfileError` when a file is in the way.
    """
    target = changes.tree.resolve(step.path)
    there = changes.tree.get(target)
    if there is not None and there.kind is not Kind.DIRECTORY:
        raise DockerfileError(f"WORKDIR {step.path} is no folder but a {there.kind}", location=step.location)
    if there is None and target:
        owner = find_owner(step.user, lambda: changes.tree, step.location) if step.user else Owner(0, 0)
        changes.make_directories(
            target, Entry(target, Kind.DIRECTORY, _NEW_DIRECTORY, owner.uid, owner.gid, times.of(times.made))
        )


def _mode(step: CopyStep) -> Mode | None:
    if not step.chmod:
        return None
    try:
        return parse_mode(step.chmod)
    except LanguageError as error:
        raise error.at(step.location) from error


def _origin_words(origin: Origin) -> tuple[str, str]:
    match origin:
        case ContextFiles(name=""):
            return "the build context", "check the path from the context's root, and .dockerignore"
        case ContextFiles(name=name):
            return f"the named context {name!r}", "check the path from that folder"
        case StageBase(index=index):
            return f"stage {index}", "check the path from that stage's root; WORKDIR does not apply there"
        case ImageSource(name=name):
            return f"the image {name}", "check the path from the image's root"
        case _ as never:
            assert_never(never)
