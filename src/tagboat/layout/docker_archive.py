"""Archives of `docker save`: the images of `manifest.json`, seen as a layout (Docker image spec v1.2)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tagboat.errors import LayoutError
from tagboat.layers.decompress import compression_of
from tagboat.layout.medium import Medium
from tagboat.oci import mediatype
from tagboat.oci.annotations import REF_NAME
from tagboat.oci.config import ImageConfig
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.digest import Digest
from tagboat.oci.manifest import Index, Manifest

MANIFEST_FILE = "manifest.json"
CONTAINERD_NAME = "io.containerd.image.name"

_LAYER_TYPES = {"": mediatype.LAYER, "gzip": mediatype.LAYER_GZIP, "zstd": mediatype.LAYER_ZSTD}
_READ_BYTES = 1 << 20
_MAX_DOCUMENT_BYTES = 8 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerArchive:
    """The index over all images; the files of the blobs, and the manifests, which the archive itself does not hold."""

    index: Index
    files: Mapping[Digest, str]
    manifests: Mapping[Digest, bytes]


def read_docker_archive(medium: Medium) -> DockerArchive:
    """Return the images of an archive with OCI manifests made for them; raises `LayoutError`.

    The layers of such archives are plain tars, whose digests are the diff IDs that the configuration names, so none
    is read here; a layer that is compressed after all is read once for its digest.
    """
    files: dict[Digest, str] = {}
    manifests: dict[Digest, bytes] = {}
    roots: list[Descriptor] = []
    for config_file, layer_files, names in _images(medium):
        raw = _document(medium, config_file)
        config = ImageConfig.parse(raw)
        if len(layer_files) != len(config.diff_ids):
            raise LayoutError(f"{config_file} has {len(config.diff_ids)} diff IDs for {len(layer_files)} layers")
        layers = [_layer(medium, file, diff_id) for file, diff_id in zip(layer_files, config.diff_ids, strict=True)]
        manifest = Manifest.make(config=Descriptor.of(mediatype.CONFIG, raw), layers=layers)
        files[manifest.config.digest] = config_file
        files.update({layer.digest: file for layer, file in zip(layers, layer_files, strict=True)})
        root = manifest.descriptor.with_platform(config.platform)
        manifests[root.digest] = manifest.raw
        roots.extend(_named(root, names))
    return DockerArchive(index=Index.make(manifests=roots), files=files, manifests=manifests)


def _images(medium: Medium) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield the file of the configuration, those of the layers and the names of each image."""
    try:
        images: list[Mapping[str, Any]] = json.loads(_document(medium, MANIFEST_FILE))
        for image in images:
            yield str(image["Config"]), [str(file) for file in image["Layers"]], list(image.get("RepoTags") or ())
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise LayoutError(f"{MANIFEST_FILE} is not that of an image archive: {error!r}") from error


def _document(medium: Medium, name: str) -> bytes:
    if medium.size_bytes(name) > _MAX_DOCUMENT_BYTES:
        raise LayoutError(f"{name} is too large for a document of an image")
    with medium.open(name) as stream:
        return stream.read()


def _layer(medium: Medium, file: str, diff_id: Digest) -> Descriptor:
    size = medium.size_bytes(file)
    with medium.open(file) as stream:
        head = stream.read(4)
        codec = compression_of(head)
        if not codec:
            return Descriptor(media_type=mediatype.LAYER, digest=diff_id, size=size)
        sha256 = hashlib.sha256(head)
        while chunk := stream.read(_READ_BYTES):
            sha256.update(chunk)
    return Descriptor(media_type=_LAYER_TYPES[codec], digest=Digest("sha256:" + sha256.hexdigest()), size=size)


def _named(root: Descriptor, names: list[str]) -> list[Descriptor]:
    """Return one descriptor a name, with the annotations that containerd gives: the tag and the full name."""
    tags = [(name.rpartition(":")[2], name) for name in names]
    return [root.with_annotations({REF_NAME: tag, CONTAINERD_NAME: name}) for tag, name in tags] or [root]
