"""The upload step: the image by digest into every repository, no name moved."""

from tagboat.upload.uploader import supply_missing, upload_layout

__all__ = ["supply_missing", "upload_layout"]
