"""Paths inside an image: POSIX, absolute, independent of the machine that builds."""

from __future__ import annotations

import posixpath


def cleaned(path: str) -> str:
    """Return `path` without `.`, `..` and doubled slashes, relative where it is (Go's path.Clean)."""
    tidy = posixpath.normpath(path)
    return "/" + tidy.lstrip("/") if tidy.startswith("/") else tidy  # POSIX keeps two slashes at the start


def absolute(path: str, workdir: str) -> str:
    """Return `path` cleaned and absolute, relative ones below `workdir`; `..` never leaves the root."""
    return cleaned(posixpath.join("/", workdir, path))


def workdir(path: str, current: str) -> str:
    """Return a WORKDIR as the configuration records it: absolute and cleaned, a trailing slash kept as written."""
    found = absolute(path, current)
    return found + "/" if path.endswith("/") and found != "/" else found


def destination(path: str, workdir: str) -> str:
    """Return a COPY destination: absolute, with its trailing slash kept, which says that a folder is meant.

    A path that ends in `/.`, and the working folder itself, are folders too.
    """
    found = absolute(path, workdir)
    is_folder = path in ("", ".") or path.endswith(("/", "/."))
    return found + "/" if is_folder and found != "/" else found
