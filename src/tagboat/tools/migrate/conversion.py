"""One job: docker's steps found, each obstacle named, the edits that make it Tagboat's."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tagboat.flow.migration import Deed
from tagboat.tools.migrate.actions import Action, action_of, engine_users, steps_of
from tagboat.tools.migrate.builds import BuildPlan, finish_build, plan_build
from tagboat.tools.migrate.document import Job, Span, Step, Workflow
from tagboat.tools.migrate.draft import Conversion
from tagboat.tools.migrate.inputs import Given, Resolve
from tagboat.tools.migrate.metadata import Use, reads_variables, strange_use, translate_metadata, uses_of
from tagboat.tools.migrate.preparations import convert_caches, convert_logins, convert_setup
from tagboat.tools.migrate.rewriting import Edit, NewStep, replacement

_LISTS = ("tags", "labels", "annotations")
_GIVE_TAGS = (Action.METADATA, Action.BUILD)


def convert_job(workflow: Workflow, job: Job, resolve: Resolve) -> Conversion | None:
    """Return a job's conversion; None when it uses none of docker's actions. With obstacles it has no edits."""
    if not any(map(action_of, job.steps)):
        return None
    conversion = Conversion(workflow=workflow, job=job, resolve=resolve)
    conversion.obstacles += [*_obstacles_of_job(workflow, job), *_obstacles_of_steps(workflow, job)]
    if any(action_of(step) and not step.is_plain for step in job.steps):
        return conversion
    convert_caches(conversion)
    credentials = convert_logins(conversion)
    plans = [plan_build(conversion, step, credentials) for step in steps_of(job, Action.BUILD)]
    for metadata in steps_of(job, Action.METADATA):
        _convert_metadata(conversion, metadata, [plan for plan in plans if plan.metadata is metadata])
    for plan in plans:
        finish_build(conversion, plan)
    convert_setup(conversion)
    if conversion.obstacles:
        conversion.edits.clear()
    conversion.reports.sort(key=lambda report: report.line)
    return conversion


def _obstacles_of_job(workflow: Workflow, job: Job) -> Iterator[str]:
    if steps_of(job, Action.BAKE):
        yield "docker/bake-action builds what a bake file says, and Tagboat reads no bake files"
    elif not steps_of(job, Action.BUILD) and not steps_of(job, Action.METADATA):
        yield "no step builds by docker/build-push-action; programs in `run:` are not rewritten"
    if "pull_request_target" in workflow.triggers:
        yield "the workflow runs on pull_request_target, where Tagboat builds only with allow-pull-request-target"
    if "windows" in str(job.data.get("runs-on", "")).lower():
        yield "Tagboat runs on Linux and macOS"
    if reads_variables(workflow, job) and max(len(steps_of(job, action)) for action in _GIVE_TAGS) > 1:
        yield "a step reads DOCKER_METADATA_OUTPUT_… variables, which each of several steps would set anew"


def _obstacles_of_steps(workflow: Workflow, job: Job) -> Iterator[str]:
    places = [step.span for one in workflow.jobs for step in one.steps]
    for step in job.steps:
        if action_of(step) and not step.is_plain:
            yield f"the step {step.label!r} is not written one key a line"
        if action_of(step) and places.count(step.span) > 1:
            yield f"the step {step.label!r} is used again by a YAML alias"
    user = next(engine_users(step for step in job.steps if action_of(step) is None), None)
    for step in steps_of(job, Action.BUILD):
        if user and not steps_of(job, Action.BUILDX) and step.table("with").get("push", "false") != "true":
            yield f"{step.label}: without buildx the image stays in the engine, and the step {user.label!r} may use it"
        if step.text("uses").endswith("@v1"):
            yield f"{step.text('uses')} has other inputs than its later versions; move to v6 first"


def _convert_metadata(conversion: Conversion, metadata: Step, plans: list[BuildPlan]) -> None:
    """Take a metadata step away where one build step has its rules, else make it a step that only gives tags."""
    inlined = [span for plan in plans for span in _list_spans(plan.step)]
    uses = uses_of(metadata, conversion.workflow, conversion.job, inlined)
    reads = reads_variables(conversion.workflow, conversion.job)
    translated = translate_metadata(metadata, used=bool(uses) or reads)
    if strange := strange_use(uses, conversion.workflow):
        conversion.obstacles.append(f"{metadata.label}: its {strange} is used, which Tagboat does not give")
    conversion.obstacles += [f"{metadata.label}: {obstacle}" for obstacle in translated.obstacles]
    for plan in plans:
        plan.env = [Given(name=name, value=text) for name, text in metadata.table("env").items()]
    if _can_go(plans, uses) and not reads:
        conversion.remove(metadata, "its rules stand in the build step", translated.fates)
        if uses:
            _point_elsewhere(conversion, plans[0], metadata, uses)
        return
    new = NewStep(step=metadata, given=[*translated.given, Given(name="until", value="tags")])
    conversion.edits.append(replacement(new, conversion.workflow))
    reason = "other steps use its outputs" if uses or reads else "no build step has its rules"
    conversion.report(metadata, Deed.REPLACED, reason, translated.fates)


def _list_spans(step: Step) -> Iterator[Span]:
    block = step.entry("with")
    return (entry.span for entry in (block.inner if block else ()) if entry.key.lower() in _LISTS)


def _can_go(plans: list[BuildPlan], uses: list[Use]) -> bool:
    """Tell whether the build steps can give what a metadata step gave: to later steps one that surely runs can."""
    if not uses:
        return bool(plans)
    early = any(use.step is not None and use.step.index <= plan.step.index for use in uses for plan in plans)
    return len(plans) == 1 and not early and not plans[0].step.text("if")


def _point_elsewhere(conversion: Conversion, plan: BuildPlan, metadata: Step, uses: list[Use]) -> None:
    """Let what used the metadata step's outputs use the build step's."""
    old, new = metadata.text("id"), plan.step.text("id")
    if not new:
        plan.id = old
        return
    pattern = re.compile(rf"\bsteps(?:\.{re.escape(old)}(?![\w-])|\[['\"]{re.escape(old)}['\"]\])")
    for number in dict.fromkeys(use.line for use in uses):
        line = pattern.sub(f"steps.{new}", conversion.workflow.lines[number])
        conversion.edits.append(Edit(span=Span(first=number, end=number + 1), lines=(line,)))
