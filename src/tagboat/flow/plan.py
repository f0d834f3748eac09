"""The build plan: platforms, their stages, and the steps of each stage with everything expanded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from tagboat.errors import Location, TagboatError
from tagboat.oci.digest import Digest
from tagboat.oci.platform import Platform
from tagboat.oci.reference import Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSource:
    """A base image as the Dockerfile or a named context asks for it.

    Either `reference` (a registry has it) or `path` (a layout folder or an archive, with `selector` empty, `:TAG` or
    `@DIGEST`). `name` is what the user wrote.
    """

    name: str
    platform: Platform
    reference: Reference | None = None
    path: Path | None = None
    selector: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageNeed:
    """A base image with the line that needs it."""

    source: ImageSource
    location: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class Scratch:
    """The empty base."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StageBase:
    """An earlier stage, by its index in the Dockerfile."""

    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextFiles:
    """The files of the build context, or of a named context that is a folder."""

    name: str = ""  # empty: the build context


Base = Scratch | StageBase | ImageSource
Origin = ContextFiles | StageBase | ImageSource


@dataclass(frozen=True, slots=True, kw_only=True)
class InlineFile:
    """A heredoc given to COPY or ADD: a file of this name with this content, mode 0644."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteFile:
    """A URL given to ADD, with the digest that its content must have where one is given."""

    url: str
    checksum: Digest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyStep:
    """COPY or ADD (`instruction`): put files into the stage's root file system.

    `sources` are expanded and relative to the origin's root; `destination` is absolute, its trailing slash kept.
    """

    location: Location
    origin: Origin
    sources: tuple[str, ...]
    destination: str
    inline: tuple[InlineFile, ...] = ()
    chown: str = ""
    chmod: str = ""
    link: bool = False
    parents: bool = False
    exclude: tuple[str, ...] = ()
    instruction: str = "COPY"
    remote: tuple[RemoteFile, ...] = ()
    unpack: bool = False  # ADD: an archive of the context becomes the files in it
    unpack_remote: bool = False  # the same for what comes from a URL


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkdirStep:
    """Make the working folder where it is missing, owned by the user of that moment (empty: root)."""

    location: Location
    path: str
    user: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BindMount:
    """Files of the build context, a stage or an image, seen at `target`; what is written there is thrown away.

    `source` is a path in the origin, the root when empty; `target` is absolute, as in all mounts.
    """

    origin: Origin
    target: str
    source: str = ""
    read_only: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheMount:
    """A folder that later RUNs with the same `id` find as this one left it; new ones start as `source` of `origin`."""

    id: str
    target: str
    origin: Origin | None = None
    source: str = ""
    mode: int = 0o755
    uid: int = 0
    gid: int = 0
    read_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TmpfsMount:
    """An empty folder in memory; `size_bytes` 0 sets no limit of its own."""

    target: str
    size_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretMount:
    """A secret of the caller as a file at `target`, in the variable `env`, or both; empty text stands for neither."""

    id: str
    target: str = ""
    env: str = ""
    required: bool = False
    mode: int = 0o400
    uid: int = 0
    gid: int = 0


Mount = BindMount | CacheMount | TmpfsMount | SecretMount


class Network(StrEnum):
    """What a RUN can reach: the machine's network or nothing but itself."""

    HOST = "host"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStep:
    """RUN: run `argv` in the stage's root file system and keep what it changes.

    `env` is all that the command gets, but for HOME, which comes from /etc/passwd where it is not in it. `user` is as
    in USER (empty: root). `program`, when there is one, is to lie executable at `/dev/pipes/` by its name.
    `instruction` is the line as people know it, for messages.
    """

    location: Location
    instruction: str
    argv: tuple[str, ...]
    env: Mapping[str, str]
    workdir: str = "/"
    user: str = ""
    network: Network = Network.HOST
    hostname: str = "buildkitsandbox"
    mounts: tuple[Mount, ...] = ()
    program: InlineFile | None = None


BuildStep = CopyStep | WorkdirStep | RunStep


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """One instruction in the image's history; `step` is the index of the step that makes its layer, None for none."""

    created_by: str
    step: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StagePlan:
    """One stage for one platform.

    `run` is the resulting `config` object (Env, Cmd, …) of the image configuration, everything inherited included.
    `history` holds the lines that this stage adds to its base's.
    """

    index: int
    name: str
    platform: Platform
    base: Base
    steps: tuple[BuildStep, ...]
    run: Mapping[str, Any]
    author: str
    history: tuple[HistoryLine, ...]
    location: Location


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformPlan:
    """What is built for one platform: the stages that the target needs, in the Dockerfile's order, the target last."""

    platform: Platform
    stages: tuple[StagePlan, ...]

    @property
    def target(self) -> StagePlan:
        """The stage that becomes the image."""
        return self.stages[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanWarning:
    """Something in the Dockerfile that a person should look at."""

    problem: str
    hint: str = ""
    location: Location | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPlan:
    """The whole build, platform by platform.

    `faults` are instructions that cannot be built, left out of the stages: whoever carries the plan out raises them,
    with what else is wrong by then.
    """

    platforms: tuple[PlatformPlan, ...]
    warnings: tuple[PlanWarning, ...] = ()
    faults: tuple[TagboatError, ...] = ()
