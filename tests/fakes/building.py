"""A bench for builds: contexts, base images and Dockerfiles go in, written images are read back."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from fakes.progress import KeptProgress
from tagboat.bases import Bases
from tagboat.build import BuildSettings, CopyTimes, build_layout, check_sources
from tagboat.build.running import Runner
from tagboat.dockerfile import parse_dockerfile
from tagboat.errors import raise_faults
from tagboat.flow.built import Built
from tagboat.flow.plan import BuildPlan
from tagboat.flow.request import Compression, ContextKind, NamedContext, Request
from tagboat.layers.changes import BytesContent, Entry, Kind
from tagboat.layers.extract import read_layer
from tagboat.layers.tree import Tree
from tagboat.layers.write import write_layer
from tagboat.layout.reader import open_layout
from tagboat.layout.validate import validate_layout
from tagboat.layout.writer import LayoutWriter
from tagboat.oci import mediatype
from tagboat.oci.config import History, ImageConfig
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.manifest import Index, Manifest
from tagboat.oci.platform import Platform
from tagboat.oci.reference import Reference, Repository
from tagboat.plan import find_images, make_plan
from tagboat.sources import DirectoryTree, read_ignore_rules

NATIVE = Platform.parse("linux/amd64")
FILE_TIME = 1_000_000_000
CREATED = 1_700_000_000


@dataclass(frozen=True, slots=True)
class Symlink:
    """A symbolic link in a tree to be written."""

    target: str


def write_tree(folder: Path, files: Mapping[str, str | bytes | Symlink | None]) -> Path:
    """Write files below a folder: text or bytes, a `Symlink`, or None for a folder; modes are 0644 and 0755."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, Symlink):
            path.symlink_to(content.target)
        elif content is None:
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
            path.chmod(0o644)
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
    return folder


def file(path: str, text: str = "", mode: int = 0o644, uid: int = 0, gid: int = 0) -> Entry:
    """Return the entry of a file in a base image."""
    data = text.encode()
    return Entry(path, Kind.FILE, mode, uid, gid, size=len(data), content=BytesContent(data))


def folder(path: str, mode: int = 0o755, uid: int = 0, gid: int = 0) -> Entry:
    """Return the entry of a folder in a base image."""
    return Entry(path, Kind.DIRECTORY, mode, uid, gid)


def symlink(path: str, target: str) -> Entry:
    """Return the entry of a symbolic link in a base image."""
    return Entry(path, Kind.SYMLINK, 0o777, target=target)


PASSWD = (
    folder("etc"),
    file("etc/passwd", "root:x:0:0::/root:/bin/sh\napp:x:1000:1001::/home/app:/bin/sh\n"),
    file("etc/group", "root:x:0:\nstaff:x:50:\n"),
)


class LayoutRegistry:
    """A registry that holds one layout under every name; `opened` are the media types of the blobs it was asked for."""

    def __init__(self, context: str) -> None:
        self._layout = open_layout(Path(context.removeprefix("oci-layout://")))
        self.opened: list[str] = []
        self.asked: list[str] = []

    def get_manifest(self, reference: Reference) -> tuple[Manifest | Index, Descriptor]:
        """Return what a digest names, the only root for a tag."""
        self.asked.append(str(reference))
        root = self._layout.select(f"@{reference.digest}" if reference.digest else "")
        return self._layout.manifest(root), root

    @contextmanager
    def open_blob(self, _repository: Repository, descriptor: Descriptor) -> Iterator[Iterable[bytes]]:
        """Return a blob, and note that it was asked for."""
        self.opened.append(descriptor.media_type)
        with self._layout.open_blob(descriptor) as stream:
            yield iter(lambda: stream.read(1 << 16), b"")


class WrittenImage:
    """One platform's image of a layout; its layers are read when asked for."""

    def __init__(self, path: Path, spool: Path, platform: str = "") -> None:
        self.path = path
        self.layout = open_layout(path)
        self.root = self.layout.index.manifests[0]
        self.manifest = self._manifest(platform)
        self.config = self.layout.config(self.manifest.config)
        self._spool = spool

    @cached_property
    def layers(self) -> list[list[Entry]]:
        """The entries of each layer."""
        self._spool.mkdir(exist_ok=True)
        layers = []
        for descriptor in self.manifest.layers:
            with self.layout.open_blob(descriptor) as stream:
                file = self._spool / descriptor.digest.encoded
                layers.append(list(read_layer(stream, descriptor.media_type, file)))
        return layers

    @cached_property
    def tree(self) -> Tree:
        """The file system that the layers make."""
        tree = Tree()
        for entries in self.layers:
            tree.apply(entries)
        return tree

    @property
    def digest(self) -> str:
        """The digest of the root."""
        return self.root.digest

    @property
    def run(self) -> Mapping[str, Any]:
        """The `config` object."""
        return self.config.run

    @property
    def env(self) -> dict[str, str]:
        """The variables of the image."""
        return dict(entry.split("=", 1) for entry in self.run["Env"])

    @property
    def history(self) -> list[str]:
        """What made the image, line by line."""
        return [str(entry.get("created_by")) for entry in self.config.history]

    def paths(self, top: str = "") -> list[str]:
        """Return all paths below a folder, relative to it."""
        return [entry.path[len(top) :].lstrip("/") for entry in self.tree.walk(top) if entry.path != top]

    def entry(self, path: str) -> Entry:
        """Return what lies at a path."""
        found = self.tree.get(path)
        assert found is not None, f"{path} is not among {self.paths()}"
        return found

    def text(self, path: str) -> str:
        """Return a file's content."""
        content = self.entry(path).content
        if content is None:
            return ""
        with content.open() as stream:
            return stream.read().decode("utf-8", "surrogateescape")

    def mode(self, path: str) -> int:
        """Return a path's mode."""
        return self.entry(path).mode

    def owner(self, path: str) -> tuple[int, int]:
        """Return a path's user and group."""
        return self.entry(path).uid, self.entry(path).gid

    def _manifest(self, platform: str) -> Manifest:
        document = self.layout.manifest(self.root)
        if isinstance(document, Index):
            entry = next(entry for entry in document.manifests if str(entry.platform) == platform)
            document = self.layout.manifest(entry)
        assert isinstance(document, Manifest)
        return document


