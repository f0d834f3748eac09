"""What can be said of a build plan before any of it is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tagboat.build.copying import missing_sources
from tagboat.build.filetree import FileTree
from tagboat.errors import DockerfileError, TagboatError, raise_faults
from tagboat.flow.plan import (
    BindMount,
    BuildPlan,
    BuildStep,
    ContextFiles,
    CopyStep,
    PlanWarning,
    RunStep,
    StagePlan,
    WorkdirStep,
)
from tagboat.oci.platform import Platform


def check_sources(plan: BuildPlan, contexts: Mapping[str, FileTree]) -> None:
    """Raise the plan's faults, together with one for each file of a build context that is named and not there.

    Quick, and before anything is fetched; what stages and images hold is found out while building.
    """
    faults = {str(fault): fault for fault in plan.faults}
    for _, step in _steps(plan):
        for fault in _missing(step, contexts):
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
        for _, step in _steps(plan)
        if isinstance(step, CopyStep) and isinstance(step.origin, ContextFiles)
        if any(not source.strip("./") for source in step.sources)
        if contexts[step.origin.name].get(".git") is not None
    }
    return list(warnings.values())


def find_run_steps(plan: BuildPlan) -> dict[Platform, RunStep]:
    """Return the first RUN for each platform that has one: that of its stage, which need not be the image's."""
    found: dict[Platform, RunStep] = {}
    for stage, step in _steps(plan):
        if isinstance(step, RunStep):
            found.setdefault(stage.platform, step)
    return found


def _steps(plan: BuildPlan) -> Iterator[tuple[StagePlan, BuildStep]]:
    for platform in plan.platforms:
        for stage in platform.stages:
            for step in stage.steps:
                yield stage, step


def _missing(step: BuildStep, contexts: Mapping[str, FileTree]) -> list[TagboatError]:
    match step:
        case CopyStep(origin=ContextFiles(name=name)):
            return missing_sources(step, contexts[name])
        case RunStep(mounts=mounts):
            return [
                fault
                for mount in mounts
                if isinstance(mount, BindMount) and isinstance(mount.origin, ContextFiles)
                for fault in _missing_mount(step, mount, contexts[mount.origin.name])
            ]
        case CopyStep() | WorkdirStep():
            return []


def _missing_mount(step: RunStep, mount: BindMount, files: FileTree) -> list[TagboatError]:
    if files.get(files.resolve(mount.source)) is not None:
        return []
    return [
        DockerfileError(
            f"RUN --mount source={mount.source}: not found in the build context",
            "check the path from the context's root, and .dockerignore",
            location=step.location,
        )
    ]
