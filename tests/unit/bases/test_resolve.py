"""Finding base images in registries, layouts and archives."""

from __future__ import annotations

import json
import subprocess
from functools import partial
from pathlib import Path

import pytest

from fakes.building import CREATED, FILE_TIME, LayoutRegistry, Workshop, file
from fakes.servers import missing_programs
from tagboat.bases import Bases
from tagboat.build import BuildSettings, CopyTimes
from tagboat.errors import DockerfileError, InputError, LayoutError, Location
from tagboat.flow.plan import ImageNeed, ImageSource
from tagboat.layout.writer import LayoutWriter, write_archive
from tagboat.oci import mediatype
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.digest import Digest
from tagboat.oci.manifest import Index
from tagboat.oci.platform import Platform
from tagboat.oci.reference import Reference, TagName

PLACE = Location(file="Dockerfile", line=7)


@pytest.fixture
def workshop(tmp_path):
    """Return a place to build in."""
    place = Workshop(tmp_path)
    yield place
    place.check()


def need(context: str, platform: str = "linux/amd64", selector: str = "") -> ImageNeed:
    """Return the need for an image in a layout."""
    path = Path(context.removeprefix("oci-layout://"))
    return ImageNeed(
        source=ImageSource(name="base", platform=Platform.parse(platform), path=path, selector=selector),
        location=PLACE,
    )


def registry_need(text: str, platform: str = "linux/amd64") -> ImageNeed:
    """Return the need for an image in a registry."""
    source = ImageSource(name=text, platform=Platform.parse(platform), reference=Reference.parse(text).or_latest())
    return ImageNeed(source=source, location=PLACE)


@pytest.fixture
def bases(tmp_path):
    """Return bases that know no registry."""

    def no_registry():
        raise AssertionError("a registry is asked")

    return Bases(no_registry, tmp_path / "work")


def nested(workshop, *platforms: str, levels: int = 1) -> str:
    """Write a layout whose one entry is an index over images of these platforms, or over such an index."""
    flat = Path(workshop.base([file("a")], platforms=platforms).removeprefix("oci-layout://"))
    index = Index.make(manifests=LayoutRegistry(str(flat))._layout.index.manifests)
    with LayoutWriter(flat) as writer:
        for blob in (flat / "blobs/sha256").iterdir():
            writer.blobs.link_or_copy(blob, Digest.parse(f"sha256:{blob.name}"))
        writer.blobs.add(index.raw)
        for _ in range(levels - 1):
            index = Index.make(manifests=[index.descriptor])
            writer.blobs.add(index.raw)
        writer.commit([index.descriptor])
    if levels > 1:
        workshop.layouts.remove(flat)  # readers bear it, but no writer of ours may make it
    return f"oci-layout://{flat}"


@pytest.mark.parametrize(
    ("platforms", "wanted", "found"),
    [
        (["linux/amd64"], "linux/amd64", "linux/amd64"),
        (["linux/amd64", "linux/arm64"], "linux/arm64", "linux/arm64"),
        (["linux/arm/v6", "linux/arm/v7"], "linux/arm/v7", "linux/arm/v7"),
        (["linux/arm/v5", "linux/arm/v6"], "linux/arm/v7", "linux/arm/v6"),
        (["linux/amd64", "linux/arm64"], "linux/amd64", "linux/amd64"),
    ],
)
@pytest.mark.parametrize(
    "write",
    [nested, partial(nested, levels=2), lambda workshop, *platforms: workshop.base([file("a")], platforms=platforms)],
)
def test_the_image_of_the_platform_is_chosen(workshop, bases, platforms, wanted, found, write):
    """Out of several platforms the exact one comes first, then the best that still runs."""
    context = write(workshop, *platforms)
    image = bases.resolve(need(context, wanted))
    assert bases.get(need(context, wanted).source) is image
    assert str(image.config.platform) == found


@pytest.mark.parametrize(
    "write", [nested, lambda workshop, *platforms: workshop.base([file("a")], platforms=platforms)]
)
def test_a_platform_that_is_not_there_is_told_with_those_that_are(workshop, bases, write):
    """The error stands at the line that needs the image and lists what it has."""
    context = write(workshop, "linux/amd64", "linux/s390x")
    with pytest.raises(DockerfileError, match=r"Dockerfile:7: .*linux/arm64") as caught:
        bases.resolve(need(context, "linux/arm64"))
    assert "linux/amd64, linux/s390x" in caught.value.hint


def test_a_single_image_of_another_platform_is_told(workshop, bases):
    """A base that is no index is checked too."""
    with pytest.raises(DockerfileError, match=r"Dockerfile:7: .*linux/arm64") as caught:
        bases.resolve(need(workshop.base([file("a")]), "linux/arm64"))
    assert "linux/amd64" in caught.value.hint


def test_an_entry_is_selected_by_name_or_digest(workshop, bases):
    """`:TAG` and `@DIGEST` pick one of several images."""
    names = BuildSettings(created=CREATED, times=CopyTimes(constant=FILE_TIME), names=(TagName("v1"), TagName("v2")))
    image = workshop.build("FROM scratch\nENV A=1\n", settings=names)
    context = f"oci-layout://{image.path}"
    for selector in (":v1", ":v2", f"@{image.digest}", ""):
        assert bases.resolve(need(context, selector=selector)).manifest == image.manifest
    with pytest.raises(LayoutError, match=r"Dockerfile:7: .*:v3.*:v1"):
        bases.resolve(need(context, selector=":v3"))


