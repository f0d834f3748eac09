"""The inputs of a command, from flags, environment and file, as one checked `Request`."""

from __future__ import annotations

from tagboat.settings.reading import read_request

__all__ = ["read_request"]
