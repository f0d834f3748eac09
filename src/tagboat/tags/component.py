"""Git tags of one component, in a repository that releases several: `app-v1.2.3`, `app/v1.2.3`, `app@1.2.3`."""

from __future__ import annotations

import re

_SEPARATORS = "-/@"
_VERSION = re.compile(r"v?[0-9]")


def component_version(component: str, tag: str) -> str | None:
    """Return the version that a git tag gives to a component; None for a tag of another, or of the whole.

    What follows the name must begin like a version, so that `app-web-v1.2.3` is none of `app`.
    """
    rest = tag.removeprefix(component)
    is_own = tag.startswith(component) and rest[:1] in tuple(_SEPARATORS) and _VERSION.match(rest[1:])
    return rest[1:] if is_own else None


def component_globs(component: str) -> tuple[str, ...]:
    """Return the patterns that git finds a component's tags by."""
    return tuple(f"{component}{separator}{mark}[0-9]*" for separator in _SEPARATORS for mark in ("", "v"))
