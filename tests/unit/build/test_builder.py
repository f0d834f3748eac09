"""Building a plan into a layout: layers, sharing, determinism, and what stays when a build fails."""

from __future__ import annotations

import os
import shutil

import pytest

from fakes.building import CREATED, FILE_TIME, NATIVE, PASSWD, LayoutRegistry, Symlink, file, folder, write_tree
from tagboat.build import BuildSettings, CopyTimes
from tagboat.errors import DockerfileError, LayoutError
from tagboat.flow.request import Compression
from tagboat.layout.writer import LayoutWriter
from tagboat.oci import mediatype
from tagboat.oci.annotations import REF_NAME, Annotation
from tagboat.oci.config import ImageConfig
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.manifest import Manifest
from tagboat.oci.reference import TagName

TREE = {"f": "1", "d/x": "3", "d/sub/y": "4", "d/run.sh": "#!/bin/sh\n"}


def settings(**fields) -> BuildSettings:
    """Return the usual settings with some replaced."""
    return BuildSettings(**{"created": CREATED, "times": CopyTimes(constant=FILE_TIME), **fields})


def blobs(workshop) -> set[str]:
    """Return the names of the blobs in the last layout."""
    return {path.name for path in (workshop.layouts[-1] / "blobs/sha256").iterdir()}


def unreadable_base(workshop) -> str:
    """Write a base whose only layer is no archive, though its digests are right."""
    with LayoutWriter(workshop.place / "unreadable") as writer:
        layer = Descriptor.of(mediatype.LAYER, b"no archive")
        writer.blobs.add(b"no archive")
        config = ImageConfig(platform=NATIVE, diff_ids=(layer.digest,)).encode()
        writer.blobs.add(config)
        manifest = Manifest.make(config=Descriptor.of(mediatype.CONFIG, config), layers=[layer])
        writer.blobs.add(manifest.raw)
        writer.commit([manifest.descriptor])
    return f"oci-layout://{workshop.place / 'unreadable'}"


def test_an_image_has_the_layers_of_all_that_it_stands_on(workshop):
    """Layers of the base and of parent stages come first, in order, and the base's keep their digests."""
    base = workshop.base([file("a")], [file("b")], run={"Env": ["PATH=/bin"]})
    workshop.files(TREE)
    image = workshop.build("FROM b AS one\nCOPY f /c\nFROM one AS two\nCOPY f /d\n", contexts={"b": base})
    only_base = workshop.build("FROM b\n", contexts={"b": base})
    assert image.paths() == ["a", "b", "c", "d"]
    assert image.manifest.layers[:2] == only_base.manifest.layers
    assert len(image.layers) == 4


def test_an_image_without_a_layer_is_an_image(workshop):
    """A stage from scratch that only sets configuration has no layer."""
    image = workshop.build("FROM scratch\nENV A=1\n")
    assert (image.layers, image.env["A"]) == ([], "1")


def test_history_counts_every_layer(workshop):
    """Lines that change no file say so: a folder that is there already, a pattern that matches nothing."""
    workshop.files(TREE)
    image = workshop.build("FROM scratch\nCOPY d /d\nWORKDIR /d\nWORKDIR /new\nCOPY none* /d/\nUSER 1\n")
    assert [entry.get("empty_layer", False) for entry in image.config.history] == [False, True, False, True, True]
    assert len(image.layers) == 2


@pytest.mark.parametrize(
    ("history", "lines"),
    [
        ([], 2),
        ([{"created_by": "one"}], 2),
        ([{"created_by": "one"}, {"created_by": "none", "empty_layer": True}, {"created_by": "two"}], 3),
        ([{"created_by": "one"}, {"created_by": "two"}, {"created_by": "three"}], 3),
        ([{"created_by": "none", "empty_layer": True}], 3),
    ],
)
def test_a_base_with_a_wrong_history_gives_an_image_with_a_right_one(workshop, history, lines):
    """History and layers are counted right even where the base's do not fit together."""
    base = workshop.base([file("a")], [file("b")], history=history)
    workshop.files(TREE)
    image = workshop.build("FROM b\nCOPY f /f\n", contexts={"b": base})
    workshop.layouts.remove(workshop.place / "base-0")
    assert len(image.config.history) == lines + 1
    assert sum(not entry.get("empty_layer") for entry in image.config.history) == 3


