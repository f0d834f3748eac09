"""The steps, in order, once, for one image: read this file to know what Tagboat does."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tagboat.errors import InputError, MachineError, raise_faults
from tagboat.flow.context import Context
from tagboat.flow.explanation import Explanation
from tagboat.flow.outputs import Outputs, PushDecision
from tagboat.flow.plan import BuildPlan, ImageNeed, PlanWarning, RunStep
from tagboat.flow.request import Request, Step
from tagboat.flow.tagset import TagSet
from tagboat.oci.config import ImageConfig
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.digest import Digest
from tagboat.oci.platform import Platform
from tagboat.oci.reference import Reference, Repository, TagName
from tagboat.pipeline.build_files import BuildFiles
from tagboat.pipeline.promotion import promote
from tagboat.pipeline.publishing import Image, publish, publish_if_allowed
from tagboat.pipeline.tools import Tools
from tagboat.policy import check_job_token, check_names, decide_push, refuse_unsafe_event, withhold_outdated
from tagboat.temporary import workspace

if TYPE_CHECKING:
    from tagboat.bases import Bases
    from tagboat.build.running import Runner
    from tagboat.layout.reader import Layout

__all__ = ["Tools", "build", "promote", "push", "run", "tags", "why"]

# Heavy steps are imported where they begin: `tagboat tags` loads neither the builder nor a network client.


def run(request: Request, tools: Tools) -> Outputs:
    """Take a commit to digests in a registry; with `dry_run`, do all but what changes anything.

    Stops after `request.until`. Raises a `TagboatError`; names that did move by then are told to `tools.progress`.
    """
    outputs = _decided(request, tools)
    if request.until in (Step.CONTEXT, Step.TAGS):
        return outputs
    with _workspace(request, tools) as folder:
        return _built_and_released(request, tools, outputs, folder)


def tags(request: Request, tools: Tools) -> Outputs:
    """Derive the tag set, labels and annotations, and nothing else."""
    context = tools.read_context(request)
    tagset = _tagset(request, tools, context)
    return Outputs(context=context, tagset=tagset)


def why(request: Request, tools: Tools) -> Explanation:
    """Explain why this event gives the tag that is asked about or not, and which events would."""
    from tagboat.pipeline.explain import explain
    from tagboat.tags.asked import AskedName

    asked = AskedName.parse(request.asked)
    return explain(asked, tools.read_context(request), request.tagging.tags, partial(_derived, request, tools))


def build(request: Request, tools: Tools) -> Outputs:
    """Build into `request.output` with only the names, labels and annotations given; no tag rule, no push."""
    from tagboat.tags import given_tags

    if request.output is None:
        raise InputError("output: `build` needs a place for the layout", "add --output DIR or --output FILE.tar")
    context = tools.read_context(request) if request.source_date_epoch is None else None  # only its time matters
    outputs = Outputs(context=context, tagset=given_tags(request.tagging))
    with _workspace(request, tools) as folder:
        return _built(request, tools, outputs, folder)


def push(request: Request, tools: Tools) -> Outputs:
    """Push a layout or archive made by any tool under the references given, or under its own names."""
    from tagboat.layout.reader import open_layout

    if request.layout is None:
        raise InputError("push needs a layout", "write: tagboat push LAYOUT REFERENCE…")
    layout = open_layout(request.layout)
    wanted: dict[Digest, list[Reference]] = {}
    roots = {}
    for root, reference in _names_to_push(request, layout):
        wanted.setdefault(root.digest, []).append(reference)
        roots[root.digest] = root
    outputs = Outputs()
    for digest, references in wanted.items():
        image = Image(source=layout, root=roots[digest], names=tuple(references))
        outputs = publish(image, request, tools, outputs)
    return outputs


def _decided(request: Request, tools: Tools) -> Outputs:
    """Read the context, derive the names, decide about the push: every fault of these before any work."""
    context = tools.read_context(request)
    refuse_unsafe_event(context, allow_pull_request_target=request.allow_pull_request_target)
    if request.until is Step.CONTEXT:
        return Outputs(context=context)
    tagset = _tagset(request, tools, context)
    decision = decide_push(request.push, context)
    if decision.push and request.until not in (Step.TAGS, Step.PLAN, Step.BUILD):
        unnamed = check_names(tagset, names_images=bool(request.tagging.images.strip()))
        raise_faults((*unnamed, *check_job_token(tagset.references, context, request.credentials)))
        if not tagset.names:
            decision = PushDecision(push=False, reason="every name is withheld")
    return Outputs(context=context, tagset=tagset, decision=decision)


def _tagset(request: Request, tools: Tools, context: Context) -> TagSet:
    tagset = _derived(request, tools, context)
    for warning in tagset.warnings:
        tools.progress.warn(warning)
    return tagset


def _derived(request: Request, tools: Tools, context: Context) -> TagSet:
    from tagboat.tags import derive_tags

    derived = derive_tags(
        request.tagging,
        context,
        now=tools.now,
        source_date_epoch=request.source_date_epoch,
        history=tools.history,
    )
    return withhold_outdated(derived, tools.past)


def _built_and_released(request: Request, tools: Tools, outputs: Outputs, folder: Path) -> Outputs:
    outputs = _built(request, tools, outputs, folder)
    decision = outputs.decision
    if outputs.built is None or decision is None or request.until in (Step.BUILD, Step.SCAN):
        return outputs
    if not decision.push:
        tools.progress.info(f"not pushed: {decision.reason}")
        return outputs
    from tagboat.layout.reader import open_layout

    layout = open_layout(outputs.built.layout)
    image = Image(source=layout, root=outputs.built.root, names=outputs.tagset.references)
    return publish_if_allowed(image, request, tools, outputs)


def _built(request: Request, tools: Tools, outputs: Outputs, folder: Path) -> Outputs:
    """Plan the build, and unless this is a dry run carry it out."""
    from tagboat.bases import Bases
    from tagboat.build import BuildSettings, build_layout, check_sources, doubtful_sources, find_run_steps
    from tagboat.layout.writer import check_output, clear_leftovers, write_archive

    only_looks = request.dry_run or request.until is Step.PLAN
    if request.output is not None:
        check_output(request.output)
        if not only_looks:
            clear_leftovers(request.output)
    files = BuildFiles.read(request, tools, outputs.context)
    bases = Bases(tools.registry, folder)
    with tools.progress.group("Plan"):
        plan = _plan(request, tools, files, bases, outputs.tagset.labels)
        check_sources(plan, files.contexts)
        run_steps = find_run_steps(plan)
        for warning in (*plan.warnings, *doubtful_sources(plan, files.contexts)):
            tools.progress.warn(warning.problem, warning.hint, location=warning.location)
    outputs = dataclasses.replace(outputs, plan=plan)
    if only_looks:
        return outputs
    archive = request.output is not None and request.output.suffix == ".tar"
    target = request.output if request.output is not None and not archive else folder / "layout"
    settings = BuildSettings(
        created=files.epoch,
        times=files.times,
        compression=request.compression,
        jobs=request.jobs or tools.jobs,
        names=outputs.tagset.names,
        annotations=outputs.tagset.annotations,
    )
    with tools.progress.group("Build"), _runner(run_steps, request, tools, files, folder) as runner:
        built = build_layout(
            plan,
            target,
            contexts=files.contexts,
            bases=bases,
            fetch=tools.fetch,
            settings=settings,
            runner=runner,
            progress=tools.progress,
        )
        if request.output is not None and archive:
            write_archive(target, request.output)
    return dataclasses.replace(outputs, built=built, layout=str(request.output or ""))


@contextmanager
def _runner(
    steps: Mapping[Platform, RunStep], request: Request, tools: Tools, files: BuildFiles, folder: Path
) -> Iterator[Runner | None]:
    """Give what runs RUN, where there is one; raises `MachineError` when this machine cannot, before any work."""
    if not steps:
        yield None
        return
    from tagboat.build.running import Runner, RunSettings
    from tagboat.executors.emulation import check_platform

    for platform, step in steps.items():
        check_platform(platform, tools.native, step.location)
    settings = RunSettings(
        hosts=request.add_hosts,
        name_servers=tools.name_servers(),
        secrets=request.secrets,
        shm_size_bytes=request.shm_size_bytes,
        latest=files.latest,
    )
    with tools.executor(request, folder / "roots") as executor:
        yield Runner(executor, settings, tools.progress)


def _plan(request: Request, tools: Tools, files: BuildFiles, bases: Bases, labels: Mapping[str, str]) -> BuildPlan:
    from tagboat.plan import find_images, make_plan

    unknown: list[PlanWarning] = []

    def look_up(need: ImageNeed) -> ImageConfig:
        only_looked_at = request.dry_run or request.until is Step.PLAN
        if request.offline and only_looked_at and need.source.reference is not None:
            config, warning = _unseen(need)
            unknown.append(warning)
            return config
        return bases.resolve(need).config

    images = find_images(files.dockerfile, request, tools.native, look_up)
    plan = make_plan(files.dockerfile, request, native=tools.native, images=images, labels=labels)
    return dataclasses.replace(plan, warnings=(*plan.warnings, *unknown))


def _unseen(need: ImageNeed) -> tuple[ImageConfig, PlanWarning]:
    """Return an empty configuration for a base that must not be asked for, and the warning that says so."""
    warning = PlanWarning(
        problem=f"offline: {need.source.name} is not looked at, so what its configuration sets is unknown here",
        location=need.location,
    )
    return ImageConfig(platform=need.source.platform), warning


def _names_to_push(request: Request, layout: Layout) -> Iterator[tuple[Descriptor, Reference]]:
    """Yield each root of a layout with a name that it is to get."""
    if request.all_tags:
        repository = Repository.parse(request.repository)
        names = layout.names()
        if not names:
            raise InputError(f"{request.layout} names no tag", "push LAYOUT NAME:TAG gives it one")
        for name, root in names.items():
            yield root, repository.tag(TagName.parse(name))
        return
    untagged = [reference for reference in request.references if reference.tag is None]
    if untagged or not request.references:
        named = ", ".join(reference.familiar for reference in untagged) or "nothing"
        raise InputError(f"push needs NAME:TAG, but was given {named}", "add the tag, as in ghcr.io/me/app:1.2.3")
    root = layout.select()
    for reference in request.references:
        yield root, reference


@contextmanager
def _workspace(request: Request, tools: Tools) -> Iterator[Path]:
    """Give a temporary folder that is gone when the block ends, however it ends."""
    parent = request.work_dir or tools.temporary
    with ExitStack() as stack:
        try:
            parent.mkdir(parents=True, exist_ok=True)
            folder = stack.enter_context(workspace(parent))
        except OSError as error:
            raise MachineError(
                f"{parent} cannot hold temporary files: {error.strerror}", "name another folder with --work-dir"
            ) from error
        yield folder
