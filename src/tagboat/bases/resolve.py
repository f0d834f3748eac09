"""Finding base images: the platform's manifest and configuration, from a registry, a layout or an archive."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from tagboat.bases.image import BaseImage
from tagboat.errors import DockerfileError, LayoutError, Location, TagboatError
from tagboat.flow.plan import ImageNeed, ImageSource
from tagboat.layout.blobs import BlobStore
from tagboat.layout.reader import Layout, open_layout
from tagboat.oci import mediatype
from tagboat.oci.config import ImageConfig
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.digest import Digest
from tagboat.oci.manifest import Index, Manifest
from tagboat.oci.platform import Platform, choose
from tagboat.oci.reference import Reference, Repository


class ImageRegistry(Protocol):
    """What base images need of a registry client."""

    def get_manifest(self, reference: Reference) -> tuple[Manifest | Index, Descriptor]:
        """Return the verified manifest or index that a reference names."""

    def open_blob(self, repository: Repository, descriptor: Descriptor) -> AbstractContextManager[Iterable[bytes]]:
        """Return the verified bytes of a blob."""


class Bases:
    """The base images of one build, each resolved once.

    `registry` is called only when an image has to come from one. `folder` is a temporary folder for what is fetched
    and unpacked, on the layout's file system so that blobs need not be copied.
    """

    def __init__(self, registry: Callable[[], ImageRegistry], folder: Path) -> None:
        self.folder = folder
        self._registry = registry
        self._images: dict[ImageSource, BaseImage] = {}
        self._layouts: dict[Path, Layout] = {}

    def resolve(self, need: ImageNeed) -> BaseImage:
        """Return the base image for its platform.

        Raises `DockerfileError` at the line that needs it when it has not that platform, and what the layout or the
        registry raises, with that line.
        """
        source = need.source
        if source not in self._images:
            try:
                self._images[source] = self._find(source, need.location)
            except TagboatError as error:
                error.location = error.location or need.location
                raise
        return self._images[source]

    def get(self, source: ImageSource) -> BaseImage:
        """Return an image that was resolved before."""
        return self._images[source]

    def _find(self, source: ImageSource, location: Location) -> BaseImage:
        if source.path is not None:
            return self._from_layout(source, source.path, location)
        if source.reference is None:
            raise LayoutError(f"{source.name} names neither a registry image nor a layout")
        return self._from_registry(source, source.reference, location)

    def _from_layout(self, source: ImageSource, path: Path, location: Location) -> BaseImage:
        if path not in self._layouts:
            self._layouts[path] = open_layout(path)
        layout = self._layouts[path]
        blobs = _LayoutBlobs(layout, BlobStore(self.folder / "blobs"))

        def read(descriptor: Descriptor) -> Manifest | Index:
            return layout.manifest(descriptor)

        manifest = _for_platform(read(_root(layout, source, location)), source, location, read)
        config = layout.config(manifest.config)
        return self._image(source, manifest, config, blobs, location)

    def _from_registry(self, source: ImageSource, reference: Reference, location: Location) -> BaseImage:
        registry = self._registry()
        repository = reference.repository
        top, _ = registry.get_manifest(reference)

        def read(descriptor: Descriptor) -> Manifest | Index:
            return registry.get_manifest(repository.at(descriptor.digest))[0]

        manifest = _for_platform(top, source, location, read)
        blobs = _RegistryBlobs(registry, repository, BlobStore(self.folder / "blobs"))
        config = ImageConfig.parse(blobs.path(manifest.config).read_bytes())
        return self._image(source, manifest, config, blobs, location)

    def _image(
        self,
        source: ImageSource,
        manifest: Manifest,
        config: ImageConfig,
        blobs: _LayoutBlobs | _RegistryBlobs,
        location: Location,
    ) -> BaseImage:
        if manifest.config.media_type not in mediatype.CONFIGS:
            raise LayoutError(f"{source.name} is no container image: its configuration is {manifest.config.media_type}")
        if not source.platform.runs(config.platform):
            raise _lacks(source, [config.platform], location)
        if len(config.diff_ids) != len(manifest.layers):
            raise LayoutError(
                f"{source.name} has {len(manifest.layers)} layers, but {len(config.diff_ids)} diff IDs",
                "the image is broken: make it again",
            )
        return BaseImage(
            name=source.name, manifest=manifest, config=config, blobs=blobs, spool=self.folder / "unpacked"
        )


class _LayoutBlobs:
    """Blobs of a layout folder, used where they lie, or of an archive, taken out of it."""

    def __init__(self, layout: Layout, store: BlobStore) -> None:
        self._layout = layout
        self._store = store
        self._seen: set[Digest] = set()

    def path(self, descriptor: Descriptor) -> Path:
        if descriptor.digest not in self._store:
            there = self._layout.blob_path(descriptor)
            if there is not None:
                return self._verified(there, descriptor)
            with self._layout.open_blob(descriptor) as stream, self._store.new_blob() as blob:
                while chunk := stream.read(1 << 20):
                    blob.write(chunk)
                blob.commit(descriptor)
        return self._store.path(descriptor.digest)

    def _verified(self, path: Path, descriptor: Descriptor) -> Path:
        if descriptor.digest not in self._seen:
            with self._layout.open_blob(descriptor) as stream:
                while stream.read(1 << 20):
                    pass
            self._seen.add(descriptor.digest)
        return path


class _RegistryBlobs:
    """Blobs of a repository, downloaded when first they are needed."""

    def __init__(self, registry: ImageRegistry, repository: Repository, store: BlobStore) -> None:
        self._registry = registry
        self._repository = repository
        self._store = store

    def path(self, descriptor: Descriptor) -> Path:
        if descriptor.digest not in self._store:
            with self._registry.open_blob(self._repository, descriptor) as chunks, self._store.new_blob() as blob:
                for chunk in chunks:
                    blob.write(chunk)
                blob.commit(descriptor)
        return self._store.path(descriptor.digest)


def _root(layout: Layout, source: ImageSource, location: Location) -> Descriptor:
    """Return the entry of a layout that is meant: the selected one, or that of the platform where it has several."""
    entries = layout.index.manifests
    platforms = [entry.platform for entry in entries if entry.platform is not None]
    if not source.selector and len(entries) > 1 and len(platforms) == len(entries):
        best = choose(source.platform, platforms)
        if best is None:
            raise _lacks(source, platforms, location)
        matching = [entry for entry in entries if entry.platform == best]
        if len({entry.digest for entry in matching}) == 1:
            return matching[0]
    return layout.select(source.selector)


def _for_platform(
    top: Manifest | Index,
    source: ImageSource,
    location: Location,
    read: Callable[[Descriptor], Manifest | Index],
) -> Manifest:
    """Return the image of the wanted platform; an index inside an index is followed once (image-spec allows it)."""
    for _ in range(2):
        if isinstance(top, Manifest):
            return top
        entries = [entry for entry in _opened(top, read) if entry.platform is not None]
        best = choose(source.platform, [entry.platform for entry in entries if entry.platform])
        if best is None:
            raise _lacks(source, [entry.platform for entry in entries if entry.platform], location)
        top = read(next(entry for entry in entries if entry.platform == best))
    if isinstance(top, Manifest):
        return top
    raise LayoutError(f"{source.name}: indexes are nested too deep")


def _opened(index: Index, read: Callable[[Descriptor], Manifest | Index]) -> Iterator[Descriptor]:
    """Yield an index's entries, and in place of an index without a platform its own."""
    for entry in index.manifests:
        if entry.platform is None and entry.media_type in mediatype.INDEXES:
            inner = read(entry)
            yield from inner.manifests if isinstance(inner, Index) else ()
        else:
            yield entry


def _lacks(source: ImageSource, available: list[Platform], location: Location) -> DockerfileError:
    has = ", ".join(sorted({str(platform) for platform in available if platform.os != "unknown"}))
    return DockerfileError(
        f"the base image {source.name} has no platform {source.platform}",
        f"it has {has or 'none'}: choose among these with platforms, or another base",
        location=location,
    )