def test_several_images_need_a_choice(workshop, bases, tmp_path):
    """A layout of different images of one platform is not guessed from."""
    first, second = workshop.base([file("a")]), workshop.base([file("b")])
    path = tmp_path / "both"
    with LayoutWriter(path) as writer:
        roots = []
        for context in (first, second):
            layout = Path(context.removeprefix("oci-layout://"))
            for blob in (layout / "blobs/sha256").iterdir():
                writer.blobs.link_or_copy(blob, Digest.parse(f"sha256:{blob.name}"))
            roots += LayoutRegistry(context)._layout.index.manifests
        writer.commit(roots)
    with pytest.raises(LayoutError, match="2 images"):
        bases.resolve(need(f"oci-layout://{path}"))


def test_an_archive_is_as_good_as_a_folder(workshop, tmp_path):
    """An OCI archive serves as a base; its blobs are taken out of it."""
    folder = workshop.base([file("a", "1")], [file("b", "2")])
    write_archive(Path(folder.removeprefix("oci-layout://")), tmp_path / "base.tar")
    text = "FROM b\nCOPY --from=b /a /c\n"
    one = workshop.build(text, contexts={"b": folder})
    two = workshop.build(text, contexts={"b": f"oci-layout://{tmp_path / 'base.tar'}"})
    assert (one.digest, two.text("c")) == (two.digest, "1")


def test_an_archive_of_docker_save_is_a_base(workshop, tmp_path):
    """What `docker save` writes serves as a base; its layers stay the plain archives that they are."""
    if missing := missing_programs("skopeo"):
        pytest.skip(f"not installed: {missing}")
    folder = workshop.base([file("a", "1")], run={"Env": ["PATH=/bin"]})
    saved = tmp_path / "saved.tar"
    source = folder.replace("oci-layout://", "oci:")
    subprocess.run(["skopeo", "copy", "-q", source, f"docker-archive:{saved}:me/app:1"], check=True)
    image = workshop.build("FROM b\nCOPY --from=b /a /c\n", contexts={"b": f"oci-layout://{saved}:1"})
    assert [layer.media_type for layer in image.manifest.layers] == [mediatype.LAYER, mediatype.LAYER_GZIP]
    assert (image.text("c"), image.run["Env"]) == ("1", ["PATH=/bin"])


def test_a_registry_is_asked_for_the_platform_alone(workshop, tmp_path):
    """From a registry come the index, one manifest and one configuration, each once; no layer before it is needed."""
    registry = LayoutRegistry(nested(workshop, "linux/amd64", "linux/arm64"))
    bases = Bases(lambda: registry, tmp_path / "work")
    first = bases.resolve(registry_need("alpine", "linux/arm64"))
    assert bases.resolve(registry_need("alpine", "linux/arm64")) is first
    assert registry.asked[0] == "docker.io/library/alpine:latest"
    assert registry.asked[1].startswith("docker.io/library/alpine@sha256:")
    assert (len(registry.asked), registry.opened) == (2, [mediatype.CONFIG])
    assert first.tree().get("a") is not None
    assert first.tree() is not first.tree()
    assert registry.opened == [mediatype.CONFIG, mediatype.LAYER_GZIP]


def test_no_registry_is_made_for_layouts(workshop, bases):
    """A base on disk opens no connection."""
    assert bases.resolve(need(workshop.base([file("a")]))).name == "base"


@pytest.mark.parametrize("kind", ["missing", "empty", "file"])
def test_what_is_no_layout_is_an_error_at_the_line(tmp_path, bases, kind):
    """A path that leads to nothing or to something else is told with the line that needs it."""
    place = tmp_path / "place"
    if kind == "empty":
        place.mkdir()
    if kind == "file":
        place.write_text("text")
    with pytest.raises((InputError, LayoutError), match="Dockerfile:7: "):
        bases.resolve(need(f"oci-layout://{place}"))


def test_an_image_whose_parts_do_not_fit_is_a_layout_error(workshop, bases, tmp_path):
    """Layers and diff IDs must be as many; an artifact is no image."""
    base = LayoutRegistry(workshop.base([file("a")]))._layout
    manifest = base.manifest(base.index.manifests[0])
    for change in ({"layers": []}, {"config": {**manifest.config.to_json(), "mediaType": "application/x"}}):
        raw = json.dumps({**json.loads(manifest.raw), **change}).encode()
        path = tmp_path / f"broken-{len(change)}-{'layers' in change}"
        with LayoutWriter(path) as writer:
            for blob in (base.place / "blobs/sha256").iterdir():
                writer.blobs.link_or_copy(blob, Digest.parse(f"sha256:{blob.name}"))
            writer.blobs.add(raw)
            writer.commit([Descriptor.of(mediatype.MANIFEST, raw)])
        with pytest.raises(LayoutError, match="Dockerfile:7: .*base"):
            bases.resolve(need(f"oci-layout://{path}"))
