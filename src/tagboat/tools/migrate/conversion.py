"""One job: docker's steps found, each obstacle named, the edits that make it Tagboat's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tagboat.errors import InputError
from tagboat.flow.migration import Deed, Fate, InputFate, StepReport
from tagboat.tools.migrate.actions import Action, action_of, engine_users, steps_of
from tagboat.tools.migrate.document import Job, Span, Step, Workflow
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
from tagboat.tools.migrate.metadata import (
    Use,
    inlined_step,
    merged,
    reads_variables,
    strange_use,
    translate_metadata,
    uses_of,
)
from tagboat.tools.migrate.registries import Logins, sort_logins
from tagboat.tools.migrate.rewriting import Edit, NewStep, checkout_before, removal, replacement

_DEFAULT_RULES = ("type=schedule", "type=ref,event=branch", "type=ref,event=tag", "type=ref,event=pr")
_LISTS = ("tags", "labels", "annotations")
_CACHE_FOLDER = re.compile(r"(?:src|dest)=([^,\s]+)")
_HOUSEKEEPING = re.compile(r"(?:rm|mv|mkdir|ls|du|echo|if|fi|then)\b|#")
_GIVE_TAGS = (Action.METADATA, Action.BUILD)
_NEEDS_BUILDX = ("cloud", "kubernetes", "remote")


@dataclass(slots=True, kw_only=True)
class Conversion:
    """A job on its way: what stands in the way, what is done with its steps, and the edits.

    `added` counts the steps that are put before a build step, `removed` holds the steps that go, both by index.
    """

    workflow: Workflow
    job: Job
    resolve: Resolve
    obstacles: list[str] = field(default_factory=list)
    reports: list[StepReport] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    added: set[int] = field(default_factory=set)
    removed: set[int] = field(default_factory=set)

    @property
    def others(self) -> list[Step]:
        """The steps that stay and are not docker's."""
        steps = self.job.steps
        return [step for step in steps if action_of(step) is None and step.index not in self.removed]

    def new_index(self, step: Step) -> int:
        """Return the place of a step in the new job."""
        gone = sum(index < step.index for index in self.removed)
        return step.index - gone + sum(index <= step.index for index in self.added)


def convert_job(workflow: Workflow, job: Job, resolve: Resolve) -> Conversion | None:
    """Return a job's conversion; None when it uses none of docker's actions. With obstacles it has no edits."""
    if not any(map(action_of, job.steps)):
        return None
    conversion = Conversion(workflow=workflow, job=job, resolve=resolve)
    conversion.obstacles += [*_obstacles_of_job(workflow, job), *_obstacles_of_steps(workflow, job)]
    if any(action_of(step) and not step.is_plain for step in job.steps):
        return conversion
    _convert_caches(conversion)
    builds = steps_of(job, Action.BUILD)
    logins = _convert_logins(conversion)
    plans = [_plan_build(conversion, step, logins) for step in builds]
    for metadata in steps_of(job, Action.METADATA):
        _convert_metadata(conversion, metadata, [plan for plan in plans if plan.metadata is metadata])
    for plan in plans:
        _finish_build(conversion, plan)
    _convert_setup(conversion)
    if conversion.obstacles:
        conversion.edits.clear()
    conversion.reports.sort(key=lambda report: report.line)
    return conversion


@dataclass(slots=True, kw_only=True)
class _BuildPlan:
    """A build step in the making; `metadata` is the step whose rules it takes over."""

    step: Step
    metadata: Step | None
    translated: Translated
    names: list[Given] = field(default_factory=list)
    id: str = ""
    env: list[Given] = field(default_factory=list)


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


def _convert_logins(conversion: Conversion) -> Logins:
    job = conversion.job
    logins = steps_of(job, Action.LOGIN)
    sorted_logins = sort_logins(logins, conversion.others, conversion.resolve)
    for step in sorted_logins.removed:
        _remove(conversion, step)
    conversion.reports += sorted_logins.reports
    return sorted_logins


def _remove(conversion: Conversion, step: Step) -> None:
    conversion.removed.add(step.index)
    conversion.edits.append(removal(step, conversion.workflow))


