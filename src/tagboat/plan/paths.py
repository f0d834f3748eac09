"""Paths inside an image: POSIX, absolute, independent of the machine that builds."""

from __future__ import annotations

import posixpath


def absolute(path: str, workdir: str) -> str:
    """Return `path` cleaned and absolute, relative ones below `workdir`; `..` never leaves the root."""
    joined = posixpath.normpath(posixpath.join("/", workdir, path))
    return "/" + joined.lstrip("/")


def workdir(path: str, current: str) -> str:
    """Return a WORKDIR as the configuration records it: absolute and cleaned, a trailing slash kept as written."""
    cleaned = absolute(path, current)
    return cleaned + "/" if path.endswith("/") and cleaned != "/" else cleaned


def destination(path: str, workdir: str) -> str:
    """Return a COPY destination: absolute, with its trailing slash kept, which says that a folder is meant.

    A path that ends in `/.`, and the working folder itself, are folders too.
    """
    cleaned = absolute(path, workdir)
    is_folder = path in ("", ".") or path.endswith(("/", "/."))
    return cleaned + "/" if is_folder and cleaned != "/" else cleaned
