#!/usr/bin/env python3
"""Gather the files of Tagboat's own image, for each architecture: everything of ours lies in one folder, /tagboat.

    python3 images/executor/gather.py [--output FOLDER]
    python3 images/executor/gather.py --lock             pin what Debian and PyPI have today

Standard library only; `uv` on PATH, and a network unless all is in the user's cache. Nothing is run of what is gathered
for another processor, and nothing depends on the day: two gatherings of one commit give the same files.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import debian
from contents import APPLETS, DEBIAN, GITCONFIG, HOME, LIBRARIES, LINKS, OUTSIDE, PYTHON, STARTER, place_of

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
LAYERS = ("system", "libraries", "program")
PACKAGES, TOOLS = HERE / "packages.lock", HERE / "tools.lock"

UV_INSTALL = (
    "pip", "install", "--quiet", "--system-certs", "--no-deps", "--only-binary", ":all:", "--require-hashes",
    "--link-mode", "copy",
)  # fmt: skip
UV_COMPILE = (
    "pip", "compile", "--quiet", "--system-certs", "--upgrade", "--universal", "--generate-hashes", "--no-annotate",
    "--no-header",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Processor:
    """What one architecture is called by others, and its loader of programs."""

    machine: str  # as the kernel calls it
    loader: str

    @property
    def wheels(self) -> str:
        """The platform of its wheels, as uv calls it."""
        return f"{self.machine}-manylinux_2_40"


PROCESSORS = {
    "amd64": Processor(machine="x86_64", loader="ld-linux-x86-64.so.2"),
    "arm64": Processor(machine="aarch64", loader="ld-linux-aarch64.so.1"),
}


class CannotError(Exception):
    """This machine cannot gather the image: what is wrong, in one line."""


def main() -> int:
    """Gather, or lock; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--output", type=Path, default=HERE / "out", help="default: %(default)s")
    parser.add_argument("--lock", action="store_true", help="pin today's versions instead")
    arguments = parser.parse_args()
    os.umask(0o022)  # modes become part of the image
    try:
        if arguments.lock:
            PACKAGES.write_text(str(debian.newest(DEBIAN, sorted(PROCESSORS))))
            lock_tools()
            return 0
        gather(arguments.output.resolve(), cache_folder(os.environ))
    except (CannotError, debian.UnavailableError) as error:
        sys.stderr.write(f"gather: error: {error}\n")
        return 11
    return 0


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Return where downloads are kept."""
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tagboat-image"


def gather(output: Path, cache: Path) -> None:
    """Write `ARCHITECTURE/LAYER/tagboat` below `output`; the least often changed layer comes first in LAYERS."""
    host = host_architecture()
    lock = debian.Lock.parse(PACKAGES.read_text())
    homes = {name: [output / name / layer / HOME[1:] for layer in LAYERS] for name in PROCESSORS}
    for architecture, (system, libraries, program) in homes.items():
        if (output / architecture).exists():
            shutil.rmtree(output / architecture)
        for package in lock.packages:
            if package.architecture == architecture:
                unpack(debian.fetch(package, lock.archived, cache), PROCESSORS[architecture].loader, system)
        add_own(system)
        install(architecture, libraries / LIBRARIES)
        add_tagboat(program)
    for architecture, (system, libraries, program) in homes.items():
        for home in (system, libraries, program):
            compile_modules(home, homes[host][0], PROCESSORS[host].loader)
        set_loader(system, PROCESSORS[architecture].loader, cache)


def unpack(package: Path, loader: str, home: Path) -> None:
    """Write those files of a package that have a place with us below `home`."""
    for path, member, content in debian.files(package):
        if not (place := place_of(path, loader)):
            continue
        written = home / place
        written.parent.mkdir(parents=True, exist_ok=True)
        if member.issym():
            written.symlink_to(member.linkname)
        else:
            written.write_bytes(content)
            written.chmod(0o755 if member.mode & 0o100 else 0o644)


def add_own(home: Path) -> None:
    """Add what no package has: links, folders that any user may write to, and git's settings."""
    applets = {f"busybox/{name}": "../bin/busybox" for name in APPLETS}
    inside = {home / name: goal for name, goal in (applets | LINKS).items()}
    outside = {home.parent / name: goal for name, goal in OUTSIDE.items()}
    for link, goal in (inside | outside).items():
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(goal)
    (home / "etc" / "gitconfig").write_text(GITCONFIG)
    for name in ("home", "tmp"):  # the container's user is any number
        (home / name).mkdir()
        (home / name).chmod(0o1777)


