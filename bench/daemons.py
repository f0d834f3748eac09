"""Daemons that some peers need: started for a task, outside the clock, and their cost read from the kernel."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from bench.peers import buildkit_folder, engine_folder

_START_SECONDS = 30.0
_STOP_SECONDS = 30.0
_RESET_PEAK = "5"  # proc(5), clear_refs


class DaemonError(Exception):
    """A daemon does not start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DaemonCommand:
    """How a daemon is started, where it listens, and which folders its programs lie in."""

    argv: Sequence[str]
    socket: Path
    programs: str = ""


def find_daemons(scratch: Path) -> dict[str, DaemonCommand]:
    """Return the daemons that can be started here; all that they keep lies in `scratch`."""
    if os.geteuid():
        return {}
    commands = {"buildkitd": _buildkit(scratch), "dockerd": _engine(scratch)}
    return {name: command for name, command in commands.items() if Path(command.argv[0]).exists()}


def clients(scratch: Path) -> dict[str, Sequence[str]]:
    """Return the first words of the clients' command lines, whether they are there or not."""
    return {
        "buildctl": [str(buildkit_folder() / "buildctl"), f"--addr=unix://{_buildkit(scratch).socket}"],
        "docker": [str(engine_folder() / "usr" / "bin" / "docker"), f"--host=unix://{_engine(scratch).socket}"],
    }


def _buildkit(scratch: Path) -> DaemonCommand:
    listens = scratch / "buildkit.sock"
    argv = [
        *(str(buildkit_folder() / "buildkitd"), f"--addr=unix://{listens}", f"--root={scratch / 'buildkit'}"),
        *("--oci-worker=true", "--containerd-worker=false", "--oci-worker-snapshotter=overlayfs"),
        "--oci-worker-net=host",
    ]
    return DaemonCommand(argv=argv, socket=listens)


def _engine(scratch: Path) -> DaemonCommand:
    listens, folder = scratch / "docker.sock", engine_folder() / "usr"
    argv = [
        *(str(folder / "sbin" / "dockerd"), f"--host=unix://{listens}", f"--pidfile={scratch / 'docker.pid'}"),
        *(f"--data-root={scratch / 'docker'}", f"--exec-root={scratch / 'docker-run'}", "--storage-driver=overlay2"),
        *("--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false"),
    ]
    return DaemonCommand(argv=argv, socket=listens, programs=f"{folder / 'bin'}:{folder / 'sbin'}")


class Daemon:
    """A daemon while it runs; what it leaves mounted is unmounted with the scratch folder."""

    def __init__(self, command: DaemonCommand, environ: Mapping[str, str]) -> None:
        path = f"{command.programs}:{environ['PATH']}" if command.programs else environ["PATH"]
        self._environ = {**environ, "PATH": path}
        self._command = command
        self._log = command.socket.with_suffix(".log")

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command.argv, env=self._environ, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        until = time.monotonic() + _START_SECONDS
        while not self._listens():
            if time.monotonic() > until or self._process.poll() is not None:
                self.__exit__()
                raise DaemonError(f"{Path(self._command.argv[0]).name} does not listen: {self._last_line()}")
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            for pid in list(_family(self._process.pid)):
                with suppress(ProcessLookupError):
                    os.kill(pid, 9)
            self._process.wait()

    def cpu_seconds(self) -> float:
        """Return the user and system time of the daemon and its children, those that have ended included."""
        ticks = sum(sum(map(int, _fields(pid)[11:15])) for pid in _family(self._process.pid))
        return ticks / os.sysconf("SC_CLK_TCK")

    def forget_peak(self) -> None:
        """Let the peak memory count from now on."""
        for pid in _family(self._process.pid):
            with suppress(OSError):
                Path(f"/proc/{pid}/clear_refs").write_text(_RESET_PEAK)

    def peak_bytes(self) -> int:
        """Return the peak memory of the largest process since `forget_peak`."""
        return max(map(_peak_bytes, _family(self._process.pid)), default=0)

    def _listens(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            return not client.connect_ex(str(self._command.socket))

    def _last_line(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines()
        return lines[-1][-500:] if lines else "it says nothing"


def _family(pid: int) -> Iterator[int]:
    """Yield a process and those below it."""
    parents = {int(entry.name): _parent(int(entry.name)) for entry in Path("/proc").iterdir() if entry.name.isdigit()}
    found = [pid]
    while found:
        yield (one := found.pop())
        found += [child for child, parent in parents.items() if parent == one]


def _parent(pid: int) -> int:
    return int(fields[1]) if (fields := _fields(pid)) else 0


def _fields(pid: int) -> Sequence[str]:
    """Return what `stat` says of a process, from its state on (proc(5)); nothing when it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ()


def _peak_bytes(pid: int) -> int:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    return 0