class Workshop:
    """A temporary place to build in; `layouts` are those that were written."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.context = place / "context"
        self.context.mkdir()
        self.layouts: list[Path] = []
        self.progress = KeptProgress()

    def files(self, files: Mapping[str, str | bytes | Symlink | None]) -> None:
        """Put files into the build context."""
        write_tree(self.context, files)

    def base(
        self,
        *layers: Iterable[Entry],
        run: Mapping[str, Any] | None = None,
        platforms: Iterable[str] = ("linux/amd64",),
        history: Iterable[Mapping[str, Any]] | None = None,
        compression: Compression | None = None,
    ) -> str:
        """Write a base image into a layout of its own and return it as a named context."""
        path = self.place / f"base-{len(self.layouts)}"
        with LayoutWriter(path) as writer:
            parsed = map(Platform.parse, platforms)
            writer.commit([_base_image(writer, each, layers, run or {}, history, compression) for each in parsed])
        self.layouts.append(path)
        return f"oci-layout://{path}"

    def request(self, *, contexts: Mapping[str, str] | None = None, platforms: str = "", **fields: Any) -> Request:
        """Return a request; `contexts` are named contexts as text, `platforms` has commas."""
        return Request(
            command="build",
            context=self.context,
            build_contexts={name: NamedContext.parse(text) for name, text in (contexts or {}).items()},
            platforms=tuple(map(Platform.parse, filter(None, platforms.split(",")))),
            **fields,
        )

    def plan(self, dockerfile: str, *, labels: Mapping[str, str] | None = None, **request: Any) -> BuildPlan:
        """Return the plan of a Dockerfile."""
        return self._plan(dockerfile, self.request(**request), self._bases(None), labels or {})

    def build(
        self,
        dockerfile: str,
        *,
        labels: Mapping[str, str] | None = None,
        registry: object = None,
        fetch: Any = None,
        platform: str = "",
        recorded_mode: Any = lambda _path: None,
        settings: BuildSettings | None = None,
        runner: Runner | None = None,
        **request: Any,
    ) -> WrittenImage:
        """Build a Dockerfile and read the image back, `platform` where there are several; RUN needs a `runner`."""
        output = self.place / f"layout-{len(self.layouts)}"
        asked = self.request(**request)
        bases = self._bases(registry)
        plan = self._plan(dockerfile, asked, bases, labels or {})
        contexts = {"": _tree(self.context, recorded_mode)}
        for name, named in asked.build_contexts.items():
            if named.kind is ContextKind.DIRECTORY and named.path is not None:
                contexts[name] = _tree(named.path, recorded_mode)
        check_sources(plan, contexts)
        usual = BuildSettings(created=CREATED, times=CopyTimes(constant=FILE_TIME))
        self.built: Built = build_layout(
            plan,
            output,
            contexts=contexts,
            bases=bases,
            fetch=fetch,
            settings=settings or usual,
            runner=runner,
            progress=self.progress,
        )
        self.layouts.append(output)
        return WrittenImage(output, self.place / "spool", platform)

    def check(self) -> None:
        """Check every layout that was written."""
        for layout in self.layouts:
            assert validate_layout(layout) == [], layout

    def _bases(self, registry: object) -> Bases:
        return Bases(lambda: registry, self.place / f"work-{len(self.layouts)}")  # type: ignore[arg-type,return-value]

    def _plan(self, dockerfile: str, request: Request, bases: Bases, labels: Mapping[str, str]) -> BuildPlan:
        parsed = parse_dockerfile(dockerfile.encode("utf-8", "surrogateescape"), "Dockerfile")
        images = find_images(parsed, request, NATIVE, lambda need: bases.resolve(need).config)
        plan = make_plan(parsed, request, native=NATIVE, images=images, labels=labels)
        raise_faults(plan.faults)
        return plan


def _tree(top: Path, recorded_mode: Any) -> DirectoryTree:
    return DirectoryTree(os.fspath(top), read_ignore_rules(top), recorded_mode=recorded_mode)


def _base_image(
    writer: LayoutWriter,
    platform: Platform,
    layers: Iterable[Iterable[Entry]],
    run: Mapping[str, Any],
    history: Iterable[Mapping[str, Any]] | None,
    compression: Compression | None,
) -> Descriptor:
    descriptors, diff_ids = [], []
    for entries in layers:
        with writer.blobs.new_blob() as blob:
            written = write_layer(entries, blob, compression, 1)
            digest, size = blob.commit()
        descriptors.append(Descriptor(media_type=written.media_type, digest=digest, size=size))
        diff_ids.append(written.diff_id)
    if history is None:
        history = [History(created_by=f"base layer {number}").to_json() for number in range(len(diff_ids))]
    config = ImageConfig(platform=platform, run=run, diff_ids=tuple(diff_ids), history=tuple(history)).encode()
    writer.blobs.add(config)
    manifest = Manifest.make(config=Descriptor.of(mediatype.CONFIG, config), layers=descriptors)
    writer.blobs.add(manifest.raw)
    return manifest.descriptor.with_platform(platform)
