"""`tagboat migrate`: docker's actions in a GitHub workflow become Tagboat's step, judged by simulated events."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import datetime

from tagboat.errors import InputError
from tagboat.flow.context import Context
from tagboat.flow.migration import JobReport, Migration, Trial, Verdict
from tagboat.tools.migrate.actions import Action, action_of
from tagboat.tools.migrate.conversion import convert_job
from tagboat.tools.migrate.document import Job, Workflow
from tagboat.tools.migrate.draft import Conversion
from tagboat.tools.migrate.events import Scenario, scenarios
from tagboat.tools.migrate.inputs import Resolve
from tagboat.tools.migrate.rewriting import Edit, apply_edits
from tagboat.tools.migrate.scope import Scope, combinations
from tagboat.tools.migrate.simulation import Pair, Versions, trials

__all__ = ["Migration", "migrate_workflow"]


def migrate_workflow(text: str, file: str, *, checkout: Context, now: datetime) -> Migration:
    """Rewrite the jobs of a workflow whose tags stay the same; any other job keeps its lines, with the reasons.

    `checkout` tells repository and default branch where it knows them. Raises `InputError` for what is no workflow.
    """
    workflow = Workflow.parse(text, file)
    events = scenarios(workflow, checkout)
    jobs = [(job, convert_job(workflow, job, _resolver(workflow, job, events))) for job in workflow.jobs]
    found = [(job, conversion) for job, conversion in jobs if conversion is not None]
    reports = [_judged(workflow, job, conversion, events, now) for job, conversion in found]
    edits = [
        edit
        for (_, conversion), report in zip(found, reports, strict=True)
        if report.is_converted
        for edit in conversion.edits
    ]
    return Migration(file=file, text=_applied(workflow, edits, text), jobs=tuple(reports))


def _applied(workflow: Workflow, edits: Sequence[Edit], text: str) -> str:
    if not edits:
        return text
    new = apply_edits(workflow.lines, edits)
    return new.replace("\n", "\r\n") if "\r\n" in text else new


def _judged(
    workflow: Workflow, job: Job, conversion: Conversion, events: Sequence[Scenario], now: datetime
) -> JobReport:
    """Return the report on a job: tried on every event, and left alone where a tag would change unasked."""
    report = JobReport(job=job.name, obstacles=tuple(conversion.obstacles), steps=tuple(conversion.reports))
    if conversion.obstacles:
        return report
    try:
        written = Workflow.parse(apply_edits(workflow.lines, conversion.edits), workflow.file)
    except InputError as error:  # an alias whose anchor stood in a step that goes
        return dataclasses.replace(report, obstacles=(f"without docker's steps the file is no YAML: {error.problem}",))
    new = next(one for one in written.jobs if one.name == job.name)
    named = [step for step in job.steps if action_of(step) in {Action.BUILD, Action.METADATA}]
    staying = [step for step in named if step.index not in conversion.removed]
    pairs = [Pair(old=step, new=new.steps[conversion.new_index(step)]) for step in staying]
    tried = tuple(trials(Versions(old=workflow, new=written, now=now), job, new, pairs, events))
    return dataclasses.replace(report, trials=tried, obstacles=tuple(dict.fromkeys(_differences(tried))))


def _differences(tried: Sequence[Trial]) -> list[str]:
    is_known = any(trial.triggers for trial in tried)
    wrong = [trial for trial in tried if trial.triggers or not is_known]
    return [
        f"{trial.step}: on {trial.event} {trial.reason or _difference(trial)}"
        for trial in wrong
        if trial.verdict in {Verdict.DIFFERENT, Verdict.UNKNOWN}
    ]


def _difference(trial: Trial) -> str:
    return f"the tags would be {', '.join(trial.new) or 'none'} and not {', '.join(trial.old) or 'none'}"


def _resolver(workflow: Workflow, job: Job, events: Sequence[Scenario]) -> Resolve:
    """Return what evaluates a text of the job on the first event that it runs on."""
    event = next((event for event in events if event.triggers), events[0])

    def resolve(text: str) -> tuple[str, bool]:
        matrix = next(combinations(workflow, job, event), None)
        scope = Scope(workflow=workflow, job=job, scenario=event, matrix=matrix)
        try:
            return scope.render(text), not scope.assumed
        except InputError:
            return text, False

    return resolve
