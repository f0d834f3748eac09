"""The validator finds every violation, and the acceptance of good layouts is checked by every other test."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tagboat.layers.changes import Entry, Kind
from tagboat.layers.tarball import tar_stream
from tagboat.layout.validate import validate_layout
from tagboat.layout.writer import LayoutWriter
from tagboat.oci import mediatype
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.digest import Digest
from tagboat.oci.manifest import Index

Change = Callable[[dict[str, Any], dict[str, Any], list[bytes]], None]


def tar(*members: tuple[str, bytes, bytes]) -> bytes:
    """Pack members given as name, type and content or link target."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, type_, data in members:
            header = tarfile.TarInfo(name)
            header.type = type_
            if type_ == tarfile.REGTYPE:
                header.size = len(data)
            else:
                header.linkname = data.decode()
            archive.addfile(header, io.BytesIO(data))
    return stream.getvalue()


def make(folder: Path, change: Change, layers: list[bytes] | None = None) -> Path:
    """Write a good image by hand, after `change` was allowed to spoil its documents and layers."""
    layers = layers or [tar(("f", tarfile.REGTYPE, b"x")), tar((".wh.f", tarfile.REGTYPE, b""))]
    config: dict[str, Any] = {
        "architecture": "amd64",
        "os": "linux",
        "created": "2024-01-01T00:00:00Z",
        "rootfs": {"type": "layers", "diff_ids": [Digest.of(layer) for layer in layers]},
        "history": [{"created": "2024-01-01T00:00:00.5+01:00"}, *({} for _ in layers[1:]), {"empty_layer": True}],
    }
    manifest: dict[str, Any] = {"schemaVersion": 2, "mediaType": mediatype.MANIFEST}
    change(config, manifest, layers)
    with LayoutWriter(folder) as writer:
        packed = [gzip.compress(layer) for layer in layers]
        raw = json.dumps(config).encode()
        for blob in (raw, *packed):
            writer.blobs.add(blob)
        document = {
            "config": Descriptor.of(mediatype.CONFIG, raw).to_json(),
            "layers": [Descriptor.of(mediatype.LAYER_GZIP, blob).to_json() for blob in packed],
        }
        raw = json.dumps(document | manifest).encode()
        writer.blobs.add(raw)
        root = Descriptor.of(mediatype.MANIFEST, raw).to_json()
        root["platform"] = {"os": "linux", "architecture": "amd64"}
        return writer.commit([Descriptor.from_json(root)])


def nothing(_config: dict[str, Any], _manifest: dict[str, Any], _layers: list[bytes]) -> None:
    """Spoil nothing."""


def test_a_good_layout_has_no_faults(tmp_path, layout):
    """Neither one of ours nor one written by hand is blamed."""
    assert validate_layout(layout) == []
    assert validate_layout(make(tmp_path / "hand", nothing)) == []


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        ("architecture", "", "lacks os or architecture"),
        ("architecture", "arm64", "is called linux/amd64, its configuration says linux/arm64"),
        ("created", "yesterday", "'yesterday' is not a time of RFC 3339"),
        ("history", [{"created": "2024-01-01"}, {}], "'2024-01-01' is not a time"),
        ("history", [{}], "history of 1 layers, the image has 2"),
        ("rootfs", {"type": "files", "diff_ids": [Digest.of(b""), Digest.of(b"")]}, "rootfs.type is not layers"),
        ("rootfs", {"type": "layers", "diff_ids": [Digest.of(b""), Digest.of(b"")]}, "has the diff ID sha256:"),
        ("rootfs", {"type": "layers", "diff_ids": []}, "has 0 diff IDs for 2 layers"),
        ("rootfs", {"type": "layers", "diff_ids": ["nonsense", ""]}, "nonsense"),
    ],
)
def test_a_wrong_configuration_is_found(tmp_path, key, value, fault):
    """Every member of the configuration that must agree with something is compared."""
    faults = validate_layout(make(tmp_path / "out", lambda config, *_: config.update({key: value})))
    assert any(fault in found for found in faults), faults


@pytest.mark.parametrize(
    ("key", "value", "fault"),
    [
        ("mediaType", mediatype.DOCKER_MANIFEST, "calls itself"),
        ("schemaVersion", 1, "schema version 1"),
        ("layers", None, "no list 'layers'"),
        ("config", Descriptor.of(mediatype.CONFIG, b"missing").to_json(), "cannot be read"),
        ("config", Descriptor.of("text/plain", b"missing").to_json(), "no media type of a configuration"),
        ("layers", [Descriptor.of("text/plain", b"missing").to_json()] * 2, "no media type of a layer"),
        ("layers", [Descriptor.of(mediatype.LAYER, b"missing").to_json()] * 2, "cannot be read"),
    ],
)
def test_a_wrong_manifest_is_found(tmp_path, key, value, fault):
    """What the manifest says and points to is checked."""
    faults = validate_layout(make(tmp_path / "out", lambda _, manifest, __: manifest.update({key: value})))
    assert any(fault in found for found in faults), faults


