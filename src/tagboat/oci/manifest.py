"""Image manifests and indexes: the raw bytes are the truth, the parsed members a view (image-spec manifest.md)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tagboat.errors import LayoutError
from tagboat.oci import canonical, mediatype
from tagboat.oci.descriptor import Descriptor, annotations_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One image of one platform, or an artifact."""

    raw: bytes
    media_type: str
    config: Descriptor
    layers: tuple[Descriptor, ...]
    annotations: Mapping[str, str]
    artifact_type: str = ""
    subject: Descriptor | None = None

    @classmethod
    def make(
        cls, *, config: Descriptor, layers: Iterable[Descriptor], annotations: Mapping[str, str] | None = None
    ) -> Manifest:
        """Return a new OCI image manifest with its bytes; base layer first."""
        document: dict[str, Any] = {
            "schemaVersion": 2,
            "mediaType": mediatype.MANIFEST,
            "config": config.to_json(),
            "layers": [layer.to_json() for layer in layers],
        }
        if annotations:
            document["annotations"] = dict(annotations)
        parsed = parse(canonical.encode(document), mediatype.MANIFEST)
        assert isinstance(parsed, Manifest)
        return parsed

    @property
    def descriptor(self) -> Descriptor:
        """The plain pointer to these bytes."""
        return Descriptor.of(self.media_type, self.raw)

    @property
    def children(self) -> tuple[Descriptor, ...]:
        """Everything that must be there before this document: configuration and layers."""
        return (self.config, *self.layers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """A list of manifests, usually one a platform."""

    raw: bytes
    media_type: str
    manifests: tuple[Descriptor, ...]
    annotations: Mapping[str, str]
    artifact_type: str = ""
    subject: Descriptor | None = None

    @classmethod
    def make(cls, *, manifests: Iterable[Descriptor], annotations: Mapping[str, str] | None = None) -> Index:
        """Return a new OCI image index with its bytes, in the order given."""
        document: dict[str, Any] = {
            "schemaVersion": 2,
            "mediaType": mediatype.INDEX,
            "manifests": [manifest.to_json() for manifest in manifests],
        }
        if annotations:
            document["annotations"] = dict(annotations)
        parsed = parse(canonical.encode(document), mediatype.INDEX)
        assert isinstance(parsed, Index)
        return parsed

    @property
    def descriptor(self) -> Descriptor:
        """The plain pointer to these bytes."""
        return Descriptor.of(self.media_type, self.raw)

    @property
    def children(self) -> tuple[Descriptor, ...]:
        """Everything that must be there before this document: its manifests."""
        return self.manifests


def parse(raw: bytes, media_type: str = "") -> Manifest | Index:
    """Return the manifest or index that these bytes write.

    `media_type` is what the pointer or the registry called it; when the document names itself differently that is a
    `LayoutError` (image-spec: a mediaType that disagrees is to be rejected), as is any other broken document and
    Docker's schema 1.
    """
    document = _document(raw)
    own = document.get("mediaType")
    if own and media_type and own != media_type:
        raise LayoutError(f"a manifest calls itself {own}, but came as {media_type}")
    kind = str(own or media_type or _guess(document))
    if document.get("schemaVersion") != 2 or kind in (mediatype.DOCKER_SCHEMA1, mediatype.DOCKER_SCHEMA1_SIGNED):
        raise LayoutError(
            "the image has a manifest of schema version 1, which registries no longer serve",
            "push it again with a current tool",
        )
    annotations = annotations_of(document)
    subject = Descriptor.from_json(document["subject"]) if document.get("subject") else None
    artifact_type = str(document.get("artifactType") or "")
    if kind in mediatype.INDEXES:
        return Index(
            raw=raw,
            media_type=kind,
            manifests=tuple(Descriptor.from_json(entry) for entry in _list(document, "manifests")),
            annotations=annotations,
            artifact_type=artifact_type,
            subject=subject,
        )
    if kind in mediatype.MANIFESTS:
        return Manifest(
            raw=raw,
            media_type=kind,
            config=Descriptor.from_json(document.get("config")),
            layers=tuple(Descriptor.from_json(entry) for entry in _list(document, "layers")),
            annotations=annotations,
            artifact_type=artifact_type,
            subject=subject,
        )
    raise LayoutError(f"{kind!r} is not the media type of an image manifest or index")


def _document(raw: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(raw)
    except ValueError as error:
        raise LayoutError(f"a manifest is not JSON: {error}") from error
    if not isinstance(document, Mapping):
        raise LayoutError("a manifest is not a JSON object")
    return document


def _guess(document: Mapping[str, Any]) -> str:
    """Return the media type of a document that came without one: OCI's field is optional."""
    return mediatype.INDEX if "manifests" in document else mediatype.MANIFEST


def _list(document: Mapping[str, Any], key: str) -> list[Any]:
    value = document.get(key)
    if not isinstance(value, list):
        raise LayoutError(f"a manifest has no list {key!r}")
    return value
