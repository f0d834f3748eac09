"""The file modes that git records, which no umask of a checkout has touched."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from tagboat.errors import ContextError, MachineError
from tagboat.proc import run

_FILE, _PROGRAM, _DIRECTORY = 0o644, 0o755, 0o755


def recorded_modes(environ: Mapping[str, str], folder: Path) -> Callable[[str], int | None]:
    """Return a function from a path below `folder` to the mode that git records for it, None where it tracks nothing.

    Git is asked at the first call, once. Git knows 0644 and 0755 for files; a directory that holds a tracked file
    counts as 0755. Outside a checkout nothing is recorded; raises `ContextError` when git refuses to read one.
    """

    @cache
    def modes() -> dict[str, int]:
        return _ask(environ, folder)

    return lambda path: modes().get(path)


def _ask(environ: Mapping[str, str], folder: Path) -> dict[str, int]:
    try:
        listed = run(["git", "-C", str(folder), "ls-files", "--stage", "-z"], env={**environ, "LC_ALL": "C"})
    except MachineError:  # without git there is no checkout either
        return {}
    if listed.status != 0:
        message = listed.stderr.decode(errors="replace").strip()
        if "not a git repository" in message:
            return {}
        raise ContextError(
            f"git does not tell the modes of the files in {folder}: {message.partition(chr(10))[0]}",
            "make git able to read this checkout, or give the files mode 0644 or 0755",
        )
    modes: dict[str, int] = {}
    for line in listed.stdout.split(b"\0"):
        head, _, name = line.partition(b"\t")
        path = name.decode("utf-8", "surrogateescape")
        if head.startswith(b"100"):
            modes[path] = _PROGRAM if head.startswith(b"100755") else _FILE
        while path := posixpath.dirname(path):
            if path in modes:
                break
            modes[path] = _DIRECTORY
    return modes
