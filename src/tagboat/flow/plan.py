"""The build plan: platforms, their stages, and the steps of each stage with everything expanded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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


BuildStep = CopyStep | WorkdirStep


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
