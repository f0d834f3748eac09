"""What the user asked for: every input, parsed and checked, as one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from tagboat.errors import InputError
from tagboat.flow.plan import Network
from tagboat.oci.digest import Digest
from tagboat.oci.platform import Platform
from tagboat.oci.reference import Reference, TagName
from tagboat.secret import Secret

BAKE_TARGET = "docker-metadata-action"
"""The target of the files for docker/bake-action where none is given, as docker/metadata-action names it."""


class Push(StrEnum):
    """Whether a run pushes; `auto` decides by the event."""

    AUTO = "auto"
    TRUE = "true"
    FALSE = "false"


class OnExisting(StrEnum):
    """What becomes of a run whose write-once tag exists with another image: it fails, or keeps that image."""

    FAIL = "fail"
    KEEP = "keep"


class Timestamps(StrEnum):
    """The file times of COPY and ADD layers: one constant, the commit's, or the source files' own."""

    CONSTANT = "constant"
    COMMIT = "commit"
    SOURCE = "source"


class ExecutorChoice(StrEnum):
    """How RUN is run: `auto` takes the best way that this machine has, `none` runs nothing."""

    AUTO = "auto"
    OVERLAY = "overlay"
    CHROOT = "chroot"
    NONE = "none"


class Step(StrEnum):
    """The steps of a run, in order."""

    CONTEXT = "context"
    TAGS = "tags"
    PLAN = "plan"
    BUILD = "build"
    SCAN = "scan"
    UPLOAD = "upload"
    SIGN = "sign"
    RELEASE = "release"


_PRESETS = {"fast": "gzip:2", "balanced": "gzip:6", "small": "gzip:9"}
_LEVELS = {"gzip": range(1, 10), "zstd": range(1, 20)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Compression:
    """How new layers are compressed: `codec` is `gzip` or `zstd`."""

    codec: str = "gzip"
    level: int = 2

    @classmethod
    def parse(cls, text: str) -> Compression:
        """Return what `fast`, `balanced`, `small` or `CODEC:LEVEL` names; raises `InputError`."""
        codec, _, level = _PRESETS.get(text.lower(), text.lower()).partition(":")
        if level in map(str, _LEVELS.get(codec, ())):
            return cls(codec=codec, level=int(level))
        raise InputError(
            f"{text!r} is no compression", "write fast, balanced or small, gzip:LEVEL (1 to 9) or zstd:LEVEL (1 to 19)"
        )


class ContextKind(StrEnum):
    """What a named context is."""

    DIRECTORY = "directory"
    IMAGE = "docker-image"
    LAYOUT = "oci-layout"


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedContext:
    """One `build-contexts` entry: a folder (`path`), an image (`reference`) or a layout (`path`, `selector`).

    The path of a layout may be an archive's. `selector` picks an entry of it: empty, `:TAG` or `@DIGEST`.
    """

    kind: ContextKind
    path: Path | None = None
    reference: Reference | None = None
    selector: str = ""

    @classmethod
    def parse(cls, text: str) -> NamedContext:
        """Return what the part behind `NAME=` of a `build-contexts` entry means; raises `InputError`."""
        if text.startswith("docker-image://"):
            return cls(kind=ContextKind.IMAGE, reference=Reference.parse(text.removeprefix("docker-image://")))
        if text.startswith("oci-layout://"):
            path, selector = _split_selector(text.removeprefix("oci-layout://"))
            return cls(kind=ContextKind.LAYOUT, path=Path(path), selector=selector)
        if "://" in text or text.startswith(("git@", "target:")):
            raise InputError(
                f"{text!r}: such a named context is not built yet",
                "write a folder, docker-image://REFERENCE or oci-layout://DIR[:TAG|@DIGEST]",
            )
        return cls(kind=ContextKind.DIRECTORY, path=Path(text))


def _split_selector(text: str) -> tuple[str, str]:
    """Split `DIR[:TAG|@DIGEST]`; a colon before a slash belongs to the path."""
    path, at, digest = text.partition("@")
    if at and "/" not in digest:
        return path, f"@{Digest.parse(digest)}"
    path, colon, tag = text.rpartition(":")
    if colon and path and "/" not in tag:
        return path, f":{TagName.parse(tag)}"
    return text, ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRequest:
    """The inputs of the tag engine as text, which reads them by its own grammar, and metadata-action's variables."""

    images: str = ""
    tags: str = ""
    flavor: str = ""
    labels: str = ""
    annotations: str = ""
    environment: str = ""
    pr_head_sha: bool = False  # DOCKER_METADATA_PR_HEAD_SHA
    short_sha_length: str = ""  # DOCKER_METADATA_SHORT_SHA_LENGTH, as written
    annotation_levels: str = ""  # DOCKER_METADATA_ANNOTATIONS_LEVELS, as written
    several_platforms: bool = False  # the image will be an index


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """One registry's user name and password from the inputs."""

    registry: str
    username: str
    password: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Every input of a command; paths are absolute or relative to the working folder as the user wrote them."""

    command: str
    context: Path = Path()
    file: Path | None = None  # None: Dockerfile, else Containerfile, in the context
    target: str = ""
    platforms: tuple[Platform, ...] = ()  # empty: this machine's own, with linux as the OS
    build_args: Mapping[str, str] = field(default_factory=dict)
    build_contexts: Mapping[str, NamedContext] = field(default_factory=dict)
    tagging: TagRequest = field(default_factory=TagRequest)
    push: Push = Push.AUTO
    on_existing: OnExisting = OnExisting.FAIL
    credentials: tuple[Credentials, ...] = ()
    github_token: Secret = field(default_factory=lambda: Secret(""))
    allow_pull_request_target: bool = False
    insecure_registries: tuple[str, ...] = ()
    ca_file: Path | None = None
    compression: Compression = field(default_factory=Compression)
    timestamps: Timestamps | None = None  # None: constant, and files of a RUN as it wrote them
    source_date_epoch: int | None = None  # SOURCE_DATE_EPOCH, seconds
    executor: ExecutorChoice = ExecutorChoice.AUTO
    network: Network | None = None  # of RUNs that name none; None: the machine's
    add_hosts: tuple[tuple[str, str], ...] = ()  # names with their addresses, for RUN
    secrets: Mapping[str, Secret | Path] = field(default_factory=dict)  # by id, for RUN; a path is a file that holds it
    shm_size_bytes: int = 0  # of /dev/shm for RUN; 0: 64 MiB
    allow: frozenset[str] = frozenset()  # entitlements: network.host, security.insecure
    output: Path | None = None  # a folder, or a file ending in .tar
    metadata_file: Path | None = None
    bake_target: str = BAKE_TARGET
    sets_environment: bool = True  # DOCKER_METADATA_SET_OUTPUT_ENV
    work_dir: Path | None = None
    cache_dir: Path | None = None
    jobs: int = 0  # 0: as many as there are processors
    event: str = ""  # the simulated event of `plan --event`
    offline: bool = False
    dry_run: bool = False
    until: Step = Step.RELEASE
    json: bool = False
    quiet: bool = False
    verbose: bool = False
    asked: str = ""  # `why TAG`
    layout: Path | None = None  # `push LAYOUT`
    references: tuple[Reference, ...] = ()  # `push LAYOUT REFERENCE…`
    repository: str = ""  # `push LAYOUT REPOSITORY --all-tags`
    all_tags: bool = False
    workflow: Path | None = None  # `migrate WORKFLOW`
    write: bool = False  # `migrate --write`
    warnings: tuple[str, ...] = ()  # what settings found odd but not wrong
