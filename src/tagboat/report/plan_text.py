"""The texts of `tags` and `plan`: what a run would do, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tagboat.flow.outputs import Outputs
from tagboat.flow.plan import (
    BuildPlan,
    BuildStep,
    ContextFiles,
    CopyStep,
    ImageSource,
    PlatformPlan,
    RunStep,
    Scratch,
    StageBase,
    StagePlan,
    WorkdirStep,
)
from tagboat.flow.tagset import TagSet
from tagboat.report.colour import coloured
from tagboat.report.escaping import visible
from tagboat.report.table import columns
from tagboat.report.units import count

_INDENT = "  "


def tags_text(tagset: TagSet, *, width: int = 100, colour: bool = False) -> str:
    """Return the text of `tags`: names, each rule's decision with its reason, labels, annotations.

    `width` is the terminal's, in characters. Parts that are empty are left out, except the names.
    """
    return _text(_tag_parts(tagset, width=width, colour=colour))


def plan_text(outputs: Outputs, *, width: int = 100, colour: bool = False) -> str:
    """Return the text of `plan`: that of `tags`, then platforms, stages and steps, then what is pushed or why not."""
    parts = list(_tag_parts(outputs.tagset, width=width, colour=colour))
    if outputs.plan:
        parts += [_platform(platform, width) for platform in outputs.plan.platforms]
        parts.append(_warnings(outputs.plan))
    parts.append(_push(outputs))
    return _text(parts)


def _text(parts: Iterator[list[str]] | Sequence[list[str]]) -> str:
    return "\n\n".join("\n".join(part) for part in parts if part)


def _tag_parts(tagset: TagSet, *, width: int, colour: bool) -> Iterator[list[str]]:
    names = tagset.to_json()["tags"]
    version = f" (version {visible(tagset.version)})" if tagset.version else ""
    yield [f"Tags{version}", *(f"{_INDENT}{visible(name)}" for name in names or ["none"])]
    if tagset.decisions:
        yield ["Rules", *_decisions(tagset, width=width, colour=colour)]
    if tagset.labels:
        yield ["Labels", *(f"{_INDENT}{visible(key)}={visible(tagset.labels[key])}" for key in sorted(tagset.labels))]
    if tagset.annotations:
        shown = (f"{_INDENT}{visible(f'{entry.name}={entry.value}')}" for entry in tagset.annotations)
        yield ["Annotations", *shown]


def _decisions(tagset: TagSet, *, width: int, colour: bool) -> list[str]:
    rows = [(entry.outcome, entry.tag or "-", f"{entry.rule}: {entry.reason}") for entry in tagset.decisions]
    lines = columns(rows, width=width, indent=_INDENT)
    return [coloured(line) for line in lines] if colour else lines


def _platform(platform: PlatformPlan, width: int) -> list[str]:
    lines = [f"Build {platform.platform}"]
    for stage in platform.stages:
        lines.append(f"{_INDENT}{_stage(stage)}")
        rows = [(str(step.location), _step(step)) for step in stage.steps]
        lines += columns(rows, width=width, indent=_INDENT * 2)
    return lines


def _stage(stage: StagePlan) -> str:
    name = f" {visible(stage.name)}" if stage.name else ""
    return f"stage {stage.index}{name} from {_origin(stage.base)} ({visible(str(stage.location))})"


def _step(step: BuildStep) -> str:
    match step:
        case CopyStep():
            files = [*step.sources, *(f"<<{file.name}" for file in step.inline)]
            return f"copy {', '.join(files)} from {_origin(step.origin)} to {step.destination}"
        case WorkdirStep():
            return f"make folder {step.path}"
        case RunStep():
            _, *words = step.instruction.split()
            return " ".join(["run", *words])


def _origin(origin: Scratch | StageBase | ImageSource | ContextFiles) -> str:
    match origin:
        case Scratch():
            return "scratch"
        case StageBase():
            return f"stage {origin.index}"
        case ImageSource():
            return visible(origin.name)
        case ContextFiles():
            return f"context {visible(origin.name)}" if origin.name else "the build context"


def _warnings(plan: BuildPlan) -> list[str]:
    places = [f"{warning.location}: " if warning.location else "" for warning in plan.warnings]
    lines = [visible(place + warning.problem) for place, warning in zip(places, plan.warnings, strict=True)]
    return ["Warnings", *(f"{_INDENT}{line}" for line in lines)] if lines else []


def _push(outputs: Outputs) -> list[str]:
    """Return what would be pushed where and why, or why nothing would be."""
    if outputs.decision is None:
        return []
    references = outputs.tagset.references
    verdict = f"Push {count(len(references), 'name')}" if outputs.decision.push else "No push"
    shown = references if outputs.decision.push else ()
    return [
        f"{verdict}: {visible(outputs.decision.reason)}",
        *(f"{_INDENT}{reference.familiar}" for reference in shown),
    ]
