"""Descriptors: media type, digest and size of a content, with what else the pointer says (image-spec descriptor.md)."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tagboat.errors import LayoutError, TagboatError
from tagboat.oci.digest import Digest
from tagboat.oci.platform import Platform


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptor:
    """A pointer to content; `size` is in bytes."""

    media_type: str
    digest: Digest
    size: int
    annotations: Mapping[str, str] = field(default_factory=dict)
    platform: Platform | None = None
    artifact_type: str = ""
    urls: tuple[str, ...] = ()

    @classmethod
    def of(cls, media_type: str, content: bytes) -> Descriptor:
        """Return the descriptor of these bytes."""
        return cls(media_type=media_type, digest=Digest.of(content), size=len(content))

    @classmethod
    def from_json(cls, document: Any) -> Descriptor:
        """Return the descriptor that a JSON object writes; raises `LayoutError` when it lacks what it must have."""
        if not isinstance(document, Mapping):
            raise LayoutError(f"a descriptor is not an object: {document!r:.80}")
        media_type, size = document.get("mediaType"), document.get("size")
        if not isinstance(media_type, str) or not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise LayoutError(f"a descriptor lacks its mediaType or size: {document!r:.200}")
        try:
            digest = Digest.parse(str(document.get("digest")))
        except TagboatError as error:
            raise LayoutError(f"a descriptor has no valid digest: {document!r:.200}") from error
        platform, urls = document.get("platform"), document.get("urls") or ()
        if not isinstance(urls, list | tuple):
            raise LayoutError(f"the urls of a descriptor are no list: {document!r:.200}")
        return cls(
            media_type=media_type,
            digest=digest,
            size=size,
            annotations=annotations_of(document),
            platform=Platform.from_json(platform) if isinstance(platform, Mapping) else None,
            artifact_type=str(document.get("artifactType") or ""),
            urls=tuple(str(url) for url in urls),
        )

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object; empty members are left out."""
        members: dict[str, Any] = {
            "annotations": dict(self.annotations),
            "artifactType": self.artifact_type,
            "platform": self.platform.to_json() if self.platform else None,
            "urls": list(self.urls),
        }
        present = {key: value for key, value in members.items() if value}
        return {"mediaType": self.media_type, "digest": str(self.digest), "size": self.size, **present}

    def with_annotations(self, annotations: Mapping[str, str]) -> Descriptor:
        """Return the same pointer with these annotations in place of its own."""
        return dataclasses.replace(self, annotations=dict(annotations))

    def with_platform(self, platform: Platform | None) -> Descriptor:
        """Return the same pointer with this platform."""
        return dataclasses.replace(self, platform=platform)


def annotations_of(document: Mapping[str, Any]) -> dict[str, str]:
    """Return the annotations of a descriptor, manifest or index; raises `LayoutError` when they are no object."""
    annotations = document.get("annotations") or {}
    if not isinstance(annotations, Mapping):
        raise LayoutError(f"annotations are not an object: {annotations!r:.80}")
    return {str(key): str(value) for key, value in annotations.items()}
