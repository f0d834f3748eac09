"""Layouts and archives of any tool, read."""

from __future__ import annotations

import gzip
import io
import json
import shutil
import subprocess
import tarfile

import pytest

from tagboat.errors import InputError, LayoutError
from tagboat.layers.changes import BytesContent, Entry, Kind
from tagboat.layers.extract import read_layer
from tagboat.layers.tarball import tar_stream
from tagboat.layout.reader import MAX_DOCUMENT_BYTES, open_layout
from tagboat.layout.writer import LayoutWriter, named_roots, write_archive
from tagboat.oci import mediatype
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.digest import Digest
from tagboat.oci.manifest import Index, Manifest
from tagboat.oci.platform import Platform


@pytest.fixture(params=["folder", "archive"])
def place(request, tmp_path, layout):
    """Make a layout with one image, as a folder and as an archive."""
    if request.param == "folder":
        return layout
    write_archive(layout, tmp_path / "layout.tar")
    return tmp_path / "layout.tar"


@pytest.fixture
def several(tmp_path, make_image):
    """Make a layout with two images of three names, and an index of two platforms."""
    with LayoutWriter(tmp_path / "several") as writer:
        one, two = make_image(writer.blobs, "one"), make_image(writer.blobs, "two", "linux/arm64")
        index = Index.make(manifests=[one, two])
        writer.blobs.add(index.raw)
        entries = [*named_roots(one, ["1", "latest"]), two.with_annotations({"io.containerd.image.name": "r.io/a:2"})]
        return open_layout(writer.commit([*entries, *named_roots(index.descriptor, ["r.io/a:multi"])]))


def greeting(layout, manifest: Manifest) -> bytes:
    with layout.open_blob(manifest.layers[0]) as stream:
        data = gzip.decompress(stream.read())
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return archive.extractfile("greeting").read()


def test_an_image_is_read_from_folder_and_archive(place):
    """Index, manifest, configuration and layers are the same in both."""
    layout = open_layout(place)
    manifest = layout.manifest(layout.select())
    assert isinstance(manifest, Manifest)
    assert layout.config(manifest.config).platform == Platform.parse("linux/amd64")
    assert greeting(layout, manifest) == b"hello"


def test_only_a_folder_has_files_for_blobs(place):
    """The path of a blob is known in a folder and None inside an archive, or when it is missing."""
    layout = open_layout(place)
    path = layout.blob_path(layout.select())
    assert (path is not None) == place.is_dir()
    assert layout.blob_path(Descriptor.of("x", b"missing")) is None


def test_names_are_those_of_the_index(several):
    """Each `ref.name` leads to its entry."""
    assert list(several.names()) == ["1", "latest", "r.io/a:multi"]
    assert several.names()["1"].digest == several.names()["latest"].digest


@pytest.mark.parametrize(
    ("selector", "platform"), [(":1", "amd64"), (":latest", "amd64"), (":2", "arm64"), ("1", "amd64")]
)
def test_a_tag_selects(several, selector, platform):
    """A tag is the `ref.name`, or the end of a full name."""
    assert several.select(selector).platform.architecture == platform


def test_nameless_images_that_an_index_holds_do_not_count(tmp_path, make_image):
    """What oras writes, an index with a name and its images without, holds one thing to push."""
    with LayoutWriter(tmp_path / "out") as writer:
        children = [make_image(writer.blobs, "one"), make_image(writer.blobs, "two", "linux/arm64")]
        index = Index.make(manifests=children)
        writer.blobs.add(index.raw)
        layout = open_layout(writer.commit([*children, *named_roots(index.descriptor, ["1"])]))
    assert layout.select().digest == index.descriptor.digest


def test_a_tag_of_a_full_name_selects(several):
    """Some tools write a full reference as `ref.name`."""
    assert several.select(":multi").media_type == mediatype.INDEX


def test_a_digest_selects_inside_indexes_too(tmp_path, make_image):
    """A manifest that only an index names can be selected by its digest."""
    with LayoutWriter(tmp_path / "out") as writer:
        child = make_image(writer.blobs, "child")
        index = Index.make(manifests=[child])
        writer.blobs.add(index.raw)
        layout = open_layout(writer.commit([index.descriptor]))
    assert layout.select(f"@{child.digest}") == child
    assert layout.select(f"@{index.descriptor.digest}") == layout.select()


