"""Media types of images, and the questions asked of them (image-spec media-types.md, Docker's image spec v2)."""

from __future__ import annotations

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
LAYER_GZIP = LAYER + "+gzip"
LAYER_ZSTD = LAYER + "+zstd"
EMPTY = "application/vnd.oci.empty.v1+json"

DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_CONFIG = "application/vnd.docker.container.image.v1+json"
DOCKER_LAYER = "application/vnd.docker.image.rootfs.diff.tar"
DOCKER_LAYER_GZIP = DOCKER_LAYER + ".gzip"
DOCKER_LAYER_ZSTD = DOCKER_LAYER + ".zstd"
DOCKER_FOREIGN_LAYER = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
DOCKER_SCHEMA1 = "application/vnd.docker.distribution.manifest.v1+json"
DOCKER_SCHEMA1_SIGNED = "application/vnd.docker.distribution.manifest.v1+prettyjws"

INDEXES = frozenset({INDEX, DOCKER_INDEX})
MANIFESTS = frozenset({MANIFEST, DOCKER_MANIFEST})
CONFIGS = frozenset({CONFIG, DOCKER_CONFIG})

_OCI_FORMS = {
    DOCKER_INDEX: INDEX,
    DOCKER_MANIFEST: MANIFEST,
    DOCKER_CONFIG: CONFIG,
    DOCKER_LAYER: LAYER,
    DOCKER_LAYER_GZIP: LAYER_GZIP,
    DOCKER_LAYER_ZSTD: LAYER_ZSTD,
}


def oci_form(media_type: str) -> str:
    """Return the OCI name of a Docker media type (the content is the same); any other comes back as it is."""
    return _OCI_FORMS.get(media_type, media_type)


def compression(media_type: str) -> str:
    """Return how a layer of this media type is compressed: `gzip`, `zstd`, or empty for a plain tar."""
    if media_type.endswith(("+gzip", ".gzip")):
        return "gzip"
    if media_type.endswith(("+zstd", ".zstd")):
        return "zstd"
    return ""
