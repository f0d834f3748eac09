"""Debian as a base image, made by debootstrap and Tagboat once, and kept in the user's cache."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

PROGRAMS = ("debootstrap", "unshare")
ROOT = Path(__file__).parents[2]
SUITE = "bookworm"

DOCKERFILE = """FROM scratch
ADD rootfs.tar /
ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
CMD ["bash"]
"""

# In memory, where dpkg waits for no disk; mounts are private, so that an interrupted debootstrap leaves none. As in
# Debian's own slim images there are no documents, no package lists, no device nodes, and nothing of the machine that
# made them.
MAKE = """
suite=$1 system=$2 archive=$3 packages=$4
mount -t tmpfs tmpfs "$system"
debootstrap --variant=minbase ${packages:+"--include=$packages"} "$suite" "$system" >&2
cd "$system"
rm -rf dev/* etc/hostname etc/resolv.conf usr/share/doc/* usr/share/locale/* usr/share/man/*
rm -rf var/cache/apt/* var/lib/apt/lists/* var/log/*.log var/log/apt/*
tar --numeric-owner --xattrs --sort=name -cf "$archive" .
chmod 644 "$archive"
"""


class CannotMakeError(Exception):
    """There is no base: no network, or no right to make one."""


def debian(cache: Path, packages: Sequence[str] = (), as_root: Sequence[str] = ()) -> Path:
    """Return the layout of Debian's smallest system with some packages; the first call takes a minute and the network.

    Of several callers at once one makes it. Raises CannotMakeError.
    """
    layout = cache / "-".join(["debian", SUITE, *sorted(packages)])
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f".{layout.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not layout.exists():
            for left in cache.glob(f".{layout.name}.making-*"):
                subprocess.run([*as_root, "rm", "-rf", left], check=True)
            with tempfile.TemporaryDirectory(dir=cache, prefix=f".{layout.name}.making-") as folder:
                _make(Path(folder), packages, as_root)
                (Path(folder) / "layout").rename(layout)
    return layout


def _make(folder: Path, packages: Sequence[str], as_root: Sequence[str]) -> None:
    system, context = folder / "system", folder / "context"
    for place in (system, context):
        place.mkdir()
    (context / "Dockerfile").write_text(DOCKERFILE)
    private = [*as_root, "unshare", "--mount", "--propagation", "private"]
    _run(
        [
            *private,
            "sh",
            "-euc",
            MAKE,
            "sh",
            SUITE,
            str(system),
            str(context / "rootfs.tar"),
            ",".join(sorted(packages)),
        ]
    )
    words = ["build", str(context), "--tags", f"debian:{SUITE}", "--output", str(folder / "layout")]
    _run([sys.executable, "-m", "tagboat", *words], {**os.environ, "PYTHONPATH": str(ROOT / "src")})


def _run(argv: Sequence[str], env: dict[str, str] | None = None) -> None:
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env=env)
    if done.returncode:
        raise CannotMakeError("there is no Debian base: " + " ".join(done.stderr.splitlines()[-3:]))
