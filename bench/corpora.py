"""Make the folders that are copied into images, once, from packages pinned by hash."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
LOCKS = HERE / "locks"
MADE_AT_SECONDS = 1_577_836_800  # 2020-01-01: old enough for tools that mistrust files of the same second
KIND_AND_EXECUTABLE = 0o170100
PLATFORMS = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_26", "manylinux_2_24", "manylinux2014")


class CorpusError(Exception):
    """A corpus cannot be made, or is not the one that the lock names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a corpus holds; `digest` covers paths, kinds, the executable bit, links and contents."""

    entries: int
    size_bytes: int
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """A folder ready to be a build context: all it holds is one folder, `name`."""

    name: str
    context: Path
    facts: Facts

    @property
    def folder(self) -> Path:
        """The folder that is copied."""
        return self.context / self.name


def cache_folder() -> Path:
    """Return the folder that keeps what is made once."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tagboat-bench"


def make_corpus(name: str) -> Corpus:
    """Return the corpus, made when the cache lacks it.

    Raises CorpusError when a program fails, or what was made differs from `corpora.lock`.
    """
    facts = Facts(**tomllib.loads((HERE / "corpora.lock").read_text())[name])
    context = cache_folder() / f"{name}-{facts.digest.removeprefix('sha256:')[:16]}"
    if not context.exists():
        context.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=context.parent, prefix=".making-") as temporary:
            folder = MAKERS[name](Path(temporary))
            _normalise(folder)
            if (found := read_facts(folder)) != facts:
                raise CorpusError(f"{name}: corpora.lock says {facts}, but {found} was made")
            made = Path(temporary) / "context"
            made.mkdir(mode=0o755)
            folder.rename(made / name)
            made.rename(context)
    return Corpus(name=name, context=context, facts=facts)


def read_facts(folder: Path) -> Facts:
    """Return what a folder holds."""
    whole, entries, size_bytes = hashlib.sha256(), 0, 0
    for path in _walk(folder):
        status = path.lstat()
        row = [os.fsencode(path.relative_to(folder)), b"%o" % (status.st_mode & KIND_AND_EXECUTABLE)]
        if path.is_symlink():
            row.append(os.fsencode(path.readlink()))
        elif path.is_file():
            row.append(hashlib.sha256(path.read_bytes()).digest())
            size_bytes += status.st_size
        whole.update(b"\0".join(row) + b"\n")
        entries += 1
    return Facts(entries=entries, size_bytes=size_bytes, digest=f"sha256:{whole.hexdigest()}")


def _site_packages(temporary: Path) -> Path:
    """Unpack the locked wheels as they are: a real installer would add files that depend on its version."""
    platforms = [f"--platform={platform}_x86_64" for platform in PLATFORMS]
    wheels, folder = temporary / "wheels", temporary / "unpacked"
    _run(
        *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps"),
        *("--require-hashes", "--only-binary=:all:", "--implementation=cp", "--python-version=3.12", "--abi=cp312"),
        *(*platforms, f"--requirement={LOCKS / 'site-packages.txt'}", f"--dest={wheels}"),
        cwd=temporary,
    )
    for wheel in sorted(wheels.iterdir()):
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)
    return folder


def _node_modules(temporary: Path) -> Path:
    """Install the locked packages; what is optional is left out, because it differs by platform."""
    for name in ("package.json", "package-lock.json"):
        shutil.copy(LOCKS / name, temporary)
    _run("npm", "ci", "--silent", "--ignore-scripts", "--omit=optional", cwd=temporary)
    folder = temporary / "node_modules"
    (folder / ".package-lock.json").unlink()  # npm's own note, which differs by its version
    return folder


MAKERS: dict[str, Callable[[Path], Path]] = {"site-packages": _site_packages, "node_modules": _node_modules}


def _walk(folder: Path) -> Iterator[Path]:
    """Yield everything below a folder, in one order everywhere."""
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        yield Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path))


def _normalise(folder: Path) -> None:
    """Give everything the same owner's rights and time, whatever the umask and the installer were."""
    for path in [*_walk(folder), folder]:
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & stat.S_IXUSR else 0o644)
    for path in [*_walk(folder), folder]:
        os.utime(path, (MADE_AT_SECONDS, MADE_AT_SECONDS), follow_symlinks=False)


def _run(*argv: str, cwd: Path) -> None:
    try:
        done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise CorpusError(f"{argv[0]} is not installed") from error
    if done.returncode:
        raise CorpusError(f"{argv[0]} ended with {done.returncode}: {(done.stderr or done.stdout)[-2000:]}")


def main() -> None:
    """Make every corpus and the base image, and say where they are."""
    from bench.base import make_base

    try:
        for name in MAKERS:
            corpus = make_corpus(name)
            print(f"{corpus.facts.entries:6} entries {corpus.facts.size_bytes:11} bytes  {corpus.folder}")
        base = make_base()
    except CorpusError as error:
        sys.exit(f"error: {error}")
    print(f"base image {base.digest}  {base.layout}" if base.layout else f"no base image: {base.reason}")


if __name__ == "__main__":
    main()
