"""Layouts with documents of any shape."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tagboat.layout.validate import validate_layout
from tagboat.layout.writer import LayoutWriter
from tagboat.oci import mediatype
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.digest import Digest

TAR = bytes(1024)
CONFIG: dict[str, Any] = {
    "architecture": "amd64",
    "os": "linux",
    "created": "2024-01-01T00:00:00Z",
    "config": {"Env": ["A=b"]},
    "rootfs": {"type": "layers", "diff_ids": [Digest.of(TAR)]},
    "history": [{"created_by": "x"}],
}
anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-2, 9), st.text(max_size=5), st.just(Digest.of(TAR))),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=5,
)


def spots(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the way to every value in a document."""
    found = [path]
    if isinstance(document, dict):
        found += [spot for key, value in document.items() for spot in spots(value, (*path, key))]
    if isinstance(document, list):
        found += [spot for number, value in enumerate(document) for spot in spots(value, (*path, number))]
    return found


def changed(document: Any, path: tuple[Any, ...], value: Any) -> Any:
    """Return a document with another value at that place."""
    if not path:
        return value
    copy = dict(document) if isinstance(document, dict) else list(document)
    copy[path[0]] = changed(document[path[0]], path[1:], value)
    return copy


@given(st.data(), st.sampled_from(["config", "manifest", "index", "nothing"]))
@settings(max_examples=300, deadline=None)
def test_any_document_is_judged(data, spoiled):
    """Whatever a document holds at any place, the validator reports it and never raises; a good one has no faults."""

    def spoil(name: str, document: dict[str, Any]) -> bytes:
        if name == spoiled:
            place = data.draw(st.sampled_from(spots(document)))
            return json.dumps(changed(document, place, data.draw(anything))).encode()
        return json.dumps(document).encode()

    with tempfile.TemporaryDirectory() as folder, LayoutWriter(Path(folder) / "out") as writer:
        config = spoil("config", CONFIG)
        manifest = spoil(
            "manifest",
            {
                "schemaVersion": 2,
                "mediaType": mediatype.MANIFEST,
                "config": Descriptor.of(mediatype.CONFIG, config).to_json(),
                "layers": [Descriptor.of(mediatype.LAYER, TAR).to_json()],
                "annotations": {"a": "b"},
            },
        )
        for blob in (TAR, config, manifest):
            writer.blobs.add(blob)
        root = Descriptor.of(mediatype.MANIFEST, manifest)
        layout = writer.commit([root])
        entry = {**root.to_json(), "platform": {"os": "linux", "architecture": "amd64"}, "annotations": {"a": "b"}}
        index = {"schemaVersion": 2, "mediaType": mediatype.INDEX, "manifests": [entry], "annotations": {}}
        (layout / "index.json").write_bytes(spoil("index", index))
        faults = validate_layout(layout)
        assert spoiled != "nothing" or faults == []
