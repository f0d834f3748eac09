"""The release step: names move last, each to an image that is all there."""

from __future__ import annotations

from tagboat.release.forward import ForwardGuard
from tagboat.release.mover import move_names
from tagboat.release.shown import commit_of, find_commit

__all__ = ["ForwardGuard", "commit_of", "find_commit", "move_names"]
