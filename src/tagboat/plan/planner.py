"""Make the build plan: for each platform, the stages that the target needs with all their steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import assert_never

from tagboat.dockerfile.instructions import Dockerfile, Stage
from tagboat.errors import TagboatError, raise_faults
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


def find_images(
    dockerfile: Dockerfile, request: Request, native: Platform, look_up: Callable[[ImageNeed], ImageConfig]
) -> dict[ImageSource, ImageConfig]:
    """Return the configuration of every image that the target's stages stand on or take files from.

    `look_up` is asked once for each, in the file's order; those that only a base's ONBUILD names come after the others.
    Raises `DockerfileError` or `InputError`, and together all faults of a round of look-ups.
    """
    known: dict[ImageSource, ImageConfig] = {}
    while missing := [need for need in _needs(dockerfile, request, native, known) if need.source not in known]:
        faults: list[TagboatError] = []
        for need in missing:
            try:
                known[need.source] = look_up(need)
            except TagboatError as error:
                faults.append(error)
        raise_faults(faults)
    return known


def _needs(
    dockerfile: Dockerfile, request: Request, native: Platform, known: Mapping[ImageSource, ImageConfig]
) -> list[ImageNeed]:
    target = find_target(dockerfile, request.target)
    needs: dict[ImageSource, ImageNeed] = {}
    for surroundings in _surroundings(dockerfile, request, native, target, known):
        for stage in reachable_stages(surroundings, target):
            base = surroundings.base(stage)
            if isinstance(base, ImageSource):
                needs.setdefault(base, ImageNeed(source=base, location=stage.from_.location))
            for loan in surroundings.loans(stage):
                origin = surroundings.origin(stage, loan)
                if isinstance(origin, ImageSource):
                    needs.setdefault(origin, ImageNeed(source=origin, location=loan.location))
    return list(needs.values())


def make_plan(
    dockerfile: Dockerfile,
    request: Request,
    *,
    native: Platform,
    images: Mapping[ImageSource, ImageConfig],
    labels: Mapping[str, str],
) -> BuildPlan:
    """Return the plan of a build; `images` is what `find_images` gave, `labels` win over LABEL.

    Pure. What is wrong with single instructions is in the plan's `faults`; raises `DockerfileError` where stages and
    bases do not fit together.
    """
    target = find_target(dockerfile, request.target)
    faults: list[TagboatError] = []
    platforms = []
    all_surroundings = _surroundings(dockerfile, request, native, target, images)
    for surroundings in all_surroundings:
        plan, found = _platform_plan(surroundings, target, request, images, labels)
        platforms.append(plan)
        faults += [fault for fault in found if str(fault) not in map(str, faults)]
    return BuildPlan(
        platforms=tuple(platforms), warnings=_warnings(all_surroundings, target, request), faults=tuple(faults)
    )


def _surroundings(
    dockerfile: Dockerfile,
    request: Request,
    native: Platform,
    target: Stage,
    images: Mapping[ImageSource, ImageConfig],
) -> tuple[Surroundings, ...]:
    return tuple(
        Surroundings(
            dockerfile=dockerfile,
            platform=platform,
            build_contexts=request.build_contexts,
            images=images,
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
        lowering = StageLowering(stage, surroundings, inherited, request)
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
    """Return what a stage starts from."""
    base = surroundings.base(stage)
    match base:
        case Scratch():
            return Inherited(base=base, platform=surroundings.stage_platform(stage), run={"WorkingDir": "/"})
        case StageBase():
            return lowered[base.index].handed_on()
        case ImageSource():
            config = images[base]
            return Inherited(base=base, platform=config.platform, run=config.run, author=config.author)
        case _ as never:
            assert_never(never)


def _warnings(all_surroundings: Iterable[Surroundings], target: Stage, request: Request) -> tuple[PlanWarning, ...]:
    unused = set(request.build_args)
    for surroundings in all_surroundings:
        triggers = [
            trigger for stage in reachable_stages(surroundings, target) for trigger in surroundings.triggers(stage)
        ]
        unused &= set(unused_build_args(surroundings.dockerfile, triggers, request.build_args))
    return tuple(
        PlanWarning(
            problem=f"the build argument {name} is given, but no ARG {name} is there to take it",
            hint=f"add ARG {name}, or drop it from build-args",
        )
        for name in sorted(unused)
    )
