"""What Tagboat makes of layouts, archives and bases that other people's clients wrote, at two real registries."""

from __future__ import annotations

import json
import tarfile
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest

BUILDAH = "buildah --root=HERE/storage --runroot=HERE/run --storage-driver=vfs"
# How each copies IMAGE, which has one platform, to a layout or an archive.
COPIES = {
    "crane": "crane pull --format=oci IMAGE crane",
    "crane.tar": "crane pull IMAGE crane.tar",
    "oras": "oras copy IMAGE --to-oci-layout oras:1",
    "oras.tar": "oras backup IMAGE --output=oras.tar",
    "regctl": "regctl image copy IMAGE ocidir://regctl:1",
    "regctl.tar": "regctl image export IMAGE regctl.tar",
    "skopeo": "skopeo copy docker://IMAGE oci:skopeo:1",
    "skopeo.tar": "skopeo copy docker://IMAGE oci-archive:skopeo.tar:1",
}
# How each copies IMAGE with all its platforms and the name TAG to a layout.
NAMED = {
    "oras": "oras copy IMAGE:TAG --to-oci-layout theirs:TAG",
    "regctl": "regctl image copy IMAGE:TAG ocidir://theirs:TAG",
    "skopeo": "skopeo copy --all docker://IMAGE:TAG oci:theirs:TAG",
}
# How each writes a layout of its own, of the folder `files`.
LAYOUTS = {
    "buildah": [
        f"{BUILDAH} from --name=working scratch",
        f"{BUILDAH} copy working files /srv",
        f"{BUILDAH} commit working oci:theirs:1",
    ],
    "oras": ["oras push --oci-layout theirs:1 --artifact-type=application/vnd.example.note files/hello:text/plain"],
    "umoci": [
        "umoci init --layout=theirs",
        "umoci new --image=theirs:1",
        "umoci insert --rootless --image=theirs:1 files /srv",
        "umoci config --image=theirs:1 --config.cmd=/srv/hello",
    ],
}
GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"
DOCKER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
ZSTD = "application/vnd.oci.image.layer.v1.tar+zstd"
# How each pushes the layout `base` as BASE, and the media type of its layer afterwards.
BASES = {
    "oci-index": ("crane push base BASE", GZIP),
    "docker-image": ("skopeo copy --format=v2s2 oci:base docker://BASE", DOCKER),
    "docker-list": ("skopeo copy --all --format=v2s2 oci:base docker://BASE", DOCKER),
    "zstd": ("skopeo copy --all --format=oci --dest-compress-format=zstd oci:base docker://BASE", ZSTD),
}


@pytest.fixture
def image(server) -> str:
    """Return an image name that nobody else pushes to."""
    return f"{server.host}/foreign/{uuid.uuid4().hex[:12]}"


@pytest.fixture
def ours(tagboat, server):
    """Run our own command with trust in the registry's authority."""
    return lambda *words: tagboat(*words, TAGBOAT_CA_FILE=server.ca_file)


@pytest.fixture
def files(tagboat, write) -> Path:
    """Return a folder with a Dockerfile and one file, which nobody pushed before."""
    text = {"Dockerfile": "FROM scratch\nCOPY hello /srv/\nENV BASE=yes\n", "hello": f"{uuid.uuid4()}\n"}
    return write(tagboat.cwd / "files", text)


def test_a_copy_comes_back_as_it_went(ours, files, image, judge):
    """An image that any client copied from a registry to a layout or an archive is pushed with its old digest."""
    digest = ours("build", files, "--platforms", "linux/amd64", "--output", "first").digest
    ours("push", "first", f"{image}:1")
    for place, command in COPIES.items():
        judge(*command.replace("IMAGE", f"{image}:1").split())
        ours("push", place, f"{image}-back:{place}")
    found = {place: judge("crane", "digest", f"{image}-back:{place}").strip() for place in COPIES}

    assert found == dict.fromkeys(COPIES, digest)
    judge("crane", "validate", "--remote", f"{image}-back@{digest}")


@pytest.mark.parametrize("writer", NAMED)
def test_an_index_comes_back_under_its_names(writer, ours, files, image, judge):
    """`push --all-tags` gives an index that another client wrote its digest and each of its names again."""
    digest = ours("build", files, "--platforms", "linux/amd64,linux/arm64", "--output", "first").digest
    ours("push", "first", f"{image}:1", f"{image}:two")
    for tag in ("1", "two"):
        judge(*NAMED[writer].replace("IMAGE", image).replace("TAG", tag).split())
    ours("push", "theirs", f"{image}-back", "--all-tags")

    assert sorted(judge("crane", "ls", f"{image}-back").split()) == ["1", "two"]
    assert {judge("crane", "digest", f"{image}-back:{tag}").strip() for tag in ("1", "two")} == {digest}


@pytest.mark.parametrize("writer", LAYOUTS)
def test_a_foreign_layout_arrives_byte_for_byte(writer, ours, files, image, judge, blobs, tagboat):
    """What buildah, oras and umoci wrote themselves has the same root and the same blobs at the registry."""
    for command in LAYOUTS[writer]:
        judge(*command.replace("HERE", str(tagboat.cwd)).split())
    [root] = json.loads((tagboat.cwd / "theirs" / "index.json").read_text())["manifests"]
    ours("push", "theirs", f"{image}:1")
    judge("oras", "copy", f"{image}:1", "--to-oci-layout", "back:1")

    assert judge("crane", "digest", f"{image}:1").strip() == root["digest"]
    assert blobs(tagboat.cwd / "back").items() <= blobs(tagboat.cwd / "theirs").items()


@pytest.mark.parametrize("form", BASES)
def test_an_image_is_built_on_a_foreign_base(form, ours, files, image, judge, write, tagboat):
    """Whatever wrote a base, its layers keep their digests, get OCI's media types, and their files are there."""
    ours("build", files, "--platforms", "linux/amd64,linux/arm64", "--output", "base")
    command, media_type = BASES[form]
    judge(*command.replace("BASE", f"{image}:base").split())
    write(tagboat.cwd / "app", {"Dockerfile": f"FROM {image}:base\nCOPY app /srv/\n", "app": "app\n"})
    ours("build", "app", "--platforms", "linux/amd64", "--output", "out")
    ours("push", "out", f"{image}:app")
    base, app = (look(judge, f"{image}:{tag}") for tag in ("base", "app"))
    judge("crane", "export", f"{image}:app", "app.tar")

    assert base.media_types == [media_type]
    assert app.media_types == [GZIP if media_type == DOCKER else media_type, GZIP]
    assert (app.digests[:1], app.diff_ids[:1]) == (base.digests, base.diff_ids)
    assert "BASE=yes" in app.environment
    with tarfile.open(tagboat.cwd / "app.tar") as tree:
        assert tree.extractfile("srv/hello").read() == (files / "hello").read_bytes()
        assert tree.extractfile("srv/app").read() == b"app\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What crane says of an image for linux/amd64."""

    media_types: list[str]
    digests: list[str]
    diff_ids: list[str]
    environment: list[str]


def look(judge, name: str) -> Seen:
    """Ask crane for an image."""
    layers = json.loads(judge("crane", "manifest", "--platform=linux/amd64", name))["layers"]
    config = json.loads(judge("crane", "config", "--platform=linux/amd64", name))
    return Seen(
        media_types=[layer["mediaType"] for layer in layers],
        digests=[layer["digest"] for layer in layers],
        diff_ids=config["rootfs"]["diff_ids"],
        environment=config["config"]["Env"],
    )
