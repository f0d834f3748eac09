"""The release step: names move last, each to an image that is all there."""

from __future__ import annotations

from tagboat.release.mover import move_names

__all__ = ["move_names"]
