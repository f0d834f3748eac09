"""The upload step: the image by digest into every repository, no name moved."""

from __future__ import annotations

from tagboat.upload.remote import RemoteImage
from tagboat.upload.uploader import supply_missing, upload_layout

__all__ = ["RemoteImage", "supply_missing", "upload_layout"]
