"""The tags of a build step before and after, on every event: what the migration is judged by."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from tagboat.errors import InputError, TagboatError
from tagboat.flow.migration import Trial, Verdict
from tagboat.flow.request import TagRequest
from tagboat.flow.tagset import Outcome, TagSet
from tagboat.oci.reference import Reference
from tagboat.tags import derive_tags
from tagboat.tags.flavor import Latest, read_flavor
from tagboat.tools.migrate.actions import TAGBOAT, Action, steps_of
from tagboat.tools.migrate.document import Job, Step, Workflow
from tagboat.tools.migrate.events import Scenario
from tagboat.tools.migrate.inputs import split_items
from tagboat.tools.migrate.scope import Scope, combinations
from tagboat.versions import is_prerelease

_ENABLE = re.compile(r"enable=(\$\{\{.*?\}\})")
_LATEST_ON_PURPOSE = "docker's action puts latest on this prerelease, Tagboat does not"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A build step before and after."""

    old: Step
    new: Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """A workflow before and after; `now` is the time of the simulated runs."""

    old: Workflow
    new: Workflow
    now: datetime


def trials(
    versions: Versions, old: Job, new: Job, pairs: Iterable[Pair], events: Iterable[Scenario]
) -> Iterator[Trial]:
    """Yield the comparison for each build step on each event, for each combination of the job's matrix."""
    for pair in pairs:
        for event in events:
            for matrix in combinations(versions.old, old, event):
                before = Scope(workflow=versions.old, job=old, scenario=event, matrix=matrix)
                after = Scope(workflow=versions.new, job=new, scenario=event, matrix=matrix)
                yield _trial(pair, event, before, after, versions.now)


def _trial(pair: Pair, event: Scenario, before: Scope, after: Scope, now: datetime) -> Trial:
    old, new, reason = list[str](), list[str](), ""
    extra: set[str] = set()
    try:
        extra = _run_metadata(before, now)
        old = _normal(_build_names(pair.old, before))
    except TagboatError as error:
        reason = f"the old step cannot be followed: {error}"
    try:
        new = _new_names(pair.new, after, now)
    except TagboatError as error:
        reason = reason or f"the new step fails: {error}"
    verdict = Verdict.UNKNOWN if reason else _compare(set(old), set(new), extra)
    return Trial(
        step=pair.old.label,
        event=event.name,
        triggers=event.triggers,
        matrix=", ".join(f"{key}={value}" for key, value in (before.matrix or {}).items() if isinstance(value, str)),
        verdict=verdict,
        old=tuple(old),
        new=tuple(new),
        reason=_LATEST_ON_PURPOSE if verdict is Verdict.ON_PURPOSE else reason,
        assumed={**before.assumed, **after.assumed},
    )


def _compare(old: set[str], new: set[str], on_purpose: set[str]) -> Verdict:
    if old == new:
        return Verdict.EQUAL
    return Verdict.ON_PURPOSE if old - new <= on_purpose and not new - old else Verdict.DIFFERENT


def _run_metadata(scope: Scope, now: datetime) -> set[str]:
    """Give the scope the outputs of its metadata steps; return the names that docker's action gives on its own."""
    extra: set[str] = set()
    for step in steps_of(scope.job, Action.METADATA):
        own = scope.with_env(step.table("env"))
        tagset = _derive(step.table("with"), own, now)
        more = _latest_of_docker(step, own, tagset)
        extra |= set(_normal(more))
        if step.text("id"):
            scope.outputs[step.text("id")] = _outputs(tagset, more)
    return extra


def _new_names(step: Step, scope: Scope, now: datetime) -> list[str]:
    for other in scope.job.steps:
        if other.text("uses") == TAGBOAT and other.table("with").get("until") == "tags" and other.text("id"):
            own = scope.with_env(other.table("env"))
            scope.outputs[other.text("id")] = _outputs(_derive(other.table("with"), own, now), [])
    return _familiar(_derive(step.table("with"), scope.with_env(step.table("env")), now))


def _build_names(step: Step, scope: Scope) -> list[str]:
    return split_items(scope.with_env(step.table("env")).render(step.table("with").get("tags", "")))


def _derive(values: Mapping[str, str], scope: Scope, now: datetime) -> TagSet:
    def text(name: str) -> str:
        return scope.render(_decided(values.get(name, ""), scope))

    def variable(name: str) -> str:
        return str(scope.look_up(("env", name))) if name in _variables(scope) else ""

    request = TagRequest(
        images=text("images"),
        tags=text("tags"),
        flavor=text("flavor"),
        pr_head_sha="true" in variable("DOCKER_METADATA_PR_HEAD_SHA").lower(),
        short_sha_length=variable("DOCKER_METADATA_SHORT_SHA_LENGTH"),
    )
    return derive_tags(request, scope.scenario.context, now=now, source_date_epoch=None)


def _variables(scope: Scope) -> set[str]:
    tables = (scope.env, scope.job.data.get("env"), scope.workflow.data.get("env"))
    return {name for table in tables if isinstance(table, dict) for name in table}


def _decided(text: str, scope: Scope) -> str:
    """Return the text with each `enable=` that only a run decides assumed to be true."""

    def decide(found: re.Match[str]) -> str:
        if scope.render(found[1]) in {"true", "false"}:
            return found[0]
        scope.assumed[found[1]] = "true"
        return "enable=true"

    return _ENABLE.sub(decide, text)


def _familiar(tagset: TagSet) -> list[str]:
    return [reference.familiar for reference in tagset.references]


def _normal(names: Iterable[str]) -> list[str]:
    """Return names as the new step shows them; raises `InputError` for one that no registry takes."""
    shown = []
    for name in names:
        reference = Reference.parse(name)
        tagged = reference if reference.tag or reference.digest else Reference.parse(f"{name}:latest")
        shown.append(tagged.familiar)
    return list(dict.fromkeys(shown))


def _latest_of_docker(step: Step, scope: Scope, tagset: TagSet) -> list[str]:
    """Return the names `latest` that docker's action gives a prerelease by type=ref or type=match: Tagboat does not."""
    faults: list[InputError] = []
    flavor = read_flavor(scope.render(step.table("with").get("flavor", "")), faults, [])
    first = next((entry.rule for entry in tagset.decisions if entry.outcome is Outcome.MADE), "")
    by_name = re.search(r"type\s*=\s*(ref|match)\b", first)
    tag = scope.scenario.context.tag
    if flavor.latest is not Latest.AUTO or not by_name or not tag or not is_prerelease(tag):
        return []
    images = dict.fromkeys(reference.repository.familiar for reference in tagset.references)
    return [f"{image}:{flavor.latest_name}" for image in images]


def _outputs(tagset: TagSet, more: Iterable[str]) -> dict[str, str]:
    names = [*(_familiar(tagset) or map(str, tagset.names)), *more]
    lines = [f"{key}={value}" for key, value in tagset.labels.items()]
    document = {"tags": names, "labels": dict(tagset.labels), "tag-names": list(tagset.names)}
    return {
        "tags": "\n".join(names),
        "tag-names": "\n".join(tagset.names),
        "version": tagset.version,
        "labels": "\n".join(lines),
        "annotations": "\n".join(f"{entry.name}={entry.value}" for entry in tagset.annotations),
        "json": json.dumps(document),
    }
