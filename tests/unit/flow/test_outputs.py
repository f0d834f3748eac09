"""The document of a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagboat.flow.built import Built, BuiltImage
from tagboat.flow.outputs import Outputs
from tagboat.flow.released import Move, Released, ReleasedName
from tagboat.flow.tagset import TagSet
from tagboat.oci import mediatype
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.platform import Platform
from tagboat.oci.reference import Reference, TagName

MANIFEST = Descriptor.of(mediatype.MANIFEST, b"manifest")
CONFIG = Descriptor.of(mediatype.CONFIG, b"config")
INDEX = Descriptor.of(mediatype.INDEX, b"index")
IMAGE = BuiltImage(manifest=MANIFEST, config=CONFIG)
KEYS = {
    "digest",
    "digests",
    "imageid",
    "media-type",
    "layout",
    "tags",
    "tag-names",
    "version",
    "labels",
    "annotations",
    "references",
    "pushed",
    "metadata",
    "warnings",
}


def built(*platforms: str) -> Built:
    """Return what a build of these platforms leaves."""
    images = dict.fromkeys(map(Platform.parse, platforms), IMAGE)
    return Built(layout=Path("out"), root=MANIFEST if len(images) == 1 else INDEX, images=images)


@pytest.mark.parametrize("outputs", [Outputs(), Outputs(built=built("linux/amd64"))])
def test_the_document_always_has_all_its_keys(outputs):
    """Whoever reads the document finds every key, however far the run came."""
    assert outputs.to_json().keys() == KEYS


def test_one_platform_is_known_by_its_configuration():
    """The image ID of one platform is its configuration's digest; the digest is that of the root."""
    document = Outputs(built=built("linux/arm64")).to_json()
    assert (document["digest"], document["imageid"]) == (MANIFEST.digest, CONFIG.digest)
    assert document["digests"] == {"linux/arm64": MANIFEST.digest}
    assert document["metadata"]["containerimage.config.digest"] == CONFIG.digest


def test_several_platforms_have_no_one_configuration():
    """An index has no configuration: the key of the metadata is absent, the image ID is the root's digest."""
    document = Outputs(built=built("linux/amd64", "linux/arm64")).to_json()
    assert (document["digest"], document["imageid"]) == (INDEX.digest, INDEX.digest)
    assert set(document["digests"]) == {"linux/amd64", "linux/arm64"}
    assert "containerimage.config.digest" not in document["metadata"]
    assert document["metadata"]["containerimage.descriptor"]["mediaType"] == mediatype.INDEX


def test_references_are_only_what_points_to_the_image():
    """A name that failed is told among the pushed ones, and is no reference."""
    names = [
        ReleasedName(reference=Reference.parse(f"q.io/a:{tag}"), digest=MANIFEST.digest, outcome=outcome)
        for tag, outcome in (("1", Move.PUSHED), ("2", Move.FAILED), ("3", Move.UNCHANGED))
    ]
    outputs = Outputs(
        tagset=TagSet(names=(TagName("1"),), warnings=("w",)),
        built=built("linux/amd64"),
        released=Released(names=tuple(names)),
        warnings=("w", "x"),
    )
    assert outputs.references == [f"q.io/a:{tag}@{MANIFEST.digest}" for tag in ("1", "3")]
    assert [name["outcome"] for name in outputs.to_json()["pushed"]] == ["pushed", "failed", "unchanged"]
    assert outputs.to_json()["warnings"] == ["w", "x"]
