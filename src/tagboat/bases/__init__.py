"""Base images: found in a registry, a layout or an archive, and read only as far as a build needs."""

from __future__ import annotations

from tagboat.bases.image import BaseImage
from tagboat.bases.resolve import Bases

__all__ = ["BaseImage", "Bases"]
