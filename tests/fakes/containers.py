"""Containers such as jobs run in, made by runc, with this machine's own files in them.

What a container writes goes to memory and is gone with it; only its volumes stay. One ends with the process that
started it, however that ends: its first process reads from a pipe that the test holds, and its mounts are private.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from fakes.seccomp import docker_filter

NEEDED = [Path(__file__).parents[2], Path(sys.prefix), Path(sys.base_prefix)]  # the checkout and this Python
PROGRAMS = ("runc", "unshare", "setpriv", "newuidmap")

# What Docker gives and hides unless told otherwise (moby: oci/caps/defaults.go, oci/defaults.go).
DOCKER_CAPABILITIES = {
    "CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_MKNOD",
    "CAP_NET_BIND_SERVICE", "CAP_NET_RAW", "CAP_SETFCAP", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETUID", "CAP_SYS_CHROOT",
}  # fmt: skip
MASKED = [
    "/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug",
    "/proc/scsi", "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware",
]  # fmt: skip
READ_ONLY = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]

SOMEBODY = 1000
RANGE = "ann:200000:65536\n"

# Docker's device rules: nodes of any kind can be made; those that runc makes can be opened.
MAKE_NODES = [{"allow": False, "access": "rwm"}, *({"allow": True, "type": kind, "access": "m"} for kind in "cb")]

MOUNTS = (
    ("proc", "proc", "/proc", ["nosuid", "noexec", "nodev"]),
    ("tmpfs", "tmpfs", "/dev", ["nosuid", "strictatime", "mode=755", "size=65536k"]),
    ("devpts", "devpts", "/dev/pts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]),
    ("sysfs", "sysfs", "/sys", ["nosuid", "noexec", "nodev", "ro"]),
    ("mqueue", "mqueue", "/dev/mqueue", ["nosuid", "noexec", "nodev"]),
    ("tmpfs", "shm", "/dev/shm", ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
)

# As in Docker, the root is an overlay. Its upper folder is in memory because it may not lie in the lower one, `/`.
# /tmp starts empty: the attribute hides this machine's.
START = """
mount -t tmpfs -o mode=755 tmpfs "$1/machine"
cd "$1/machine"
mkdir upper work root
cp -a ../own/. upper/
chmod -R go+rX upper
"$2" -c 'import os; os.setxattr("upper/tmp", "trusted.overlay.opaque", b"y")'
chown -hR 0:0 upper
mount -t overlay -o lowerdir=/,upperdir=upper,workdir=work overlay root
exec runc --root "$1/state" run --bundle "$1" "$3"
"""

# The first process. The kernel forgets the dead children of one that ignores SIGCHLD, so that no zombie stays.
WAIT = ["/bin/sh", "-c", "trap '' CHLD; echo ready; exec cat >/dev/null"]


class Place(StrEnum):
    """Where a job runs, and so what the kernel lets it do."""

    DOCKER = "docker"  # root with Docker's capabilities, behind its filter of system calls
    UNFILTERED = "unfiltered"  # the same without the filter: Kubernetes, where none is the default
    PERSON = "person"  # somebody on a machine of their own, with a range in /etc/subuid and /etc/subgid
    LONE_PERSON = "lone-person"  # the same with no range: one user and one group is all that can be mapped


PEOPLE = (Place.PERSON, Place.LONE_PERSON)


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A running container; further processes join it as `docker exec` does."""

    name: str
    folder: Path
    as_root: Sequence[str] = ()

    def prefix(self, cwd: Path, pid_file: Path | None = None) -> list[str]:
        """Return the words before a command line that make it run inside, in the folder `cwd`.

        runc passes signals on, but for SIGKILL; `pid_file` gets the number by which this machine knows the process.
        """
        pid = ["--pid-file", str(pid_file)] if pid_file else []
        return [*self.as_root, "runc", "--root", str(self.folder / "state"), "exec", "--cwd", str(cwd), *pid, self.name]


