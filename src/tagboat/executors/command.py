"""What is run in a root file system, as plain values that go to another process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SHM_SIZE_BYTES = 64 << 20
"""How large /dev/shm is unless somebody says otherwise, as in Docker."""

EXEC = "exec "
"""What an `Ended.fault` begins with when all was set up, and the program itself could not be started."""

USER = "user "
"""What an `Ended.fault` begins with when the program's user or group does not exist in the user namespace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A program with all that it is given: nothing of this process's own environment, user or folders.

    `workdir` is absolute. With `network` false it reaches nothing but itself. `programs` are files by name that lie
    executable in `/dev/pipes/`.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str]
    workdir: str = "/"
    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()
    network: bool = True
    host_name: str = "localhost"
    programs: Mapping[str, bytes] = field(default_factory=dict)
    shm_size_bytes: int = SHM_SIZE_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Bind:
    """A file or folder of ours at `target`.

    All targets are paths in the root file system; they lead through symlinks until an executor has resolved them.
    """

    source: str
    target: str
    read_only: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """An empty folder in memory at `target`; `size_bytes` 0 sets no limit."""

    target: str
    size_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A read-only file at `target` with this content, which may be secret."""

    target: str
    data: bytes
    mode: int = 0o444
    uid: int = 0
    gid: int = 0

    def __repr__(self) -> str:
        return f"Given(target={self.target!r})"


Mounted = Bind | Memory | Given


@dataclass(frozen=True, slots=True, kw_only=True)
class Layers:
    """A root file system as overlayfs puts it together, seen at `merged`; all are names in `folder`.

    `lower` has the uppermost first. `user` says that a user namespace mounts it, whose marks are `user.overlay.*`.
    """

    folder: str
    lower: tuple[str, ...]
    upper: str
    work: str
    merged: str
    user: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """A command and where it runs: `root` is a folder to chroot into, or layers to be mounted in new namespaces.

    `command` None only tries whether all of it can be set up.
    """

    root: str | Layers
    command: Command | None
    mounts: tuple[Mounted, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended: its exit status, or 128 and the signal's number; else what could not be set up."""

    status: int = 0
    fault: str = ""
    errno: int = 0