def test_times_are_those_of_the_settings(workshop):
    """The image and its new history have the time of the build, the base's history keeps its own."""
    old = {"created": "2001-02-03T04:05:06Z", "created_by": "old"}
    base = workshop.base([file("a")], history=[old])
    workshop.files(TREE)
    image = workshop.build("FROM b\nCOPY f /f\n", contexts={"b": base})
    assert image.config.created == "2023-11-14T22:13:20Z"
    assert [entry["created"] for entry in image.config.history] == [old["created"], image.config.created]


@pytest.mark.parametrize(
    ("times", "expected"),
    [(CopyTimes(constant=5), 5), (CopyTimes(constant=None), 99), (CopyTimes(constant=None, latest=7), 7)],
)
def test_file_times_are_constant_or_the_sources(workshop, times, expected):
    """Copied files have one time, or their own up to the latest that is allowed."""
    workshop.files(TREE)
    os.utime(workshop.context / "f", (99, 99))
    image = workshop.build("FROM scratch\nCOPY f /f\n", settings=settings(times=times))
    assert image.entry("f").mtime == expected


def test_the_configuration_of_the_base_survives(workshop):
    """What the base's configuration holds beside what we know is kept."""
    run = {"Env": ["PATH=/bin"], "Cmd": ["c"], "ArgsEscaped": True, "Unheard": {"of": 1}}
    base = workshop.base([file("a")], run=run)
    assert workshop.build("FROM b\n", contexts={"b": base}).run == run


def test_files_of_another_stage_come_alone(workshop):
    """COPY --from takes files and owners of a stage; its layers are neither written nor compressed."""
    workshop.files(TREE)
    image = workshop.build(
        "FROM b AS tool\nCOPY --chown=app d /big\nWORKDIR /more\nFROM scratch\nCOPY --from=tool /big/sub /s\n"
        "COPY --from=0 /etc/passwd /p\n",
        contexts={"b": workshop.base(PASSWD)},
    )
    assert image.paths() == ["p", "s", "s/y"]
    assert (image.owner("s/y"), image.owner("s")) == ((1000, 1001), (0, 0))
    assert "app:x:1000" in image.text("p")
    assert len(blobs(workshop)) == len(image.layers) + 2
    assert [line for line in workshop.progress.lines if "/big " in line or "d /big" in line] == []


def test_files_of_an_image_are_found_as_in_its_file_system(workshop):
    """COPY --from=IMAGE follows that image's own symlinks, and reads contents out of its layers."""
    base = workshop.base([folder("usr/lib"), file("usr/lib/so", "old")], [file("usr/lib/so", "new", 0o755, 3, 4)])
    registry = LayoutRegistry(base)
    image = workshop.build("FROM scratch\nCOPY --from=tool:1 /usr/lib/ /l/\n", registry=registry)
    assert (image.text("l/so"), image.mode("l/so"), image.owner("l/so")) == ("new", 0o755, (3, 4))


def test_files_of_named_contexts_obey_their_own_ignore_file(workshop):
    """A named context is another folder with its own .dockerignore."""
    write_tree(workshop.place / "other", {"a": "1", "b": "2", ".dockerignore": "b\n"})
    workshop.files({"b": "mine"})
    image = workshop.build(
        "FROM scratch\nCOPY --from=docker.io/library/other . /o/\n", contexts={"other": str(workshop.place / "other")}
    )
    assert image.paths("o") == [".dockerignore", "a"]