def _plan_build(conversion: Conversion, step: Step, logins: Logins) -> _BuildPlan:
    metadata_steps = steps_of(conversion.job, Action.METADATA)
    translated = translate_build(step, conversion.resolve)
    plan = _BuildPlan(step=step, metadata=inlined_step(step, metadata_steps), translated=translated)
    if "tags" not in step.table("with"):
        conversion.obstacles.append(f"{step.label}: it has no tags, so it pushes no image that has a name")
    try:
        plan.names = list(_names(plan, metadata_steps, conversion.resolve))
    except InputError as error:
        translated.refuse("tags", error.problem)
    if reads_server(step):
        _check_out(conversion, step)
    translated.given[:0] = [*plan.names, *logins.given]
    return plan


def _names(plan: _BuildPlan, metadata_steps: list[Step], resolve: Resolve) -> Iterator[Given]:
    """Yield images, tags, flavor, labels and annotations of the new step."""
    step, metadata, translated = plan.step, plan.metadata, plan.translated
    values = step.table("with")
    if metadata is None:
        if "tags" in values:
            yield from _literal_names(step, metadata_steps, translated, resolve)
        for name in _LISTS[1:]:
            if name in values:
                translated.fates.append(InputFate(name=name, fate=Fate.SAME))
                yield given(step, name)
        return
    for name in ("images", "tags", "flavor"):
        if name in metadata.table("with") and name != "tags":
            yield given(metadata, name)
        elif name == "tags":
            yield from _rules(step, metadata, translated, resolve)
    for name in _LISTS[1:]:
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


def _convert_metadata(conversion: Conversion, metadata: Step, plans: list[_BuildPlan]) -> None:
    """Take a metadata step away where one build step has its rules, else make it a step that only gives tags."""
    inlined = [span for plan in plans for span in _list_spans(plan.step)]
    uses = uses_of(metadata, conversion.workflow, conversion.job, inlined)
    plan = plans[0] if len(plans) == 1 else None
    reads = reads_variables(conversion.workflow, conversion.job)
    translated = translate_metadata(metadata, used=bool(uses) or reads)
    if strange := strange_use(uses, conversion.workflow):
        conversion.obstacles.append(f"{metadata.label}: its {strange} is used, which Tagboat does not give")
    conversion.obstacles += [f"{metadata.label}: {obstacle}" for obstacle in translated.obstacles]
    if plan and _can_go(plan, uses) and not reads:
        _remove(conversion, metadata)
        _point_elsewhere(conversion, plan, metadata, uses)
        deed, reason = Deed.REMOVED, "its rules stand in the build step"
    else:
        given = [*translated.given, Given(name="until", value="tags")]
        conversion.edits.append(replacement(NewStep(step=metadata, given=given), conversion.workflow))
        deed, reason = Deed.REPLACED, "other steps use its outputs" if uses or reads else "no build step has its rules"
    for one in plans:
        one.env = [Given(name=name, value=text) for name, text in metadata.table("env").items()]
    _report(conversion, metadata, deed, reason, translated)


def _list_spans(step: Step) -> Iterator[Span]:
    block = step.entry("with")
    return (entry.span for entry in (block.inner if block else ()) if entry.key.lower() in _LISTS)


def _can_go(plan: _BuildPlan, uses: list[Use]) -> bool:
    """Tell whether the build step can give what a metadata step gave: to later steps, and when it surely runs."""
    early = any(use.step is not None and use.step.index <= plan.step.index for use in uses)
    return not early and not (uses and plan.step.text("if"))


def _point_elsewhere(conversion: Conversion, plan: _BuildPlan, metadata: Step, uses: list[Use]) -> None:
    """Let what used the metadata step's outputs use the build step's."""
    old, new = metadata.text("id"), plan.step.text("id")
    if not new:
        plan.id = old if uses else ""
        return
    pattern = re.compile(rf"\bsteps(?:\.{re.escape(old)}(?![\w-])|\[['\"]{re.escape(old)}['\"]\])")
    for number in dict.fromkeys(use.line for use in uses):
        line = pattern.sub(f"steps.{new}", conversion.workflow.lines[number])
        conversion.edits.append(Edit(span=Span(first=number, end=number + 1), lines=(line,)))


