"""What an image in a registry says of itself: the commit that it was built from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from tagboat.flow.past import Commit
from tagboat.oci import annotations as oci
from tagboat.oci.config import ImageConfig
from tagboat.oci.manifest import Index, Manifest
from tagboat.oci.reference import Repository
from tagboat.registry.client import Registry


def find_commit(image: Manifest | Index, repository: Repository, registry: Registry) -> Commit:
    """Return the commit that an image names in its annotations, else in its labels; an empty one where it names none.

    Costs no request where the annotations tell. An index speaks by its own annotations, else by its first image.
    """
    if isinstance(image, Index) and oci.REVISION not in image.annotations and image.manifests:
        image, _ = registry.get_manifest(repository.at(image.manifests[0].digest))
    said = image.annotations
    if oci.REVISION not in said and isinstance(image, Manifest):
        said = _labels(image, repository, registry)
    return commit_of(said)


def commit_of(said: Mapping[str, str]) -> Commit:
    """Return the commit that labels or annotations name."""
    return Commit(
        revision=said.get(oci.REVISION, ""),
        time=_time(said.get(oci.CREATED, "")),
        version=said.get(oci.VERSION, ""),
    )


def _labels(manifest: Manifest, repository: Repository, registry: Registry) -> Mapping[str, str]:
    with registry.open_blob(repository, manifest.config) as chunks:
        labels = ImageConfig.parse(b"".join(chunks)).run.get("Labels")
    return {str(key): str(value) for key, value in labels.items()} if isinstance(labels, dict) else {}


def _time(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
