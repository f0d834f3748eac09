"""Build every platform of a plan into one layout: first all files are found, then the layers are written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import assert_never

from tagboat.bases import Bases
from tagboat.build.archives import Archives
from tagboat.build.copying import Copying, CopyTimes, CopyTools, make_workdir, missing_sources
from tagboat.build.downloads import Downloads, Fetch
from tagboat.build.export import ImageExport
from tagboat.build.filetree import FileTree
from tagboat.build.stage import Changes, StageState
from tagboat.errors import TagboatError, raise_faults
from tagboat.flow.built import Built, BuiltImage
from tagboat.flow.plan import (
    BuildPlan,
    BuildStep,
    ContextFiles,
    CopyStep,
    ImageSource,
    Origin,
    PlanWarning,
    PlatformPlan,
    Scratch,
    StageBase,
    StagePlan,
    WorkdirStep,
)
from tagboat.flow.progress import Progress
from tagboat.flow.request import Compression
from tagboat.layers.tree import Tree
from tagboat.layout.writer import LayoutWriter, named_roots
from tagboat.oci.annotations import Annotation, Level
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.manifest import Index
from tagboat.oci.platform import Platform
from tagboat.oci.reference import TagName


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSettings:
    """How a plan is built.

    `created` is the image's time in seconds since the epoch; `times` that of copied files. `names` are the tags that
    the layout's index carries; `jobs` is the number of threads that compress.
    """

    created: int
    times: CopyTimes
    compression: Compression = field(default_factory=Compression)
    jobs: int = 1
    names: tuple[TagName, ...] = ()
    annotations: tuple[Annotation, ...] = ()


def build_layout(
    plan: BuildPlan,
    output: Path,
    *,
    contexts: Mapping[str, FileTree],
    bases: Bases,
    fetch: Fetch,
    settings: BuildSettings,
    progress: Progress,
) -> Built:
    """Build the plan into a layout folder at `output`, which appears whole or not at all.

    `contexts` holds the build context under the empty name, and named contexts that are folders; `fetch` downloads a
    URL into a file. Raises `DockerfileError` for missing sources and the like before anything is written, and
    `MachineError` for a full disk.
    """
    tools = CopyTools(
        times=settings.times,
        archives=Archives(bases.folder / "archives"),
        downloads=Downloads(fetch, bases.folder / "downloads"),
    )
    stages = [
        _build_stages(platform, _Sources(contexts=contexts, bases=bases, states={}), tools)
        for platform in plan.platforms
    ]
    with LayoutWriter(output) as writer:
        export = ImageExport(writer.blobs, settings.compression, settings.jobs, settings.created, progress)
        images: dict[Platform, BuiltImage] = {}
        for platform, states in zip(plan.platforms, stages, strict=True):
            chosen = _chosen(settings.annotations, Level.MANIFEST, platform.platform)
            image = export.image(platform, states, bases, chosen)
            progress.info(f"{platform.platform}: {_count(image.layers)}, {image.layer_bytes} bytes")
            images[platform.platform] = image
        root = _root(writer, images, settings.annotations)
        writer.commit(_entries(root, images, settings))
    return Built(layout=output, root=root, images=images)


def check_sources(plan: BuildPlan, contexts: Mapping[str, FileTree]) -> None:
    """Raise the plan's faults, together with one for each file of a build context that is named and not there.

    Quick, and before anything is fetched; what stages and images hold is found out while building.
    """
    faults = {str(fault): fault for fault in plan.faults}
    for step, origin in _context_copies(plan):
        for fault in missing_sources(step, contexts[origin.name]):
            faults.setdefault(str(fault), fault)
    raise_faults(sorted(faults.values(), key=lambda fault: fault.location.line if fault.location else 0))


def doubtful_sources(plan: BuildPlan, contexts: Mapping[str, FileTree]) -> list[PlanWarning]:
    """Return a warning for each COPY that takes git's own folder along, which differs from clone to clone."""
    warnings = {
        step.location: PlanWarning(
            problem="this COPY takes .git along: the image differs from clone to clone, and holds all of the history",
            hint="write .git into .dockerignore",
            location=step.location,
        )
        for step, origin in _context_copies(plan)
        if any(not source.strip("./") for source in step.sources) and contexts[origin.name].get(".git") is not None
    }
    return list(warnings.values())


