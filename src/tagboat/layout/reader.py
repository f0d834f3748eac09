"""Reading a layout or image archive that any tool made, no more of it than is asked for."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from tagboat.errors import InputError, LayoutError
from tagboat.layout.docker_archive import CONTAINERD_NAME, MANIFEST_FILE, read_docker_archive
from tagboat.layout.medium import HEADER_FILE, INDEX_FILE, Medium, open_medium
from tagboat.layout.verified import VERIFIABLE, VerifiedStream
from tagboat.oci import mediatype
from tagboat.oci.annotations import REF_NAME
from tagboat.oci.config import ImageConfig
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.digest import Digest
from tagboat.oci.manifest import Index, Manifest, parse

MAX_DOCUMENT_BYTES = 8 << 20
_NAMES = {REF_NAME, CONTAINERD_NAME}


def open_layout(path: Path) -> Layout:
    """Open a layout folder, an OCI archive or an archive of `docker save`.

    Raises `InputError` when there is nothing at `path`, and `LayoutError` when it is none of these.
    """
    medium = open_medium(path)
    if HEADER_FILE in medium:
        _check_header(_small_file(medium, HEADER_FILE))
        index = parse(_small_file(medium, INDEX_FILE), mediatype.INDEX)
        assert isinstance(index, Index)
        return Layout(place=path, medium=medium, index=index)
    if MANIFEST_FILE in medium:
        images = read_docker_archive(medium)
        return Layout(place=path, medium=medium, index=images.index, files=images.files, documents=images.manifests)
    raise LayoutError(f"{path} is no image layout: there is no {HEADER_FILE} in it", "name a layout made by a build")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """An image layout that is being read; `index` is its `index.json`.

    `files` names the blobs that do not lie under `blobs/`, `documents` holds those that are in no file at all.
    """

    place: Path
    medium: Medium
    index: Index
    files: Mapping[Digest, str] = field(default_factory=dict)
    documents: Mapping[Digest, bytes] = field(default_factory=dict)

    def names(self) -> dict[str, Descriptor]:
        """Return the entry of each `ref.name`; raises `LayoutError` when one name stands for two images."""
        named: dict[str, Descriptor] = {}
        for entry in self.index.manifests:
            name = entry.annotations.get(REF_NAME)
            if name and named.setdefault(name, entry).digest != entry.digest:
                raise LayoutError(f"{self.place} has two images of the name {name!r}", "select one by @DIGEST")
        return named

    def select(self, selector: str = "") -> Descriptor:
        """Return the entry that `:TAG` or `@DIGEST` names, or the only one there is when `selector` is empty.

        Images without a name that an index of the layout holds do not count: oras lists them. A digest may also be that
        of a manifest inside an index. Raises `LayoutError`, listing what there is.
        """
        if selector.startswith("@"):
            found = self._by_digest(selector[1:])
        elif selector:
            found = [entry for entry in self.index.manifests if _is_named(entry, selector.removeprefix(":"))]
        else:
            found = self._roots()
        if len({entry.digest for entry in found}) == 1:
            return found[0]
        known = ", ".join(_title(entry) for entry in self.index.manifests) or "no image"
        problem = f"has {len(found)} images" if found else f"has no image {selector}" if selector else "is empty"
        raise LayoutError(f"{self.place} {problem}; there is {known}", "select one by :TAG or @DIGEST")

    def manifest(self, descriptor: Descriptor) -> Manifest | Index:
        """Return the manifest or index of this digest, verified."""
        return parse(self.read(descriptor), descriptor.media_type)

    def config(self, descriptor: Descriptor) -> ImageConfig:
        """Return the image configuration of this digest, verified."""
        return ImageConfig.parse(self.read(descriptor))

    def read(self, descriptor: Descriptor) -> bytes:
        """Return a document, at most 8 MiB; raises `LayoutError` when digest or size differ or it is missing."""
        if descriptor.size > MAX_DOCUMENT_BYTES:
            raise LayoutError(f"blob {descriptor.digest} is too large for a document: {descriptor.size} bytes")
        with self.open_blob(descriptor) as stream:
            return stream.read()

    def open_blob(self, descriptor: Descriptor) -> BinaryIO:
        """Return a stream over a blob that raises `LayoutError` at the end when the digest is another.

        Raises `LayoutError` at once when the blob is missing or has another size.
        """
        if descriptor.digest.algorithm not in VERIFIABLE:
            raise LayoutError(f"blob {descriptor.digest} cannot be verified: its algorithm is unknown")
        if descriptor.digest in self.documents:
            content = self.documents[descriptor.digest]
            return cast("BinaryIO", VerifiedStream(io.BytesIO(content), descriptor))
        name = self._file(descriptor.digest)
        size = self.medium.size_bytes(name)
        if size != descriptor.size:
            raise LayoutError(f"blob {descriptor.digest} has {size} bytes, its descriptor says {descriptor.size}")
        return cast("BinaryIO", VerifiedStream(self.medium.open(name), descriptor))

    def blob_path(self, descriptor: Descriptor) -> Path | None:
        """Return the file of a blob that has one to itself, unverified; None inside an archive."""
        name = self._file(descriptor.digest)
        return self.medium.path(name) if name in self.medium else None

    def _file(self, digest: Digest) -> str:
        return self.files.get(digest) or f"blobs/{digest.algorithm}/{digest.encoded}"

    def _roots(self) -> list[Descriptor]:
        entries = list(self.index.manifests)
        if len(entries) < 2:
            return entries
        indexes = [self.manifest(entry) for entry in entries if entry.media_type in mediatype.INDEXES]
        held = {child.digest for index in indexes for child in index.children}
        return [entry for entry in entries if entry.digest not in held or _NAMES & entry.annotations.keys()]

    def _by_digest(self, text: str) -> list[Descriptor]:
        try:
            digest = Digest.parse(text)
        except InputError as error:
            raise LayoutError(f"{self.place}: {error.problem}", error.hint) from error
        level = list(self.index.manifests)
        while level:
            if found := [entry for entry in level if entry.digest == digest]:
                return found
            indexes = [self.manifest(entry) for entry in level if entry.media_type in mediatype.INDEXES]
            level = [child for index in indexes for child in index.children]
        return []


def _small_file(medium: Medium, name: str) -> bytes:
    if medium.size_bytes(name) > MAX_DOCUMENT_BYTES:
        raise LayoutError(f"{name} is too large for a document of a layout")
    with medium.open(name) as stream:
        return stream.read()


def _check_header(raw: bytes) -> None:
    try:
        version = json.loads(raw)["imageLayoutVersion"]
    except (ValueError, TypeError, KeyError) as error:
        raise LayoutError(f"{HEADER_FILE} does not name the version of the layout") from error
    if version != "1.0.0":
        raise LayoutError(f"the layout has version {version}, of which nothing is known but 1.0.0")


def _is_named(entry: Descriptor, tag: str) -> bool:
    names = (entry.annotations.get(REF_NAME, ""), entry.annotations.get(CONTAINERD_NAME, ""))
    return any(name == tag or name.endswith(f":{tag}") for name in names)


def _title(entry: Descriptor) -> str:
    name = entry.annotations.get(REF_NAME)
    return f":{name}" if name else f"@{entry.digest}"
