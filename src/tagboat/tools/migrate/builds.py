"""A build step's inputs, names and labels put together from its own and from its metadata step's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tagboat.errors import InputError
from tagboat.flow.migration import Deed, Fate, InputFate, StepReport
from tagboat.tools.migrate.actions import Action, steps_of
from tagboat.tools.migrate.document import Step
from tagboat.tools.migrate.draft import Conversion
from tagboat.tools.migrate.inputs import (
    Given,
    Resolve,
    Translated,
    given,
    reads_server,
    split_items,
    translate_build,
    translate_tags,
)
from tagboat.tools.migrate.metadata import inlined_step, merged
from tagboat.tools.migrate.rewriting import NewStep, checkout_before, replacement

_DEFAULT_RULES = ("type=schedule", "type=ref,event=branch", "type=ref,event=tag", "type=ref,event=pr")


@dataclass(slots=True, kw_only=True)
class BuildPlan:
    """A build step in the making; `metadata` is the step whose rules it takes over."""

    step: Step
    metadata: Step | None
    translated: Translated
    names: list[Given] = field(default_factory=list)
    id: str = ""
    env: list[Given] = field(default_factory=list)


def plan_build(conversion: Conversion, step: Step, credentials: list[Given]) -> BuildPlan:
    """Return the plan for one build step; what stands in its way is added to the conversion."""
    metadata_steps = steps_of(conversion.job, Action.METADATA)
    translated = translate_build(step, conversion.resolve)
    plan = BuildPlan(step=step, metadata=inlined_step(step, metadata_steps), translated=translated)
    if "tags" not in step.table("with"):
        conversion.obstacles.append(f"{step.label}: it has no tags, so it pushes no image that has a name")
    try:
        plan.names = list(_names(plan, metadata_steps, conversion.resolve))
    except InputError as error:
        translated.refuse("tags", error.problem)
    if reads_server(step):
        _check_out(conversion, step)
    translated.given[:0] = [*plan.names, *credentials]
    return plan


def finish_build(conversion: Conversion, plan: BuildPlan) -> None:
    """Write a build step anew, once it is known whether it stands for its metadata step too."""
    step, translated = plan.step, plan.translated
    conversion.obstacles += [f"{step.label}: {obstacle}" for obstacle in translated.obstacles]
    if len({one.name for one in translated.given}) < len(translated.given):
        conversion.obstacles.append(f"{step.label}: outputs and push both say whether to push")
    new = NewStep(step=step, given=translated.given, id=plan.id, env=plan.env)
    conversion.edits.append(replacement(new, conversion.workflow))
    conversion.report(step, Deed.REPLACED, "it is the Tagboat step", translated.fates)


def _names(plan: BuildPlan, metadata_steps: list[Step], resolve: Resolve) -> Iterator[Given]:
    """Yield images, tags, flavor, labels and annotations of the new step."""
    step, metadata, translated = plan.step, plan.metadata, plan.translated
    values = step.table("with")
    if metadata is None:
        if "tags" in values:
            yield from _literal_names(step, metadata_steps, translated, resolve)
        for name in ("labels", "annotations"):
            if name in values:
                translated.fates.append(InputFate(name=name, fate=Fate.SAME))
                yield given(step, name)
        return
    for name in ("images", "tags", "flavor"):
        if name == "tags":
            yield from _rules(step, metadata, translated, resolve)
        elif name in metadata.table("with"):
            yield given(metadata, name)
    for name in ("labels", "annotations"):
        yield from _lines(step, metadata, name, translated)


def _rules(step: Step, metadata: Step, translated: Translated, resolve: Resolve) -> Iterator[Given]:
    own, _ = merged(step, metadata, "tags")
    rules = metadata.table("with").get("tags", "")
    translated.fates.append(InputFate(name="tags", fate=Fate.CHANGED, reason="the rules stand here themselves"))
    if own:
        written = [line for line in rules.splitlines() if line.strip()] or list(_DEFAULT_RULES)
        yield Given(name="tags", value="\n".join([*written, *translate_tags(own, resolve)]))
    elif rules.strip():
        yield given(metadata, "tags")


def _literal_names(step: Step, metadata_steps: list[Step], translated: Translated, resolve: Resolve) -> Iterator[Given]:
    items = split_items(step.table("with")["tags"])
    ids = [metadata.text("id") for metadata in metadata_steps if metadata.text("id")]
    names = [item if _names_any(item, ids) else translate_tags([item], resolve)[0] for item in items]
    if names == [line.strip() for line in step.table("with")["tags"].splitlines() if line.strip()]:
        translated.fates.append(InputFate(name="tags", fate=Fate.SAME))
        yield given(step, "tags")
    else:
        translated.fates.append(InputFate(name="tags", fate=Fate.CHANGED, reason="one full name a line"))
        yield Given(name="tags", value="\n".join(names))


def _names_any(text: str, ids: list[str]) -> bool:
    return any(re.search(rf"\bsteps\.{re.escape(name)}(?![\w-])", text) for name in ids)


def _lines(step: Step, metadata: Step, name: str, translated: Translated) -> Iterator[Given]:
    """Yield the labels or annotations of the new step: the metadata's where the build used them, and its own."""
    own, takes_in = merged(step, metadata, name)
    theirs = metadata.table("with").get(name, "")
    if name in step.table("with"):
        reason = "Tagboat derives them itself" if takes_in else ""
        translated.fates.append(InputFate(name=name, fate=Fate.CHANGED if takes_in else Fate.SAME, reason=reason))
    if takes_in and theirs.strip() and not own:
        yield given(metadata, name)
    elif takes_in and theirs.strip():
        yield Given(name=name, value="\n".join([*theirs.splitlines(), *own]))
    elif own and takes_in:
        yield Given(name=name, value="\n".join(own))
    elif own:
        yield given(step, name)


def _check_out(conversion: Conversion, step: Step) -> None:
    """See to it that the sources are there: docker's action fetched them itself."""
    before = [one for one in conversion.job.steps[: step.index] if "checkout" in one.text("uses")]
    if any({"repository", "ref", "path"} & one.table("with").keys() for one in before):
        conversion.obstacles.append(f"{step.label}: it builds this commit from the server, but another is checked out")
    elif not before and not conversion.added:
        conversion.added.add(step.index)
        conversion.edits.append(checkout_before(step, conversion.workflow))
        conversion.reports.append(
            StepReport(
                step="actions/checkout",
                line=step.span.first + 1,
                deed=Deed.ADDED,
                reason="docker's action fetched the sources itself",
            )
        )
