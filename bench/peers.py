"""Make the peers that no distribution packages, or that must not be installed: python3 -m bench.peers.

BuildKit is compiled from its pinned release; Debian's Docker engine is unpacked, not installed. Both lie in the cache.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.corpora import cache_folder

BUILDKIT_VERSION = "v0.34.2"
ENGINE_PACKAGES = ("docker.io", "containerd")
_COMMANDS = ("buildkitd", "buildctl")
_MODULE = "github.com/moby/buildkit"


class PeerError(Exception):
    """A peer cannot be made here."""


def buildkit_folder() -> Path:
    """Return the folder that holds `buildkitd` and `buildctl`, once they are made."""
    return cache_folder() / f"buildkit-{BUILDKIT_VERSION}"


def engine_folder() -> Path:
    """Return the folder into which Debian's engine is unpacked, once it is there."""
    return cache_folder() / "docker-engine"


def main() -> None:
    """Make what the cache lacks, and say what cannot be made."""
    reasons = []
    for name, folder, make in (
        ("BuildKit", buildkit_folder(), _compile_buildkit),
        ("the Docker engine", engine_folder(), _unpack_engine),
    ):
        try:
            if not folder.exists():
                _make(folder, make)
        except PeerError as error:
            reasons.append(f"{name}: {error}")
    if reasons:
        sys.exit("error: " + "\n".join(reasons))


def _make(folder: Path, make: Callable[[Path, Path], None]) -> None:
    """Let `make` fill a folder, and give it its name when it is whole; the first argument is a folder for scratch."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".making-") as temporary:
        made = Path(temporary) / "made"
        made.mkdir()
        make(Path(temporary), made)
        made.rename(folder)


def _compile_buildkit(temporary: Path, made: Path) -> None:
    """Compile both programs as dependencies of a module of no other use; go.sum's database checks what is fetched."""
    packages = [f"{_MODULE}/cmd/{command}" for command in _COMMANDS]
    _run("go", "mod", "init", "bench", cwd=temporary)
    _run("go", "get", *(f"{package}@{BUILDKIT_VERSION}" for package in packages), cwd=temporary)
    version = f"-X {_MODULE}/version.Version={BUILDKIT_VERSION}"
    _run("go", "build", f"-ldflags={version}", "-o", f"{made}/", *packages, cwd=temporary)


def _unpack_engine(temporary: Path, made: Path) -> None:
    _run("apt-get", "download", "-qq", *ENGINE_PACKAGES, cwd=temporary)
    for package in sorted(temporary.glob("*.deb")):
        _run("dpkg-deb", "--extract", str(package), str(made), cwd=temporary)


def _run(*argv: str, cwd: Path) -> None:
    if shutil.which(argv[0]) is None:
        raise PeerError(f"{argv[0]} not found")
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise PeerError(f"{' '.join(argv[:2])} ended with {done.returncode}: {done.stderr[-2000:]}")


if __name__ == "__main__":
    main()
