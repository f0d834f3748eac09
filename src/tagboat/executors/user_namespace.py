"""A user namespace for the worker, in which it is root: over all users it can get, else over one alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path

from tagboat.errors import MachineError
from tagboat.executors import kernel
from tagboat.executors.worker import Worker
from tagboat.proc import Finished

Run = Callable[[Sequence[str]], Finished]
_IdRange = tuple[int, int, int]  # first inside, first outside, count
_MANY = 65_535  # as many users as an image may well have


class Users(StrEnum):
    """Which users there are in a user namespace."""

    ALL = "all"
    ROOT_ALONE = "root alone"


def enter_user_namespace(worker: Worker, run: Run, *, uid: int, gid: int) -> Users:
    """Make the worker the root of a new user namespace; raises `OSError` or `MachineError` where that is not allowed.

    A process that may set its user maps every user that it knows; others ask newuidmap for the ranges that /etc/subuid
    and /etc/subgid give them; without these only the user itself is there, as root (user_namespaces(7)).
    """
    worker.call(kernel.unshare, kernel.CLONE_NEWUSER)
    try:
        _write_map(worker.pid, "uid_map", _known("uid_map"))
        _write_map(worker.pid, "gid_map", _known("gid_map"))
    except PermissionError:
        pass
    else:
        return Users.ALL
    users, groups = _granted("/etc/subuid", uid), _granted("/etc/subgid", uid)
    if users and groups and _asked(worker.pid, run, [(0, uid, 1), *users], [(0, gid, 1), *groups]):
        return Users.ALL
    _proc(worker.pid, "setgroups").write_text("deny")
    _write_map(worker.pid, "uid_map", [(0, uid, 1)])
    _write_map(worker.pid, "gid_map", [(0, gid, 1)])
    return Users.ROOT_ALONE


def _asked(pid: int, run: Run, users: Sequence[_IdRange], groups: Sequence[_IdRange]) -> bool:
    """Have the set-user-ID programs of the shadow suite write the maps; False where there are none that may."""
    try:
        return all(
            run([program, str(pid), *(str(number) for one in ranges for number in one)]).status == 0
            for program, ranges in (("newuidmap", users), ("newgidmap", groups))
        )
    except MachineError:
        return False


def _known(name: str) -> list[_IdRange]:
    """Return a map of everybody in this process's own namespace onto themselves."""
    ranges = (line.split() for line in Path(f"/proc/self/{name}").read_text().splitlines())
    known = [(int(inside), int(inside), int(count)) for inside, _, count in ranges]
    if sum(count for _, _, count in known) < _MANY:
        raise PermissionError
    return known


def _granted(table: str, uid: int) -> list[_IdRange]:
    """Return the ranges that a table of subordinate IDs gives a user, one after the other from 1 on (subuid(5))."""
    try:
        lines = Path(table).read_text().splitlines()
    except OSError:
        return []
    names = {str(uid), _name(uid)}
    first, ranges = 1, []
    for line in lines:
        owner, _, rest = line.strip().partition(":")
        start, _, count = rest.partition(":")
        if owner in names and start.isdecimal() and count.isdecimal():
            ranges.append((first, int(start), int(count)))
            first += int(count)
    return ranges


def _name(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _write_map(pid: int, name: str, ranges: Sequence[_IdRange]) -> None:
    _proc(pid, name).write_text("".join(f"{inside} {outside} {count}\n" for inside, outside, count in ranges))


def _proc(pid: int, name: str) -> Path:
    return Path(f"/proc/{pid}/{name}")
