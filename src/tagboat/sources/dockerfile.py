"""Where the Dockerfile of a build context lies, and which ignore file goes with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tagboat.dockerfile.ignore import IgnoreRules
from tagboat.errors import InputError

_NAMES = ("Dockerfile", "Containerfile")


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerfileSource:
    """A Dockerfile's bytes, its place on disk and the name that messages use."""

    path: Path
    shown: str
    text: bytes


def find_dockerfile(context: Path, file: Path | None) -> DockerfileSource:
    """Read the Dockerfile of a context: `file` when given, else Dockerfile, else Containerfile.

    `file` is relative to the working folder, as in docker build; when nothing lies there, to the context. Raises
    `InputError` when there is none or it cannot be read.
    """
    candidates = [file, context / file] if file else [context / name for name in _NAMES]
    for path in candidates:
        if path.is_file():
            return _read(path)
    if file:
        raise InputError(
            f"file: there is no Dockerfile at {file}", "give the path from the working folder or the context"
        )
    raise InputError(
        f"there is no Dockerfile in {context}",
        "add one, or name another with --file; the build context is the argument",
    )


def read_ignore_rules(context: Path, dockerfile: Path | None = None) -> IgnoreRules | None:
    """Return the rules of `<Dockerfile>.dockerignore` where it exists, else of the context's .dockerignore, else None.

    The file beside the Dockerfile replaces the other wholly (docker build's rule).
    """
    own = dockerfile.with_name(dockerfile.name + ".dockerignore") if dockerfile else None
    for path in filter(None, (own, context / ".dockerignore")):
        if path.is_file():
            return IgnoreRules.parse(path.read_bytes(), str(path))
    return None


def _read(path: Path) -> DockerfileSource:
    try:
        text = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}", "make it readable") from error
    return DockerfileSource(path=path, shown=_shown(path), text=text)


def _shown(path: Path) -> str:
    """Return the path as CI annotations want it: relative to the working folder where it lies below it."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)