def _finish_build(conversion: Conversion, plan: _BuildPlan) -> None:
    step, translated = plan.step, plan.translated
    conversion.obstacles += [f"{step.label}: {obstacle}" for obstacle in translated.obstacles]
    if len({one.name for one in translated.given}) < len(translated.given):
        conversion.obstacles.append(f"{step.label}: outputs and push both say whether to push")
    new = NewStep(step=step, given=translated.given, id=plan.id, env=plan.env)
    conversion.edits.append(replacement(new, conversion.workflow))
    _report(conversion, step, Deed.REPLACED, "it is the Tagboat step", translated)


def _report(conversion: Conversion, step: Step, deed: Deed, reason: str, translated: Translated) -> None:
    line = step.span.first + 1
    report = StepReport(step=step.label, line=line, deed=deed, reason=reason, inputs=tuple(translated.fates))
    conversion.reports.append(report)


def _convert_setup(conversion: Conversion) -> None:
    """Take buildx away where nobody else needs it; QEMU stays, since RUN for another processor needs it here too."""
    job = conversion.job
    user = next(engine_users(conversion.others), None)
    for step in steps_of(job, Action.BUILDX):
        driver = step.table("with").get("driver", "")
        if driver in _NEEDS_BUILDX or step.table("with").keys() & {"endpoint", "append"}:
            conversion.obstacles.append(f"{step.label}: it builds on other machines, which is not built yet")
        settings = step.table("with").keys() & {
            "buildkitd-config",
            "buildkitd-config-inline",
            "config",
            "config-inline",
        }
        if settings:
            conversion.obstacles.append(f"{step.label}: {', '.join(settings)} configures BuildKit, not Tagboat")
        _drop_setup(conversion, step, f"the step {user.label!r} may use it" if user else "")
    for step in steps_of(job, Action.QEMU):
        is_foreign = any("platforms" in build.table("with") for build in steps_of(job, Action.BUILD))
        why = "RUN for another processor needs it; without such a RUN it can go" if is_foreign else ""
        _drop_setup(conversion, step, why or (f"the step {user.label!r} may use it" if user else ""))


def _drop_setup(conversion: Conversion, step: Step, why_kept: str) -> None:
    used = uses_of(step, conversion.workflow, conversion.job, ())
    builds = [build.span for build in steps_of(conversion.job, Action.BUILD)]
    why_kept = why_kept or ("its outputs are used" if used and not _only_builder(used, builds) else "")
    if not why_kept:
        _remove(conversion, step)
    reason = why_kept or "nothing needs a builder"
    deed = Deed.KEPT if why_kept else Deed.REMOVED
    conversion.reports.append(StepReport(step=step.label, line=step.span.first + 1, deed=deed, reason=reason))


def _only_builder(used: list[Use], builds: list[Span]) -> bool:
    """Tell whether the only use of a builder is as the `builder` input, which goes."""
    return all(use.output == "name" and any(use.line in span for span in builds) for use in used)


def _convert_caches(conversion: Conversion) -> None:
    """Take away what looks after BuildKit's cache folders: they are not made any more, and moving one would fail."""
    builds = [step.table("with") for step in steps_of(conversion.job, Action.BUILD)]
    texts = [values.get(name, "") for values in builds for name in ("cache-from", "cache-to")]
    folders = {found for text in texts for found in _CACHE_FOLDER.findall(text)}
    for step in conversion.job.steps:
        lines = [line.strip() for line in step.text("run").splitlines() if line.strip()]
        named = [folder for folder in folders if folder in step.text("run")]
        if named and not all(_HOUSEKEEPING.match(line) for line in lines):
            conversion.obstacles.append(f"{step.label}: it works on {named[0]}, a cache that Tagboat does not write")
        elif named or (step.text("uses").startswith("actions/cache@") and step.table("with").get("path") in folders):
            _remove(conversion, step)
            line = step.span.first + 1
            reason = "Tagboat writes no BuildKit cache"
            conversion.reports.append(StepReport(step=step.label, line=line, deed=Deed.REMOVED, reason=reason))
