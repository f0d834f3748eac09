"""Say what the numbers were measured on: the machine, and the tools with their versions."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.corpora import cache_folder
from bench.daemons import clients
from bench.registry import PROGRAM as REGISTRY

_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
_LOOK_UP = ("buildah", "umoci", "skopeo", REGISTRY)


def environ(scratch: Path) -> dict[str, str]:
    """Return the environment of every process: this one's ways and folders, nothing of a CI job."""
    kept = {name: value for name in ("HOME", "XDG_CACHE_HOME") if (value := os.environ.get(name))}
    return {**kept, "PATH": _PATH, "TMPDIR": str(scratch), "LANG": "C.UTF-8"}


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Make a folder beside the corpora, on the same disk, and leave nothing of it, whatever buildah still mounts."""
    cache_folder().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_folder(), prefix="scratch-") as scratch:
        try:
            yield Path(scratch)
        finally:
            mounted = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
            for place in sorted((place for place in mounted if place.startswith(f"{scratch}/")), reverse=True):
                subprocess.run(["umount", place], check=True)


def find_tools(scratch: Path, checkout: Path) -> dict[str, Sequence[str]]:
    """Return the first words of every tool's command line; a tool that is not here is not among them.

    Buildah gets a store of its own in `scratch`; clients of daemons are told where `bench.daemons` lets those listen.
    """
    found: dict[str, Sequence[str]] = {
        name: [path] for name in _LOOK_UP if (path := shutil.which(name, path=_PATH)) is not None
    }
    if "buildah" in found:
        store = [f"--root={scratch / 'store'}", f"--runroot={scratch / 'store-run'}", "--storage-driver=overlay"]
        found["buildah"] = [*found["buildah"], *store]
    found |= {name: client for name, client in clients(scratch).items() if Path(client[0]).exists()}
    return {**found, "python": [sys.executable], "tagboat": [sys.executable, str(checkout / "entrypoint.py")]}


def read_versions(tools: Mapping[str, Sequence[str]], checkout: Path) -> dict[str, str]:
    """Return what each tool says of itself, or `not found`."""
    versions = dict.fromkeys((*_LOOK_UP, "buildctl", "docker"), "not found")
    versions |= {name: _first_line(argv[0], "--version") for name, argv in tools.items()}
    versions["tagboat"] = f"{_first_line(*tools['tagboat'], '--version')}; {_commit(checkout)}"
    return versions


def describe() -> dict[str, str]:
    """Return what matters of this machine."""
    system = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    return {
        "CPU": f"{_cpu_model()}, {os.cpu_count()} cores",
        "memory": f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB",
        "system": f"{system}, Linux {platform.release()}",
        "nice": str(os.nice(0)),
    }


def load_average() -> str:
    """Return the load average of the last minute, five and fifteen minutes."""
    return ", ".join(f"{value:.2f}" for value in os.getloadavg())


def _cpu_model() -> str:
    rows = (line.partition(":") for line in Path("/proc/cpuinfo").read_text().splitlines())
    return next((value.strip() for key, _, value in rows if key.strip() == "model name"), platform.machine())


def _commit(checkout: Path) -> str:
    """Name the commit, and say whether files differ from it."""
    if not (checkout / ".git").exists():
        return "not a git checkout"
    return f"commit {_first_line('git', '-C', str(checkout), 'describe', '--always', '--dirty')}"


def _first_line(*argv: str) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env={**os.environ, "PATH": _PATH})
    lines = (done.stdout.strip() or done.stderr.strip() or f"ended with {done.returncode}").splitlines()
    return lines[0].removeprefix(f"{argv[0]} ")
