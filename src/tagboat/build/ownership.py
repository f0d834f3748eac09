"""Who owns copied files and whom a RUN is run as: numbers, or names from the image's own /etc/passwd and /etc/group."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from tagboat.build.filetree import FileTree
from tagboat.errors import DockerfileError, Location
from tagboat.layers.changes import Kind

_HIGHEST_ID = 0xFFFF_FFFE  # 0xFFFFFFFF means "leave it" to chown(2)


class Owner(NamedTuple):
    """A numeric user and group."""

    uid: int
    gid: int


class User(NamedTuple):
    """Whom a command is run as; `groups` are the supplementary ones, `home` is never empty."""

    uid: int
    gid: int
    groups: tuple[int, ...]
    home: str


def find_owner(text: str, files: Callable[[], FileTree], location: Location) -> Owner:
    """Return the owner that `USER[:GROUP]` means in a root file system, which only names call for.

    A user number alone gives the group of the same number, a user name alone its primary group. Raises
    `DockerfileError` for a name that the image does not know: never 0 instead.
    """
    user, _, group = text.partition(":")
    uid, primary = _user(user, files, location) if user else (0, 0)
    return Owner(uid, _group(group, files, location) if group else primary)


def find_user(text: str, files: Callable[[], FileTree], location: Location) -> User:
    """Return whom `USER[:GROUP]` means, as runc takes it; empty text is root.

    The group is the one named, else the user's primary group, 0 for a number that /etc/passwd does not have.
    Supplementary groups come from /etc/group, where no group is named. Raises `DockerfileError` for a name that the
    image does not know.
    """
    user, _, group = text.partition(":")
    people = list(_people(files()))
    if _is_plain(user) and _is_plain(group):  # needs no table, so an image without one knows root:root
        uid, gid = (0 if part == "root" else _number(part, location) for part in (user, group))
        return User(uid, gid, (), _home(uid, people))
    person = _person(user or "0", people, location)
    gid = _group(group, files, location) if group else person.gid
    groups = () if group or not person.name else tuple(_groups_of(person.name, files()))
    return User(person.uid, gid, groups, _home(person.uid, people))


class _Person(NamedTuple):
    """One entry of /etc/passwd; a number without an entry has no name."""

    name: str
    uid: int
    gid: int
    home: str


def _people(tree: FileTree) -> Iterator[_Person]:
    for fields in _table(tree, "etc/passwd"):
        if len(fields) > 3 and fields[2].isdecimal() and fields[3].isdecimal():
            yield _Person(fields[0], int(fields[2]), int(fields[3]), fields[5] if len(fields) > 5 else "")


def _person(user: str, people: list[_Person], location: Location) -> _Person:
    """Return the first entry of a number or name; a number needs none."""
    if user.isdecimal():
        uid = _number(user, location)
        return next((person for person in people if person.uid == uid), _Person("", uid, 0, ""))
    found = next((person for person in people if person.name == user), None)
    if found is None:
        raise _no_user(user, "USER 1000:1000", location)
    return found


def _home(uid: int, people: list[_Person]) -> str:
    """Return the home of a number's first entry: runc looks it up again, by number, when it starts the command."""
    return next((person.home for person in people if person.uid == uid), "") or "/"


def _is_plain(text: str) -> bool:
    return text == "root" or text.isdecimal()


def _groups_of(name: str, tree: FileTree) -> Iterator[int]:
    for fields in _table(tree, "etc/group"):
        if len(fields) > 3 and fields[2].isdecimal() and name in fields[3].split(","):
            yield int(fields[2])


def _user(user: str, files: Callable[[], FileTree], location: Location) -> tuple[int, int]:
    if user.isdecimal():
        return _number(user, location), _number(user, location)
    found = next((person for person in _people(files()) if person.name == user), None)
    if found is None:
        raise _no_user(user, "--chown=1000:1000", location)
    return found.uid, found.gid


def _no_user(user: str, example: str, location: Location) -> DockerfileError:
    return DockerfileError(
        f"the image has no user {user!r} in /etc/passwd", f"give a number, as in {example}", location=location
    )


def _group(group: str, files: Callable[[], FileTree], location: Location) -> int:
    if group.isdecimal():
        return _number(group, location)
    for fields in _table(files(), "etc/group"):
        if fields[0] == group and len(fields) > 2 and fields[2].isdecimal():
            return int(fields[2])
    raise DockerfileError(
        f"the image has no group {group!r} in /etc/group", "give a number, as in 1000:1000", location=location
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