@pytest.mark.parametrize(
    ("selector", "problem"),
    [
        ("", "has 4 images; there is :1, :latest, @sha256:.*, :r.io/a:multi"),
        (":3", "has no image :3; there is :1"),
        ("@sha256:" + "0" * 64, "has no image @sha256"),
        ("@nonsense", "'nonsense' is not a digest"),
    ],
)
def test_what_cannot_be_selected_lists_what_there_is(several, selector, problem):
    """An ambiguous or unknown selector names the entries to choose from."""
    with pytest.raises(LayoutError, match=problem):
        several.select(selector)


def test_an_empty_layout_has_nothing_to_select(tmp_path):
    """A layout without an image can be opened."""
    with LayoutWriter(tmp_path / "out") as writer:
        layout = open_layout(writer.commit([]))
    with pytest.raises(LayoutError, match="is empty"):
        layout.select()


def test_one_name_for_two_images_is_ambiguous(tmp_path, make_image):
    """A name that stands for two images is an error, not the last of them."""
    with LayoutWriter(tmp_path / "out") as writer:
        roots = [make_image(writer.blobs, text) for text in ("a", "b")]
        layout = open_layout(writer.commit([named_roots(root, ["x"])[0] for root in roots]))
    with pytest.raises(LayoutError, match="two images of the name 'x'"):
        layout.names()


def test_a_changed_blob_is_noticed_when_it_is_read(layout):
    """A blob with another content of the same size raises where it ends."""
    opened = open_layout(layout)
    manifest = opened.manifest(opened.select())
    path = opened.blob_path(manifest.layers[0])
    path.write_bytes(bytes(path.stat().st_size))
    with opened.open_blob(manifest.layers[0]) as stream, pytest.raises(LayoutError, match="does not match its digest"):
        shutil.copyfileobj(stream, io.BytesIO(), 50)
    path = opened.blob_path(opened.select())
    path.write_bytes(path.read_bytes().replace(b"2", b"3"))
    with pytest.raises(LayoutError, match="does not match its digest"):
        opened.manifest(opened.select())


def test_a_wrong_size_or_missing_blob_is_told_at_once(layout):
    """What can be seen without reading is told when the blob is opened."""
    opened = open_layout(layout)
    path = opened.blob_path(opened.select())
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(LayoutError, match="its descriptor says"):
        opened.open_blob(opened.select())
    path.unlink()
    with pytest.raises(LayoutError, match="cannot be read: No such file"):
        opened.open_blob(opened.select())


def test_a_huge_document_is_not_read(layout):
    """A manifest of more than 8 MiB is refused before it is in memory."""
    huge = Descriptor(media_type="x", digest=Digest.of(b""), size=MAX_DOCUMENT_BYTES + 1)
    with pytest.raises(LayoutError, match="too large"):
        open_layout(layout).read(huge)


def test_an_unknown_algorithm_cannot_be_verified(layout):
    """A blob whose digest we cannot compute is not handed out as if it were checked."""
    digest = Digest.parse("blake3:abc")
    (layout / "blobs" / "blake3").mkdir()
    (layout / "blobs" / "blake3" / "abc").write_bytes(b"x")
    with pytest.raises(LayoutError, match="algorithm is unknown"):
        open_layout(layout).open_blob(Descriptor(media_type="x", digest=digest, size=1))


def test_nothing_there_is_the_inputs_fault(tmp_path):
    """A path that does not exist is a wrong input, not a broken layout."""
    with pytest.raises(InputError, match="no image layout at"):
        open_layout(tmp_path / "nothing")


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("oci-layout", None, "there is no oci-layout"),
        ("oci-layout", b"{}", "does not name the version"),
        ("oci-layout", b'{"imageLayoutVersion":"2.0.0"}', "version 2.0.0"),
        ("index.json", None, "index.json cannot be read"),
        ("index.json", b"[]", "not a JSON object"),
        ("index.json", b'{"schemaVersion":2}', "manifests"),
    ],
)
def test_a_broken_layout_is_told(layout, name, content, problem):
    """Each thing that makes a folder a layout is asked for by name."""
    (layout / name).unlink()
    if content is not None:
        (layout / name).write_bytes(content)
    with pytest.raises(LayoutError, match=problem):
        open_layout(layout)