@contextlib.contextmanager
def container(place: Place, folder: Path, volumes: Sequence[Path], as_root: Sequence[str] = ()) -> Iterator[Container]:
    """Run a container that sees `volumes` at their own paths.

    `folder` is an empty one for what belongs to the container; `as_root` are the words that make a program root's.
    A person is who owns the first volume; root's is given to somebody.
    """
    for name in ("machine/root", "own/tmp"):  # runc looks for the root from outside too, where it is empty
        (folder / name).mkdir(parents=True)
    (folder / "own/tmp").chmod(0o1777)
    _open_the_way(folder / "own")
    uid = _give_away(volumes[0]) if place in PEOPLE else 0
    if place in PEOPLE:
        _write_accounts(folder / "own/etc", uid, RANGE if place is Place.PERSON else "")
    (folder / "config.json").write_text(json.dumps(_config(place, uid, volumes)))
    name = f"tagboat-test-{secrets.token_hex(4)}"  # its control group has this name, one for the whole machine
    words = ["unshare", "--mount", "--propagation", "private", "sh", "-euc", START, "sh"]
    argv = [*as_root, *words, str(folder), sys.executable, name]
    with (folder / "log").open("w+") as log:
        process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            if process.stdout.readline() != "ready\n":
                raise RuntimeError(f"the container did not start: {(folder / 'log').read_text()}")
            yield Container(name=name, folder=folder, as_root=as_root)
        finally:
            process.communicate(timeout=30)


def _open_the_way(own: Path) -> None:
    """Let everybody reach this Python and this checkout: folders on the way to them lose their limits inside."""
    for place in NEEDED:
        for parent in reversed(place.parents[:-1]):
            if parent.stat().st_mode & 0o005 != 0o005:
                (own / parent.relative_to("/")).mkdir(parents=True, exist_ok=True)


def _give_away(volume: Path) -> int:
    """Return the owner of a folder; what is root's becomes somebody's."""
    if uid := volume.stat().st_uid:
        return uid
    for path in [volume, *volume.rglob("*")]:
        os.chown(path, SOMEBODY, SOMEBODY, follow_symlinks=False)
    return SOMEBODY


def _write_accounts(etc: Path, uid: int, id_range: str) -> None:
    """Write the files that name a person and the range that is theirs."""
    etc.mkdir()
    others = [line for line in Path("/etc/passwd").read_text().splitlines() if line.split(":")[2] != str(uid)]
    (etc / "passwd").write_text("\n".join([*others, f"ann:x:{uid}:{uid}:Ann:/nonexistent:/bin/sh"]) + "\n")
    for name in ("subuid", "subgid"):
        (etc / name).write_text(id_range)


def _config(place: Place, uid: int, volumes: Sequence[Path]) -> dict[str, object]:
    """Return the container's configuration (runtime-spec: config.md)."""
    linux: dict[str, object] = {"namespaces": [{"type": name} for name in ("pid", "mount", "ipc", "uts")]}
    if place not in PEOPLE:
        linux |= {"maskedPaths": MASKED, "readonlyPaths": READ_ONLY, "resources": {"devices": MAKE_NODES}}
    if place is Place.DOCKER:
        linux["seccomp"] = docker_filter(DOCKER_CAPABILITIES)
    return {
        "ociVersion": "1.0.2",
        "root": {"path": "machine/root"},
        "hostname": "job",
        "process": {
            "args": WAIT,
            "cwd": "/",
            "env": [f"PATH={os.environ['PATH']}"],
            "user": {"uid": uid, "gid": uid},
            "capabilities": _capabilities(place),
        },
        "mounts": [*_mounts(volumes)],
        "linux": linux,
    }


def _capabilities(place: Place) -> dict[str, list[str]]:
    """Return what a job holds; a person holds nothing but can start programs that do, such as newuidmap."""
    if place not in PEOPLE:
        return dict.fromkeys(("bounding", "effective", "permitted"), sorted(DOCKER_CAPABILITIES))
    listed = subprocess.run(["setpriv", "--list-caps"], capture_output=True, text=True, check=True).stdout
    return {"bounding": [f"CAP_{name.upper()}" for name in listed.split()]}


def _mounts(volumes: Sequence[Path]) -> Iterator[dict[str, object]]:
    """Yield Docker's mounts, the volumes, and what the root may lack: the checkout and a Python of one's own."""
    for kind, source, destination, options in MOUNTS:
        yield {"type": kind, "source": source, "destination": destination, "options": options}
    for volume in volumes:
        yield {"type": "bind", "source": str(volume), "destination": str(volume), "options": ["rbind", "rw"]}
    for place in NEEDED:
        if not place.is_relative_to("/usr"):
            yield {"type": "bind", "source": str(place), "destination": str(place), "options": ["rbind", "ro"]}
