"""What keeps names where they belong while an image is published, over the fake registry."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fakes.images import MemoryImage
from tagboat.errors import PolicyError
from tagboat.flow.built import Built, BuiltImage
from tagboat.flow.outputs import Outputs
from tagboat.flow.past import NoPast
from tagboat.flow.request import OnExisting, Request
from tagboat.flow.tagset import NameClass, Standing, TagSet
from tagboat.oci import annotations as oci
from tagboat.oci import mediatype
from tagboat.oci.manifest import Index, Manifest, parse
from tagboat.oci.platform import Platform
from tagboat.oci.reference import Reference, TagName
from tagboat.pipeline.publishing import Image, publish

CLASSES = {"1.2.3": NameClass.WRITE_ONCE, "sha-1": NameClass.WRITE_ONCE, "dev": NameClass.FLOATING}
BOTH = ["linux/amd64", "linux/arm64"]


@dataclass
class Desk:
    """The tools that publishing needs."""

    progress: Any
    client: Any
    past: Any

    def registry(self):
        return self.client


@pytest.fixture
def desk(client, progress):
    """Return the tools for a fake registry."""
    return Desk(progress, client(), NoPast())


def put(desk, image, *texts, **request):
    """Publish an image under names of the rules that `CLASSES` stands for."""
    names = tuple(map(Reference.parse, texts))
    standings = {TagName(tag): Standing(name_class=name_class) for tag, name_class in CLASSES.items()}
    tagset = TagSet(references=names, names=tuple(dict.fromkeys(name.tag for name in names)), standings=standings)
    outputs = Outputs(tagset=tagset, built=as_built(image))
    wanted = Image(source=image, root=image.root, names=names)
    return publish(wanted, Request(command="run", **request), desk, outputs)


def as_built(image):
    """Return what a build would have left of an image in memory."""
    document = parse(image.read(image.root))
    children = [(child, child.platform) for child in document.manifests] if isinstance(document, Index) else []
    images = {}
    for child, platform in children or [(image.root, Platform.parse("linux/amd64"))]:
        manifest = parse(image.read(child))
        assert isinstance(manifest, Manifest)
        images[platform] = BuiltImage(manifest=child, config=manifest.config, layers=manifest.layers)
    return Built(layout=Path("layout"), root=image.root, images=images)


def test_a_taken_name_stops_a_run_before_anything_is_sent(fake, desk):
    """A version that exists with another image ends the run with exit code 9: no blob is sent, no name moves."""
    server, old, new = fake(), MemoryImage([b"old"]), MemoryImage([b"new"])
    put(desk, old, f"{server.host}/app:1.2.3", f"{server.host}/app:dev")
    server.log.clear()
    with pytest.raises(PolicyError) as caught:
        put(desk, new, f"{server.host}/app:1.2.3", f"{server.host}/app:dev", f"{server.host}/other:dev")
    assert caught.value.exit_code == 9
    assert {entry.method for entry in server.log} == {"HEAD"}
    assert set(server.tags.values()) == {old.root.digest}


def test_the_guard_costs_no_request(fake, desk):
    """A first push of write-once names and a repeated one ask what any push asks, and nothing more."""
    server, image = fake(), MemoryImage([b"layer"])
    names = [f"{server.host}/app:{tag}" for tag in ("1.2.3", "sha-1")]
    put(desk, image, *names)
    assert len(server.log) == 2 + 2 * 2 + 2
    server.log.clear()
    outputs = put(desk, image, *names)
    assert [entry.method for entry in server.log] == ["HEAD", "HEAD"]
    assert {name.outcome for name in outputs.released.names} == {"unchanged"}


@pytest.mark.parametrize("platforms", [BOTH[:1], BOTH])
def test_keep_completes_a_half_finished_release(fake, desk, platforms):
    """With `on-existing: keep` the image that exists gets the names that lack it, and the outputs speak of it."""
    server, old, new = fake(), MemoryImage([b"old"], platforms), MemoryImage([b"new"], platforms)
    put(desk, old, f"{server.host}/app:1.2.3")
    server.log.clear()
    names = [f"{server.host}/{name}" for name in ("app:1.2.3", "app:sha-1", "app:dev", "mirror/app:1.2.3")]
    outputs = put(desk, new, *names, on_existing=OnExisting.KEEP)
    assert {reference for reference, digest in server.tags.items() if digest == old.root.digest} == {
        ("app", "1.2.3"),
        ("app", "sha-1"),
        ("app", "dev"),
        ("mirror/app", "1.2.3"),
    }
    assert server.bodies() == 0, "what one repository has is mounted into the other"
    expected = Outputs(built=as_built(old)).to_json()
    shown = outputs.to_json()
    assert {key: shown[key] for key in ("digest", "digests", "imageid")} == {
        key: expected[key] for key in ("digest", "digests", "imageid")
    }
    assert [entry["digest"] for entry in shown["pushed"]] == [old.root.digest] * 4
    assert "is kept" in desk.progress.warnings[0]


def test_keep_streams_an_image_to_another_registry(fake, desk):
    """An image that is kept reaches a registry that has none of it, blob by blob."""
    server, mirror = fake(), fake()
    old, new = MemoryImage([b"old" * 10_000], BOTH), MemoryImage([b"new"], BOTH)
    put(desk, old, f"{server.host}/app:1.2.3")
    names = [f"{server.host}/app:1.2.3", f"{mirror.host}/app:1.2.3"]
    put(desk, new, *names, on_existing=OnExisting.KEEP)
    assert mirror.tags == {("app", "1.2.3"): old.root.digest}
    assert {digest: content for (_, digest), content in mirror.blobs.items()} == old.blobs
    assert all(kind in mediatype.INDEXES | mediatype.MANIFESTS for kind, _ in mirror.manifests.values())


def test_keep_changes_nothing_where_nothing_is_taken(fake, desk):
    """`on-existing: keep` is no leave to drop a build whose names are free."""
    server, image = fake(), MemoryImage([b"new"])
    put(desk, image, f"{server.host}/app:1.2.3", on_existing=OnExisting.KEEP)
    assert server.tags == {("app", "1.2.3"): image.root.digest}
    assert desk.progress.warnings == []


def versioned(version, layer=b"layer", revision="a" * 40):
    """Return an image that calls itself a version of a commit."""
    return MemoryImage([layer], labels={oci.REVISION: revision, oci.VERSION: version})


def put_commit(desk, image, *texts):
    """Publish an image under `sha-1`, a name of its commit, and others."""
    names = tuple(map(Reference.parse, texts))
    standings = {TagName(tag): Standing(name_class=name_class) for tag, name_class in CLASSES.items()}
    standings[TagName("sha-1")] = Standing(name_class=NameClass.WRITE_ONCE, of_commit=True)
    tagset = TagSet(references=names, names=tuple(name.tag for name in names), labels=image.labels, standings=standings)
    wanted = Image(source=image, root=image.root, names=names)
    return publish(wanted, Request(command="run"), desk, Outputs(tagset=tagset))


def test_a_release_of_a_commit_that_its_branch_has_built(fake, desk):
    """The commit's name stays with the branch's image, the version gets its own, and the outputs name only that."""
    server, branch, release = fake(), versioned("main"), versioned("1.2.3")
    put_commit(desk, branch, f"{server.host}/app:sha-1")
    outputs = put_commit(desk, release, f"{server.host}/app:1.2.3", f"{server.host}/app:sha-1")
    assert server.tags == {("app", "sha-1"): branch.root.digest, ("app", "1.2.3"): release.root.digest}
    assert outputs.to_json()["tag-names"] == ["1.2.3"]
    assert "built as main" in desk.progress.warnings[0]


@pytest.mark.parametrize(
    ("first", "taken"),
    [
        (versioned("1.2.3", b"other"), "sha-1"),
        (versioned("main", revision="b" * 40), "sha-1"),
        (versioned("main"), "1.2.3"),
    ],
)
def test_other_builds_of_a_name_are_refused(fake, desk, first, taken):
    """A second build of one version, another commit, or a version that exists end the run as ever."""
    server = fake()
    put_commit(desk, first, f"{server.host}/app:{taken}")
    with pytest.raises(PolicyError):
        put_commit(desk, versioned("1.2.3"), f"{server.host}/app:1.2.3", f"{server.host}/app:sha-1")
    assert set(server.tags) == {("app", taken)}