def test_a_compressed_archive_is_told_with_the_way_out(tmp_path, layout):
    """An archive that was compressed as a whole cannot be read in place."""
    write_archive(layout, tmp_path / "a.tar")
    (tmp_path / "a.tar.gz").write_bytes(gzip.compress((tmp_path / "a.tar").read_bytes()))
    with pytest.raises(LayoutError, match="compressed with gzip") as caught:
        open_layout(tmp_path / "a.tar.gz")
    assert "gzip -d" in caught.value.hint


def test_some_other_file_is_no_archive(tmp_path):
    """A file that is no tar, or a tar of something else, is a broken layout."""
    (tmp_path / "text").write_text("hello" * 500)
    with tarfile.open(tmp_path / "other.tar", "w") as archive:
        archive.add(tmp_path / "text", "text")
    for name in ("text", "other.tar"):
        with pytest.raises(LayoutError, match="neither a layout|no image layout"):
            open_layout(tmp_path / name)


# ---------------------------------------------------------------- docker save


def layer(text: str) -> bytes:
    return b"".join(tar_stream([Entry(text, Kind.FILE, size=len(text), content=BytesContent(text.encode()))]))


def docker_save(path, *, compressed: bool = False, broken: str = "") -> None:
    layers = [layer("one"), layer("two"), layer("one")]
    config = json.dumps(
        {
            "architecture": "arm64",
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [Digest.of(data) for data in layers]},
            "history": [{"created_by": "x"}] * 3,
        }
    ).encode()
    names = [f"{number}/layer.tar" for number in "123"]
    images = [{"Config": "c.json", "RepoTags": ["app:1", "r.io:5000/app:latest"], "Layers": names}]
    files = {
        "1/layer.tar": gzip.compress(layers[0]) if compressed else layers[0],
        "2/layer.tar": layers[1],
        "c.json": config,
        "manifest.json": broken.encode() or json.dumps(images).encode(),
    }
    with tarfile.open(path, "w") as archive:
        for name, data in files.items():
            header = tarfile.TarInfo(name)
            header.size = len(data)
            archive.addfile(header, io.BytesIO(data))
        link = tarfile.TarInfo("3/layer.tar")  # old versions of Docker write a layer once
        link.type, link.linkname = tarfile.SYMTYPE, "../1/layer.tar"
        archive.addfile(link)


@pytest.mark.parametrize("compressed", [False, True])
def test_an_archive_of_docker_save_is_a_layout(tmp_path, compressed):
    """Its images have OCI manifests, one entry a name, and layers that can be read and verified."""
    docker_save(tmp_path / "saved.tar", compressed=compressed)
    layout = open_layout(tmp_path / "saved.tar")
    assert list(layout.names()) == ["1", "latest"]
    root = layout.select(":latest")
    assert root == layout.select("@" + root.digest).with_annotations(root.annotations)
    assert root.platform == Platform.parse("linux/arm64")
    manifest = layout.manifest(root)
    assert layout.config(manifest.config).diff_ids == tuple(Digest.of(layer(text)) for text in ("one", "two", "one"))
    contents = []
    for descriptor in manifest.layers:
        with layout.open_blob(descriptor) as stream:
            contents.extend(entry.path for entry in read_layer(stream, descriptor.media_type))
    assert contents == ["one", "two", "one"]


def test_an_unpacked_archive_of_docker_save_is_one_too(tmp_path):
    """A folder with a `manifest.json` is read like the archive."""
    docker_save(tmp_path / "saved.tar")
    (tmp_path / "saved").mkdir()
    subprocess.run(["tar", "-xf", tmp_path / "saved.tar", "-C", tmp_path / "saved"], check=True)
    packed, folder = open_layout(tmp_path / "saved.tar"), open_layout(tmp_path / "saved")
    assert packed.index == folder.index


@pytest.mark.parametrize("broken", ["{", "{}x", "[1]", "[{}]", '[{"Config": "gone", "Layers": []}]'])
def test_a_broken_archive_of_docker_save_is_told(tmp_path, broken):
    """Whatever is wrong with `manifest.json` is a broken layout."""
    docker_save(tmp_path / "saved.tar", broken=broken)
    with pytest.raises(LayoutError):
        open_layout(tmp_path / "saved.tar")
