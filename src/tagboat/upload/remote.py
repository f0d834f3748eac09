"""An image that lies in a registry, as a source to upload from."""

from __future__ import annotations

import io
from contextlib import ExitStack
from typing import BinaryIO, cast

from tagboat.layers.streams import ReadStream
from tagboat.oci import mediatype
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.reference import Repository
from tagboat.registry.client import Registry


class RemoteImage:
    """What a repository holds, by digest; blobs stream through, none is kept on disk."""

    def __init__(self, repository: Repository, registry: Registry) -> None:
        self._repository, self._registry = repository, registry

    def read(self, descriptor: Descriptor, /) -> bytes:
        """Return a manifest, an index or a blob as a whole."""
        if descriptor.media_type in mediatype.INDEXES | mediatype.MANIFESTS:
            return self._registry.get_manifest(self._repository.at(descriptor.digest))[0].raw
        with self.open_blob(descriptor) as stream:
            return stream.read()

    def open_blob(self, descriptor: Descriptor, /) -> BinaryIO:
        """Return a blob as a stream from its start, which raises `RegistryError` at the end if its digest is wrong."""
        return cast("BinaryIO", io.BufferedReader(_BlobStream(self._repository, descriptor, self._registry)))


class _BlobStream(ReadStream):
    def __init__(self, repository: Repository, descriptor: Descriptor, registry: Registry) -> None:
        self._held = ExitStack()
        self._chunks = self._held.enter_context(registry.open_blob(repository, descriptor))
        self._rest = b""

    def read(self, size: int = -1, /) -> bytes:
        if size < 0:
            return self._rest + b"".join(self._chunks)
        if not self._rest:
            self._rest = next(self._chunks, b"")
        chunk, self._rest = self._rest[:size], self._rest[size:]
        return chunk

    def close(self) -> None:
        """Let the connection go."""
        if not self.closed:
            self._held.close()
        super().close()
