"""A root filesystem by path: what lies where after some layers, without a file unpacked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from tagboat.errors import DockerfileError, LayoutError
from tagboat.layers.changes import Entry, Kind

_ROOT = Entry("", Kind.DIRECTORY, 0o755)
# As many as containerd follows; the kernel itself gives up after 40.
_MAX_SYMLINKS = 255


class Tree:
    """Paths and the entries that lie there, the root always among them.

    Paths are as in `Entry`: relative to the root, `/` between names, the root itself empty. A copy is independent and
    cheap, entries are shared. Entries that are hard links to one file have an equal `link_group`, unique over all
    trees.
    """

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {"": _ROOT}
        self._names: dict[str, set[str]] = {"": set()}  # of each directory

    def copy(self) -> Tree:
        """Return a tree with the same entries, to be changed apart from this one."""
        twin = Tree()
        twin._entries = self._entries.copy()
        twin._names = {path: names.copy() for path, names in self._names.items()}
        return twin

    def apply(self, entries: Iterable[Entry]) -> None:
        """Put a layer on top (image-spec layer.md, "Applying Changesets").

        Its whiteouts, wherever they stand, delete only what was there before it. A directory over a directory keeps
        the children and takes the new attributes; anything else replaces what is there with all below it. Missing
        parents become directories of root with mode 0755; a parent that is a symlink is followed, as extractors do.
        Raises `LayoutError` for a path below something else, and for a hard link whose file is nowhere.
        """
        layer = object()  # makes the link groups of this layer different from those of every other
        added: list[Entry] = []
        for entry in entries:
            match entry.kind:
                case Kind.WHITEOUT:
                    self._remove(entry.path)
                case Kind.OPAQUE:
                    for name in self.children(entry.path):
                        self._remove(_join(entry.path, name))
                case _:
                    added.append(entry)
        names = Counter(entry.link_group for entry in added)
        for entry in added:
            group = entry.link_group
            if group is not None:
                self.put(entry._replace(link_group=(layer, group) if names[group] > 1 else None))
            else:
                self.put(entry)

    def get(self, path: str) -> Entry | None:
        """Return what lies at this very path, no symlink followed; None when there is nothing."""
        return self._entries.get(path)

    def __contains__(self, path: object) -> bool:
        return path in self._entries

    def __len__(self) -> int:
        return len(self._entries)

    def is_directory(self, path: str) -> bool:
        """Say whether a directory lies at this very path."""
        return path in self._names

    def children(self, path: str) -> list[str]:
        """Return the sorted names in a directory; none for anything else."""
        return sorted(self._names.get(path, ()))

    def walk(self, path: str = "") -> Iterator[Entry]:
        """Yield what lies at `path` and all below it, in lexical order, parents first; nothing when it is absent."""
        entry = self._entries.get(path)
        if entry is None:
            return
        pending = [entry]
        while pending:
            entry = pending.pop()
            yield entry
            names = self._names.get(entry.path)
            if names:
                pending.extend(self._entries[_join(entry.path, name)] for name in sorted(names, reverse=True))

    def resolve(self, path: str, *, follow_last: bool = True) -> str:
        """Return where `path` leads when symlinks are followed inside the root, as in a chroot.

        `path` may be absolute and hold `.` and `..`; names that do not exist stay as they are. With `follow_last`
        false a symlink at the end is not followed. Raises `DockerfileError` for a loop of symlinks.
        """
        resolved: list[str] = []
        pending = path.split("/")[::-1]
        followed = 0
        while pending:
            name = pending.pop()
            if name in ("", "."):
                continue
            if name == "..":
                del resolved[-1:]
                continue
            here = "/".join((*resolved, name))
            entry = self._entries.get(here)
            if entry is None or entry.kind is not Kind.SYMLINK or (not follow_last and not any(pending)):
                resolved.append(name)
                continue
            followed += 1
            if followed > _MAX_SYMLINKS:
                raise DockerfileError(f"{path} leads through too many symbolic links", f"look at the link {here}")
            if entry.target.startswith("/"):
                resolved.clear()
            pending.extend(entry.target.split("/")[::-1])
        return "/".join(resolved)

    def put(self, entry: Entry) -> None:
        """Put one entry where it says, as `apply` does; its `link_group` must be unique over all trees.

        For whoever changes a tree path by path. Raises `LayoutError` as `apply` does.
        """
        if not entry.path and entry.kind is not Kind.DIRECTORY:
            raise LayoutError(f"a layer makes the root a {entry.kind}")
        parent, _, name = entry.path.rpartition("/")
        if entry.path and parent not in self._names:
            parent = self._make_parents(parent)
            entry = entry._replace(path=_join(parent, name))
        path = entry.path
        if entry.kind is Kind.FILE and entry.target:
            entry = self._linked(entry)
        if entry.kind is Kind.DIRECTORY:
            if path not in self._names:
                self._remove(path)
                self._names[path] = set()
        elif path in self._entries:
            self._remove(path)
        self._entries[path] = entry
        if path:
            self._names[parent].add(name)

    def _make_parents(self, parent: str) -> str:
        """Return where an entry's parent really is, after making what is missing of it."""
        parent = self.resolve(parent)
        missing = []
        at = parent
        while at not in self._names:
            if at in self._entries:
                raise LayoutError(f"a layer puts {parent} below {at}, which is a {self._entries[at].kind}")
            missing.append(at)
            at = at.rpartition("/")[0]
        for path in reversed(missing):
            self.put(_ROOT._replace(path=path))
        return parent

    def _linked(self, entry: Entry) -> Entry:
        """Return the file of a lower layer under one more name, and make both names one group."""
        place = self.resolve(entry.target, follow_last=False)
        file = self._entries.get(place)
        if file is None or file.kind is Kind.DIRECTORY:
            raise LayoutError(f"a layer has a hard link {entry.path} to {entry.target}, which is no file")
        if file.link_group is None:
            file = file._replace(link_group=object())
            self._entries[place] = file
        return file._replace(path=entry.path)

    def _remove(self, path: str) -> None:
        """Take away what lies at `path` with all below it; the root only loses what is below."""
        if path not in self._entries:
            return
        doomed = [path]
        while doomed:
            at = doomed.pop()
            doomed.extend(_join(at, name) for name in self._names.pop(at, ()))
            del self._entries[at]
        parent, _, name = path.rpartition("/")
        if path:
            self._names[parent].discard(name)
        else:
            self._entries[""], self._names[""] = _ROOT, set()


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
