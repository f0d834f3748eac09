"""Extended attributes: which of them belong to a file, and are kept in a layer."""

from __future__ import annotations

import errno
import os

CAPABILITY = "security.capability"
_OWN = "user."
_OVERLAY = "user.overlay."  # what overlayfs notes for itself in a user namespace


def is_kept(name: str) -> bool:
    """Say whether a layer carries this attribute: capabilities and what users set.

    The others (`trusted.*`, SELinux labels, ACLs) are the machine's own.
    """
    return name == CAPABILITY or (name.startswith(_OWN) and not name.startswith(_OVERLAY))


def attribute_names(descriptor: int) -> list[str]:
    """Return the names of all attributes of an open file or directory; raises `OSError`."""
    try:
        return os.listxattr(descriptor)
    except OSError as error:
        if error.errno != errno.ENOTSUP:
            raise
        return []  # this file system has none