def _context_copies(plan: BuildPlan) -> Iterator[tuple[CopyStep, ContextFiles]]:
    for platform in plan.platforms:
        for stage in platform.stages:
            for step in stage.steps:
                if isinstance(step, CopyStep) and isinstance(step.origin, ContextFiles):
                    yield step, step.origin


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sources:
    """Where the steps of one platform take files from; `states` grows as stages are done."""

    contexts: Mapping[str, FileTree]
    bases: Bases
    states: dict[int, StageState]

    def tree(self, origin: Origin) -> FileTree:
        match origin:
            case ContextFiles(name=name):
                return self.contexts[name]
            case StageBase(index=index):
                return self.states[index].tree
            case ImageSource():
                return self.bases.get(origin).tree()
            case _ as never:
                assert_never(never)


def _build_stages(platform: PlatformPlan, sources: _Sources, tools: CopyTools) -> dict[int, StageState]:
    """Work out the files of every stage; what is wrong in several steps of one is raised together."""
    for stage in platform.stages:
        state = StageState(load=_loader(stage, sources.states, sources.bases))
        faults: list[TagboatError] = []
        for number, step in enumerate(stage.steps):
            try:
                _apply(number, step, state, sources, tools)
            except TagboatError as error:
                error.location = error.location or step.location
                faults.append(error)
        raise_faults(faults)
        sources.states[stage.index] = state
    return sources.states


def _loader(stage: StagePlan, states: Mapping[int, StageState], bases: Bases) -> Callable[[], Tree]:
    base = stage.base
    match base:
        case Scratch():
            return Tree
        case StageBase(index=index):
            parent = states[index]
            return lambda: parent.tree.copy()  # noqa: PLW0108 - the parent's tree is only loaded when this is called
        case ImageSource():
            return bases.get(base).tree
        case _ as never:
            assert_never(never)


def _apply(number: int, step: BuildStep, state: StageState, sources: _Sources, tools: CopyTools) -> None:
    match step:
        case CopyStep(link=True):
            changes = Changes(Tree())
            Copying(step, changes, lambda: state.tree, tools).run(sources.tree(step.origin))
            state.add(number, changes.draft())
        case CopyStep():
            changes = Changes(state.tree)
            Copying(step, changes, lambda: state.tree, tools).run(sources.tree(step.origin))
            state.record(number, changes)
        case WorkdirStep():
            changes = Changes(state.tree)
            make_workdir(step, changes, tools.times)
            state.record(number, changes)
        case _ as never:
            assert_never(never)


def _root(writer: LayoutWriter, images: Mapping[Platform, BuiltImage], annotations: Sequence[Annotation]) -> Descriptor:
    """Return the manifest itself for one platform, else a new index over all of them."""
    if len(images) == 1:
        return next(iter(images.values())).manifest
    index = Index.make(
        manifests=[
            image.manifest.with_annotations(_chosen(annotations, Level.MANIFEST_DESCRIPTOR, platform))
            for platform, image in images.items()
        ],
        annotations=_chosen(annotations, Level.INDEX),
    )
    writer.blobs.add(index.raw)
    return index.descriptor


def _count(layers: Sequence[Descriptor]) -> str:
    return "1 layer" if len(layers) == 1 else f"{len(layers)} layers"


def _entries(
    root: Descriptor, images: Mapping[Platform, BuiltImage], settings: BuildSettings
) -> tuple[Descriptor, ...]:
    level = Level.INDEX_DESCRIPTOR if len(images) > 1 else Level.MANIFEST_DESCRIPTOR
    return named_roots(root.with_annotations(_chosen(settings.annotations, level)), settings.names)


def _chosen(annotations: Sequence[Annotation], level: Level, platform: Platform | None = None) -> dict[str, str]:
    return {
        annotation.key: annotation.value
        for annotation in annotations
        if annotation.level is level and annotation.platform in (None, platform)
    }