def test_base_layers_are_only_looked_into_when_a_file_asks_for_it(workshop):
    """What sets configuration alone, or copies with --link, passes a base's layers on without a look inside."""
    registry = LayoutRegistry(unreadable_base(workshop))
    workshop.files(TREE)
    for line in ("ENV A=1", "USER app", "COPY --link f /f", "COPY --link --chown=3 f /f"):
        registry.opened.clear()
        workshop.build(f"FROM base:1\n{line}\n", registry=registry)
        assert registry.opened == [mediatype.CONFIG, mediatype.LAYER]
    for line in ("COPY f /f", "WORKDIR /w", "COPY --link --chown=app f /f"):
        with pytest.raises(LayoutError, match=r"Dockerfile:2: the image base:1: .*tar"):
            workshop.build(f"FROM base:1\n{line}\n", registry=registry)
    workshop.layouts.clear()


def test_stages_that_nobody_needs_are_not_fetched(workshop):
    """An image that only an unused stage names is never asked for."""
    registry = LayoutRegistry(workshop.base([file("a")]))
    workshop.build("FROM needed:1\nFROM scratch\nCOPY --from=also:2 /a /a\nFROM scratch\n", registry=registry)
    assert registry.asked == []


def test_platforms_share_layers(workshop):
    """Two platforms that copy the same files have one layer between them, compressed once."""
    workshop.files(TREE)
    os.link(workshop.context / "f", workshop.context / "d/link")
    text = "FROM scratch\nARG TARGETARCH\nCOPY . /\nENV ARCH=$TARGETARCH\n"
    one = workshop.build(text, platforms="linux/amd64,linux/arm64", platform="linux/amd64")
    two = type(one)(one.path, workshop.place / "spool", "linux/arm64")
    assert one.manifest.layers == two.manifest.layers
    assert (one.env["ARCH"], two.env["ARCH"]) == ("amd64", "arm64")
    assert sum(line.startswith("COPY . /") for line in workshop.progress.lines) == 1
    assert one.root.media_type == mediatype.INDEX
    assert len(blobs(workshop)) == 1 + 2 * 2 + 1


def test_the_same_files_give_the_same_digest(workshop):
    """File times, the order of creation and the place of the context change no byte."""
    files = {**TREE, "l": Symlink("d/x"), "empty": None}
    workshop.files(files)
    text = "FROM scratch\nCOPY . /\nWORKDIR /w\n"
    first = workshop.build(text)
    other = workshop.place / "moved"
    write_tree(other, dict(reversed(files.items())))
    for number, path in enumerate(other.rglob("*")):
        os.utime(path, (number, 12345678 * number), follow_symlinks=False)
    workshop.context = other
    assert workshop.build(text).digest == first.digest


@pytest.mark.parametrize("umask", [0o002, 0o027, 0o077])
def test_the_umask_of_a_checkout_changes_no_digest(workshop, umask):
    """Modes that only a checkout's umask made different from what git records are those that git records."""
    workshop.files(TREE)
    (workshop.context / "d/run.sh").chmod(0o755)
    recorded = {"f": 0o644, "d": 0o755, "d/x": 0o644, "d/sub": 0o755, "d/sub/y": 0o644, "d/run.sh": 0o755}
    first = workshop.build("FROM scratch\nCOPY . /\n", recorded_mode=recorded.get)
    for path in workshop.context.rglob("*"):
        full = 0o777 if path.is_dir() or path.name == "run.sh" else 0o666
        path.chmod(full & ~umask)
    second = workshop.build("FROM scratch\nCOPY . /\n", recorded_mode=recorded.get)
    assert second.digest == first.digest
    assert workshop.build("FROM scratch\nCOPY . /\n").digest != first.digest


def test_who_owns_the_checkout_changes_no_digest(workshop):
    """Files of the build context are 0:0 in the image whoever owns them on disk."""
    workshop.files(TREE)
    first = workshop.build("FROM scratch\nCOPY . /\n")
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    for path in workshop.context.rglob("*"):
        os.chown(path, 1234, 4321)
    assert workshop.build("FROM scratch\nCOPY . /\n").digest == first.digest


def test_the_number_of_jobs_changes_no_digest(workshop):
    """Layers compressed by several threads have the same bytes."""
    workshop.files({"big": os.urandom(3 << 20).hex()})
    digests = {workshop.build("FROM scratch\nCOPY . /\n", settings=settings(jobs=jobs)).digest for jobs in (1, 2, 5)}
    assert len(digests) == 1


