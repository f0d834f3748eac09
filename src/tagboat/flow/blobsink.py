"""Where finished blobs may go ahead of the rest, so that uploads overlap with building."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from tagboat.oci.descriptor import Descriptor


class BlobSink(Protocol):
    """A receiver of blobs that are complete and lie under their final name."""

    def finished(self, descriptor: Descriptor, path: Path) -> None:
        """Take note of a finished blob; returns at once, called from any thread."""
