"""Who owns copied files: numbers, or names looked up in the image's own /etc/passwd and /etc/group."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tagboat.build.filetree import FileTree
from tagboat.errors import DockerfileError, Location
from tagboat.layers.changes import Kind

_HIGHEST_ID = 0xFFFF_FFFE  # 0xFFFFFFFF means "leave it" to chown(2)


class Owner(NamedTuple):
    """A numeric user and group."""

    uid: int
    gid: int


def find_owner(text: str, files: Callable[[], FileTree], location: Location) -> Owner:
    """Return the owner that `USER[:GROUP]` means in a root file system, which only names call for.

    A user number alone gives the group of the same number, a user name alone its primary group. Raises
    `DockerfileError` for a name that the image does not know: never 0 instead.
    """
    user, _, group = text.partition(":")
    uid, primary = _user(user, files, location) if user else (0, 0)
    return Owner(uid, _group(group, files, location) if group else primary)


def _user(user: str, files: Callable[[], FileTree], location: Location) -> tuple[int, int]:
    if user.isdecimal():
        return _number(user, location), _number(user, location)
    for fields in _table(files(), "etc/passwd"):
        if fields[0] == user and len(fields) > 3 and fields[2].isdecimal() and fields[3].isdecimal():
            return int(fields[2]), int(fields[3])
    raise DockerfileError(
        f"the image has no user {user!r} in /etc/passwd", "give a number, as in --chown=1000:1000", location=location
    )


def _group(group: str, files: Callable[[], FileTree], location: Location) -> int:
    if group.isdecimal():
        return _number(group, location)
    for fields in _table(files(), "etc/group"):
        if fields[0] == group and len(fields) > 2 and fields[2].isdecimal():
            return int(fields[2])
    raise DockerfileError(
        f"the image has no group {group!r} in /etc/group", "give a number, as in --chown=1000:1000", location=location
    )


def _number(text: str, location: Location) -> int:
    if int(text) > _HIGHEST_ID:
        raise DockerfileError(f"{text} is too large for a user or group number", location=location)
    return int(text)


def _table(tree: FileTree, path: str) -> list[list[str]]:
    """Return the colon-separated fields of each line; an image without the file has none."""
    entry = tree.get(tree.resolve(path))
    if entry is None or entry.kind is not Kind.FILE or entry.content is None:
        return []
    with entry.content.open() as stream:
        text = stream.read().decode("utf-8", "surrogateescape")
    return [line.split(":") for line in text.splitlines() if line and not line.startswith("#")]
