"""Make the build plan: for each platform, the stages that the target needs with all their steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import assert_never

from tagboat.dockerfile.instructions import Copy, Dockerfile, Stage
from tagboat.errors import DockerfileError, TagboatError
from tagboat.flow.plan import (
    BuildPlan,
    ImageNeed,
    ImageSource,
    PlanWarning,
    PlatformPlan,
    Scratch,
    StageBase,
    StagePlan,
)
from tagboat.flow.request import Request
from tagboat.oci.config import ImageConfig
from tagboat.oci.platform import Platform
from tagboat.plan.arguments import global_args, platform_args, unused_build_args
from tagboat.plan.graph import Surroundings, find_target, reachable_stages
from tagboat.plan.lowering import Inherited, StageLowering


def required_images(dockerfile: Dockerfile, request: Request, native: Platform) -> tuple[ImageNeed, ...]:
    """Return the images that the target's stages stand on or copy from, each once, in the file's order.

    Their configurations are what `make_plan` wants as `images`. Raises `DockerfileError` or `InputError`.
    """
    target = find_target(dockerfile, request.target)
    needs: dict[ImageSource, ImageNeed] = {}
    for surroundings in _surroundings(dockerfile, request, native, target):
        for stage in reachable_stages(surroundings, target):
            base = surroundings.base(stage)
            if isinstance(base, ImageSource):
                needs.setdefault(base, ImageNeed(source=base, location=stage.from_.location))
            for instruction in stage.instructions:
                if isinstance(instruction, Copy):
                    origin = surroundings.origin(stage, instruction)
                    if isinstance(origin, ImageSource):
                        needs.setdefault(origin, ImageNeed(source=origin, location=instruction.location))
    return tuple(needs.values())


def make_plan(
    dockerfile: Dockerfile,
    request: Request,
    *,
    native: Platform,
    images: Mapping[ImageSource, ImageConfig],
    labels: Mapping[str, str],
) -> BuildPlan:
    """Return the plan of a build; `images` are the configurations of `required_images`, `labels` win over LABEL.

    Pure. What is wrong with single instructions is in the plan's `faults`; raises `DockerfileError` where stages and
    bases do not fit together.
    """
    target = find_target(dockerfile, request.target)
    faults: list[TagboatError] = []
    platforms = []
    for surroundings in _surroundings(dockerfile, request, native, target):
        plan, found = _platform_plan(surroundings, target, request, images, labels)
        platforms.append(plan)
        faults += [fault for fault in found if str(fault) not in map(str, faults)]
    return BuildPlan(platforms=tuple(platforms), warnings=_warnings(dockerfile, request), faults=tuple(faults))


def _surroundings(
    dockerfile: Dockerfile, request: Request, native: Platform, target: Stage
) -> tuple[Surroundings, ...]:
    return tuple(
        Surroundings(
            dockerfile=dockerfile,
            platform=platform,
            build_contexts=request.build_contexts,
            global_args=global_args(dockerfile, request.build_args, platform_args(platform, native, target.name)),
        )
        for platform in request.platforms or (native,)
    )


def _platform_plan(
    surroundings: Surroundings,
    target: Stage,
    request: Request,
    images: Mapping[ImageSource, ImageConfig],
    labels: Mapping[str, str],
) -> tuple[PlatformPlan, list[TagboatError]]:
    lowered: dict[int, StageLowering] = {}
    plans: dict[int, StagePlan] = {}
    faults: list[TagboatError] = []
    for stage in reachable_stages(surroundings, target):
        inherited = _inherited(stage, surroundings, images, lowered)
        lowering = StageLowering(stage, surroundings, inherited, request.build_args)
        faults += lowering.read()
        lowered[stage.index] = lowering
        plans[stage.index] = lowering.plan(labels if stage is target else {})
    platform = _result_platform(plans[target.index].platform, request, surroundings)
    return PlatformPlan(platform=platform, stages=tuple(plans.values())), faults


def _result_platform(base: Platform, request: Request, surroundings: Surroundings) -> Platform:
    """Return the platform asked for, with the base's OS version; where none is asked for, that of the base."""
    asked = surroundings.platform
    if not request.platforms:
        return base
    same = (asked.os, asked.architecture) == (base.os, base.architecture)
    return replace(asked, os_version=base.os_version) if same and not asked.os_version else asked


def _inherited(
    stage: Stage,
    surroundings: Surroundings,
    images: Mapping[ImageSource, ImageConfig],
    lowered: Mapping[int, StageLowering],
) -> Inherited:
    """Return what a stage starts from; raises `DockerfileError` for a base whose ONBUILD would have to run."""
    base = surroundings.base(stage)
    match base:
        case Scratch():
            return Inherited(base=base, platform=surroundings.stage_platform(stage), run={"WorkingDir": "/"})
        case StageBase():
            return _without_triggers(lowered[base.index].handed_on(), stage)
        case ImageSource():
            config = images[base]
            inherited = Inherited(base=base, platform=config.platform, run=config.run, author=config.author)
            return _without_triggers(inherited, stage)
        case _ as never:
            assert_never(never)


def _without_triggers(inherited: Inherited, stage: Stage) -> Inherited:
    triggers = inherited.run.get("OnBuild")
    if triggers:
        raise DockerfileError(
            f"FROM {stage.from_.image}: its ONBUILD instructions are not built yet: {triggers[0]}",
            "write these instructions into this Dockerfile, and start from a base without ONBUILD",
            location=stage.from_.location,
        )
    return inherited


def _warnings(dockerfile: Dockerfile, request: Request) -> tuple[PlanWarning, ...]:
    return tuple(
        PlanWarning(
            problem=f"the build argument {name} is given, but {dockerfile.name} has no ARG {name}",
            hint=f"add ARG {name}, or drop it from build-args",
        )
        for name in unused_build_args(dockerfile, request.build_args)
    )