@pytest.mark.parametrize("compression", ["fast", "small", "zstd:3"])
def test_new_layers_are_compressed_as_asked(workshop, compression):
    """The media type says how a layer is compressed; the base's layers stay as they are."""
    base = workshop.base([file("a")], compression=Compression.parse("zstd:1"))
    workshop.files(TREE)
    chosen = settings(compression=Compression.parse(compression))
    image = workshop.build("FROM b\nCOPY d /d\n", contexts={"b": base}, settings=chosen)
    expected = mediatype.LAYER_ZSTD if compression.startswith("zstd") else mediatype.LAYER_GZIP
    assert [layer.media_type for layer in image.manifest.layers] == [mediatype.LAYER_ZSTD, expected]
    assert image.paths() == ["a", "d", "d/run.sh", "d/sub", "d/sub/y", "d/x"]


def test_names_and_annotations_stand_where_they_belong(workshop):
    """Each name has an entry in the index of the layout; annotations go to the level that they are for."""
    workshop.files(TREE)
    lines = ["m=1", "index:i=2", "manifest-descriptor:d=3", "index-descriptor:x=4", "manifest[linux/arm64]:p=5"]
    chosen = settings(
        names=(TagName("v1"), TagName("latest")),
        annotations=tuple(annotation for line in lines for annotation in Annotation.parse(line)),
    )
    both = "linux/amd64,linux/arm64"
    image = workshop.build("FROM scratch\n", settings=chosen, platforms=both, platform="linux/arm64")
    entries = image.layout.index.manifests
    index = image.layout.manifest(image.root)
    assert [entry.annotations for entry in entries] == [{"x": "4", REF_NAME: name} for name in ("v1", "latest")]
    assert [child.annotations for child in index.children] == [{"d": "3"}] * 2
    assert (index.annotations, image.manifest.annotations) == ({"i": "2"}, {"m": "1", "p": "5"})


def test_one_platform_is_a_plain_manifest(workshop):
    """Without a second platform the root is the manifest itself, and its descriptor takes the annotations."""
    chosen = settings(annotations=Annotation.parse("manifest-descriptor:d=3"))
    image = workshop.build("FROM scratch\n", settings=chosen, platforms="linux/arm64")
    assert image.root.media_type == mediatype.MANIFEST
    assert image.root.annotations == {"d": "3"}
    assert (str(image.root.platform), str(image.config.platform)) == ("linux/arm64", "linux/arm64")
    assert workshop.built.image_id == image.manifest.config.digest


def test_a_file_that_grows_meanwhile_leaves_no_layout(workshop):
    """What changes between the look at it and the reading of it fails the build, and nothing stays behind."""
    workshop.files(TREE)

    class Growing(type(workshop.progress)):
        def detail(self, _text: str) -> None:
            (workshop.context / "f").write_text("longer than before")

    workshop.progress = Growing()
    before = set(workshop.place.iterdir())
    with pytest.raises(DockerfileError, match="f changed"):
        workshop.build("FROM scratch\nCOPY . /\n")
    assert set(workshop.place.iterdir()) == before


def test_a_broken_base_is_a_layout_error(workshop):
    """A blob of the base that is not what its digest says never enters an image."""
    base = workshop.base([file("a", "content")])
    (layer,) = [path for path in (workshop.place / "base-0/blobs/sha256").iterdir() if path.read_bytes()[:1] != b"{"]
    content = bytearray(layer.read_bytes())
    content[-1] ^= 1
    layer.write_bytes(content)
    for text in ("FROM b\n", "FROM b\nUSER 1\nWORKDIR /w\n", "FROM scratch\nCOPY --from=b /a /a\n"):
        with pytest.raises(LayoutError):
            workshop.build(text, contexts={"b": base})
    assert not (workshop.place / "layout-1").exists()
    shutil.rmtree(workshop.place / "base-0")
    workshop.layouts.clear()