FILE, DIRECTORY, LINK, SYMLINK = tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.LNKTYPE, tarfile.SYMTYPE


@pytest.mark.parametrize(
    ("members", "fault"),
    [
        ([("a", FILE, b""), ("a", FILE, b"")], "'a' is there twice"),
        ([("a", FILE, b""), ("./a/", FILE, b"")], "'a' is there twice"),
        ([("/a", FILE, b"")], "'/a' is an absolute path"),
        ([("../a", FILE, b"")], "unsafe path '../a'"),
        ([("a", FILE, b""), ("a/b", FILE, b"")], "below a, which is a file"),
        ([("d", DIRECTORY, b""), ("l", SYMLINK, b"d"), ("l/b", FILE, b"")], "'l/b' lies below something"),
        ([("a", LINK, b"gone")], "hard link a to gone"),
        ([(".wh.a", FILE, b"x")], "the whiteout '.wh.a' is not an empty file"),
        ([(".wh.a", DIRECTORY, b"")], "the whiteout '.wh.a' is not an empty file"),
        ([(".wh..wh.plnk", DIRECTORY, b"")], "of use to aufs alone"),
    ],
)
def test_a_wrong_layer_is_found(tmp_path, members, fault):
    """A tar that extractors understand differently is told with the path."""
    faults = validate_layout(make(tmp_path / "out", nothing, [tar(*members)]))
    assert any(fault in found for found in faults), faults


def test_a_hard_link_to_a_lower_layer_is_right(tmp_path):
    """A link may lead to a file that an earlier layer holds."""
    layers = [tar(("f", FILE, b"x")), tar(("g", LINK, b"f"))]
    assert validate_layout(make(tmp_path / "out", nothing, layers)) == []


def test_several_faults_are_told_together(tmp_path):
    """One run tells everything."""
    out = make(tmp_path / "out", lambda config, *_: config.update({"created": "x", "history": []}))
    (out / "left-over").write_text("x")
    assert len(validate_layout(out)) == 3


@pytest.mark.parametrize("name", [".partial-x", "blobs/sha256/.partial", "blobs/sha256/" + "A" * 64, "blobs/x"])
def test_left_over_files_are_found(layout, name):
    """Files that are no part of a layout show a writer that was not clean."""
    (layout / name).write_text("x")
    assert any("left over" in fault for fault in validate_layout(layout))


def test_a_blob_that_nothing_points_to_must_be_what_it_is_called(layout):
    """Blobs are verified even when no document names them."""
    (layout / "blobs" / "sha256" / Digest.of(b"x").encoded).write_bytes(b"x")
    assert validate_layout(layout) == []
    (layout / "blobs" / "sha256" / Digest.of(b"y").encoded).write_bytes(b"x")
    assert any("does not match its digest" in fault for fault in validate_layout(layout))


def test_entries_of_an_index_name_their_platform(tmp_path, make_image):
    """A client picks by the platform, so each entry below the top must have one."""
    with LayoutWriter(tmp_path / "out") as writer:
        child = make_image(writer.blobs, "x")
        index = Index.make(manifests=[child, make_image(writer.blobs, "y").with_platform(None)])
        writer.blobs.add(index.raw)
        out = writer.commit([index.descriptor])
    assert [fault for fault in validate_layout(out) if "without a platform" in fault] == validate_layout(out) != []


def test_an_artifact_is_only_looked_at(tmp_path):
    """An attestation beside an image has a configuration of its own kind."""
    with LayoutWriter(tmp_path / "out") as writer:
        writer.blobs.add(b"{}")
        raw = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": mediatype.MANIFEST,
                "artifactType": "text/x",
                "config": Descriptor.of(mediatype.EMPTY, b"{}").to_json(),
                "layers": [Descriptor.of(mediatype.EMPTY, b"{}").to_json()],
            }
        ).encode()
        writer.blobs.add(raw)
        out = writer.commit([Descriptor.of(mediatype.MANIFEST, raw)])
    assert validate_layout(out) == []


def test_what_is_no_layout_is_one_fault(tmp_path):
    """The validator reports, it does not raise."""
    assert len(validate_layout(tmp_path)) == len(validate_layout(tmp_path / "nothing")) == 1


def test_a_layer_of_another_compression_is_found(tmp_path):
    """The media type must say how a layer is compressed."""
    plain = b"".join(tar_stream([Entry("f", Kind.FILE)]))

    def change(_config: object, manifest: dict[str, Any], layers: list[bytes]) -> None:
        layers[:] = [plain]
        blob = Descriptor.of(mediatype.LAYER_ZSTD, gzip.compress(plain))
        manifest["layers"] = [blob.to_json()]

    faults = validate_layout(make(tmp_path / "out", change, [plain]))
    assert faults == ["a layer of type application/vnd.oci.image.layer.v1.tar+zstd holds gzip data, not zstd data"]
