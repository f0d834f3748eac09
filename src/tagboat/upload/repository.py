"""One repository's share of the upload."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from functools import partial

from tagboat.errors import LayoutError, RegistryError
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.digest import Digest
from tagboat.oci.manifest import Index, Manifest
from tagboat.oci.reference import Reference, Repository
from tagboat.registry.client import Registry
from tagboat.registry.faults import MissingPartsError
from tagboat.registry.pool import run_all
from tagboat.registry.scope import Access
from tagboat.registry.upload import Sent
from tagboat.upload.graph import BlobSource, ImageGraph


class RepositoryUpload:
    """Brings one image into one repository, sending only what is not known to be there."""

    def __init__(self, repository: Repository, *, graph: ImageGraph, source: BlobSource, registry: Registry) -> None:
        self.repository = repository
        self._graph, self._source, self._registry = graph, source, registry

    def run(self, names: Mapping[Reference, Digest | None], carriers: Executor, mount_from: Repository | None) -> int:
        """Bring the image in and return how many bytes of blobs were sent.

        `names` are this repository's, with what each points to now; `mount_from` is a repository of the same registry
        that has all blobs. The root itself is left to the names, and is put by digest only when none has a tag.
        """
        root = self._graph.root.descriptor.digest
        if root in names.values():
            return 0
        known = self._known(digest for digest in names.values() if digest)
        wanted = [blob for blob in self._graph.blobs if blob.digest not in known]
        # A mount from the repository itself finds, at no extra request, what an earlier run left here.
        source = mount_from or self.repository
        sent = sum(run_all(carriers, (partial(self._put_blob, blob, source) for blob in wanted)))
        for level in self._graph.levels[:-1]:
            absent = (document for document in level if document.descriptor.digest not in known)
            run_all(carriers, [partial(self._put_manifest, document) for document in absent])
        if not any(name.tag for name in names):
            self._put_manifest(self._graph.root)
        return sent

    def supply(self, missing: Iterable[Digest]) -> None:
        """Put these parts, whatever was believed to be there; none named means all."""
        digests = set(missing) or {blob.digest for blob in self._graph.blobs} | set(self._graph.manifests)
        for blob in self._graph.blobs:
            if blob.digest in digests:
                self._put_blob(blob, None)
        for level in self._graph.levels[:-1]:
            for document in level:
                if document.descriptor.digest in digests:
                    self._put_manifest(document)

    def _known(self, held: Iterable[Digest]) -> set[Digest]:
        """Return what the image that a name points to now proves to be here: one GET, one more a platform."""
        digest = next(iter(held), None)
        if digest is None:
            return set()
        document = self._get(digest)
        match document:
            case None:
                return set()
            case Manifest():
                return {child.digest for child in document.children}
            case Index():
                known = {child.digest for child in document.manifests}
                return known.union(*(self._below(child) for child in document.manifests))

    def _below(self, child: Descriptor) -> set[Digest]:
        """Return the blobs of an index's child, which is read only when it is for a platform that we build."""
        own = self._graph.manifests.get(child.digest)
        if own is None and child.platform in self._graph.platforms:
            own = self._get(child.digest)
        return {blob.digest for blob in own.children} if own else set()

    def _get(self, digest: Digest) -> Manifest | Index | None:
        """Return a manifest to learn from; one that cannot be read teaches nothing, and costs only time."""
        try:
            return self._registry.get_manifest(self.repository.at(digest), access=Access.PUSH)[0]
        except (RegistryError, LayoutError):
            return None

    def _put_blob(self, blob: Descriptor, mount_from: Repository | None) -> int:
        """Put one blob and return how many bytes were sent."""
        opener = partial(self._source.open_blob, blob)
        sent = self._registry.put_blob(self.repository, blob, opener, mount_from=mount_from)
        return blob.size if sent is Sent.UPLOADED else 0

    def _put_manifest(self, document: Manifest | Index) -> None:
        """Put a manifest under its digest; what the registry then misses is brought once."""
        put = partial(
            self._registry.put_manifest,
            self.repository,
            document.descriptor.digest,
            document.raw,
            document.media_type,
        )
        try:
            put()
        except MissingPartsError as error:
            self.supply(error.missing)
            put()
