"""Build every platform of a plan into one layout: first all files are found, then the layers are written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from tagboat.bases import Bases
from tagboat.build.archives import Archives
from tagboat.build.copying import Copying, CopyTimes, CopyTools, make_workdir
from tagboat.build.downloads import Downloads, Fetch
from tagboat.build.export import ImageExport
from tagboat.build.filetree import FileTree
from tagboat.build.stage import Changes, StageState
from tagboat.errors import TagboatError, raise_faults
from tagboat.flow.built import Built, BuiltImage
from tagboat.flow.plan import (
    BuildPlan,
    ContextFiles,
    CopyStep,
    ImageSource,
    Origin,
    PlatformPlan,
    RunStep,
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

if TYPE_CHECKING:
    from tagboat.build.running import Runner
    from tagboat.executors.roots import Executor, RootFilesystem


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
    runner: Runner | None = None,
    progress: Progress,
) -> Built:
    """Build the plan into a layout folder at `output`, which appears whole or not at all.

    `contexts` holds the build context under the empty name, and named contexts that are folders; `fetch` downloads a
    URL into a file; `runner` is needed by a plan with RUN. Raises `DockerfileError` for missing sources and the like
    before anything is written, `StepError` for a RUN that fails, and `MachineError` for a full disk.
    """
    tools = CopyTools(
        times=settings.times,
        archives=Archives(bases.folder / "archives"),
        downloads=Downloads(fetch, bases.folder / "downloads"),
    )
    stages = [
        _build_stages(platform, _Sources(contexts=contexts, bases=bases, states={}), tools, runner)
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


def _build_stages(
    platform: PlatformPlan, sources: _Sources, tools: CopyTools, runner: Runner | None
) -> dict[int, StageState]:
    """Work out the files of every stage; what is wrong in several steps up to a RUN is raised together."""
    for stage in platform.stages:
        state = _state(stage, sources.states, sources.bases)
        if runner is not None and any(isinstance(step, RunStep) for step in stage.steps):
            state.root_on(runner.executor)  # before its files are looked at: then each is written to disk once
        faults: list[TagboatError] = []
        for number, step in enumerate(stage.steps):
            if isinstance(step, RunStep):
                raise_faults(faults)
                _run(number, step, state, sources, runner)
                continue
            try:
                _apply(number, step, state, sources, tools)
            except TagboatError as error:
                error.location = error.location or step.location
                faults.append(error)
        raise_faults(faults)
        sources.states[stage.index] = state
    return sources.states


def _run(number: int, step: RunStep, state: StageState, sources: _Sources, runner: Runner | None) -> None:
    assert runner is not None, "a plan with RUN is given a runner"
    try:
        runner.run(number, step, state, sources.tree)
    except TagboatError as error:
        error.location = error.location or step.location
        raise


def _state(stage: StagePlan, states: Mapping[int, StageState], bases: Bases) -> StageState:
    """Return a stage before its first step."""
    base = stage.base
    match base:
        case Scratch():
            return StageState(load=Tree, open_root=partial(_root_of_tree, Tree, None))
        case StageBase(index=index):
            parent = states[index]
            return StageState(
                load=lambda: parent.tree.copy(),  # noqa: PLW0108 - the parent's tree is only loaded when this is called
                open_root=partial(_root_of_stage, parent),
            )
        case ImageSource():
            image = bases.get(base)
            return StageState(load=image.tree, open_root=lambda executor: executor.open_root(image, base))
        case _ as never:
            assert_never(never)


def _root_of_stage(parent: StageState, executor: Executor) -> RootFilesystem:
    """Return a root for a stage that is built on another one."""
    if parent.root is None:
        return _root_of_tree(lambda: parent.tree, id(parent), executor)
    return parent.root_on(executor).fork(parent.tree)


def _root_of_tree(load: Callable[[], Tree], key: object, executor: Executor) -> RootFilesystem:
    from tagboat.executors.roots import TreeSource  # only for RUN

    return executor.open_root(TreeSource(load), key)


def _apply(number: int, step: CopyStep | WorkdirStep, state: StageState, sources: _Sources, tools: CopyTools) -> None:
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
