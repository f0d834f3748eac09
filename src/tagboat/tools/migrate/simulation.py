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
from tagboat.tools.migrate.actions import TAGBOAT, Action, action_of, steps_of
from tagboat.tools.migrate.document import Job, Step, Workflow
from tagboat.tools.migrate.events import Scenario
from tagboat.tools.migrate.inputs import split_items
from tagboat.tools.migrate.scope import Scope, combinations
from tagboat.versions import is_prerelease

_ENABLE = re.compile(r"enable=(\$\{\{.*?\}\})")
_LATEST_ON_PURPOSE = "docker's action puts latest on this prerelease, Tagboat does not"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A step that names images, before and after."""

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
    """Yield the comparison for each pair of steps on each event, for each combination of the job's matrix."""
    for pair in pairs:
        for event in events:
            for matrix in combinations(versions.old, old, event):
                before = Scope(workflow=versions.old, job=old, scenario=event, matrix=matrix)
                after = Scope(workflow=versions.new, job=new, scenario=event, matrix=matrix)
                yield _trial(pair, event, before, after, versions.now)


def _trial(pair: Pair, event: Scenario, before: Scope, after: Scope, now: datetime) -> Trial:
    old, own, new, reason = list[str](), list[str](), list[str](), "the old step cannot be followed"
    try:
        old = _old_names(pair.old, before, now, as_docker=True)
        reason = "the new step fails"
        new = _new_names(pair.new, after, now)
        if set(old) != set(new):
            own = _old_names(pair.old, before, now, as_docker=False)
        verdict, reason = _compare(set(old), set(own), set(new)), ""
    except TagboatError as error:
        verdict, reason = Verdict.UNKNOWN, f"{reason}: {error}"
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


def _compare(old: set[str], own: set[str], new: set[str]) -> Verdict:
    """Compare the names; `own` are the old step's by Tagboat's rules, where docker's action has a rule of its own."""
    if new == old:
        return Verdict.EQUAL
    return Verdict.ON_PURPOSE if new == own else Verdict.DIFFERENT


def _old_names(step: Step, scope: Scope, now: datetime, *, as_docker: bool) -> list[str]:
    """Return the names that the step had, from what the job's metadata steps put out."""
    for metadata in steps_of(scope.job, Action.METADATA):
        own = scope.with_env(metadata.table("env"))
        tagset = _derive(metadata.table("with"), own, now)
        more = _latest_of_docker(metadata, own, tagset) if as_docker else []
        scope.outputs[metadata.text("id")] = _outputs(tagset, more)
    if action_of(step) is Action.METADATA:
        return scope.outputs[step.text("id")]["tags"].splitlines()
    return _normal(split_items(scope.with_env(step.table("env")).render(step.table("with").get("tags", ""))))


def _new_names(step: Step, scope: Scope, now: datetime) -> list[str]:
    """Return the names that the step has by its own rules and by what the steps with `until: tags` put out."""
    for other in scope.job.steps:
        if other.text("uses") == TAGBOAT and other.table("with").get("until") == "tags":
            own = scope.with_env(other.table("env"))
            scope.outputs[other.text("id")] = _outputs(_derive(other.table("with"), own, now), [])
    tagset = _derive(step.table("with"), scope.with_env(step.table("env")), now)
    only_tags = step.table("with").get("until") == "tags"
    return _outputs(tagset, [])["tags"].splitlines() if only_tags else _familiar(tagset)


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