def install(architecture: str, folder: Path) -> None:
    """Install the locked libraries for the image's Python; hashes are checked, nothing is compiled or run."""
    wheels = ["--python-platform", PROCESSORS[architecture].wheels, "--python-version", PYTHON.removeprefix("python")]
    uv_install(ROOT / "requirements.lock", folder, *wheels)
    for scrap in [folder / "bin", folder / ".lock", *folder.glob("*.dist-info/RECORD")]:  # programs name this machine
        shutil.rmtree(scrap) if scrap.is_dir() else scrap.unlink(missing_ok=True)


def uv_install(lock: Path, folder: Path, *options: str) -> None:
    """Install what a lock file names into a folder of its own."""
    call([uv(), *UV_INSTALL, *options, "--target", str(folder), "--requirement", str(lock)])


def uv() -> str:
    """Return the program; raises `CannotError` without one."""
    found = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    if found is None:
        raise CannotError("uv is not on PATH (pip install uv)")
    return found


def add_tagboat(home: Path) -> None:
    """Add the package itself and the program that starts it."""
    shutil.copytree(ROOT / "src", home / LIBRARIES, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for path in (home / LIBRARIES).rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    starter = home / "bin" / "tagboat"
    starter.parent.mkdir()
    starter.write_text(STARTER)
    starter.chmod(0o755)
    shutil.copy(ROOT / "LICENSE", home / "LICENSE")


def host_architecture() -> str:
    """Return this machine's architecture; raises `CannotError` where no Python of the image runs."""
    for architecture, processor in PROCESSORS.items():
        if (sys.platform, platform.machine()) == ("linux", processor.machine):
            return architecture
    raise CannotError(f"the image is gathered on Linux, {' or '.join(p.machine for p in PROCESSORS.values())}")


def compile_modules(home: Path, system: Path, loader: str) -> None:
    """Compile all modules below `home` with the Python of `system`: a read-only image could not keep what it compiles.

    The result is the same for each processor. It never looks at the source's time, which an image does not keep, and a
    fixed seed orders the constants that are sets.
    """
    python = [system / "lib" / loader, "--inhibit-cache", "--library-path", system / "lib", system / "bin" / PYTHON]
    options = ["-q", "-f", "-s", str(home), "-p", HOME, "--invalidation-mode", "unchecked-hash"]
    call([*map(str, python), "-PSs", "-m", "compileall", *options, str(home / "lib")], env={"PYTHONHASHSEED": "0"})


def set_loader(home: Path, loader: str, cache: Path) -> None:
    """Have programs find their loader and libraries in our folder, whatever the rest of the file system holds.

    A path for the libraries of the program alone would not hold for those that extension modules need: it is the older
    DT_RPATH, which does, and which no LD_LIBRARY_PATH of a job overrules.
    """
    patchelf = tool("patchelf", cache)
    for name in ("git", PYTHON):
        options = ["--set-interpreter", f"{HOME}/lib/{loader}", "--force-rpath", "--set-rpath", f"{HOME}/lib"]
        call([patchelf, *options, str(home / "bin" / name)])


def tool(name: str, cache: Path) -> str:
    """Return a pinned program for this machine from PyPI."""
    key = hashlib.sha256(TOOLS.read_bytes() + platform.machine().encode()).hexdigest()[:16]
    folder = cache / f"tools-{key}"
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=cache) as work:
            uv_install(TOOLS, Path(work) / "tools")
            with suppress(OSError):  # another run was faster
                (Path(work) / "tools").rename(folder)
    return str(folder / "bin" / name)


def lock_tools() -> None:
    """Pin the newest programs that gathering needs."""
    call([uv(), *UV_COMPILE, "--output-file", str(TOOLS), str(TOOLS.with_suffix(".in"))])


def call(argv: Sequence[str], env: Mapping[str, str] | None = None) -> None:
    """Run a program, in our environment or in `env`; raises `CannotError` with its words when it fails."""
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CannotError(f"{Path(argv[0]).name} failed: {(done.stderr or done.stdout).strip()[-1000:]}")


if __name__ == "__main__":
    sys.exit(main())
