"""The report on a migration, for people: what became of each step and input, and the tags on each event."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from tagboat.flow.migration import Fate, JobReport, StepReport, Trial, Verdict
from tagboat.report.escaping import visible
from tagboat.report.table import columns
from tagboat.report.units import count

_INDENT = "  "


def job_text(report: JobReport, *, width: int = 120) -> Iterator[str]:
    """Yield the lines on one job: its steps, their inputs but for those that stay, the tags on each event."""
    yield f"Job {visible(report.job)}: {'converted' if report.is_converted else 'left as it is'}"
    rows = [row for step in report.steps for row in _step(step)]
    if report.is_converted:
        yield from columns(rows, width=width, indent=_INDENT)
    for step, tried in groupby(report.trials, lambda trial: trial.step):
        yield f"{_INDENT}Tags of {visible(step)}"
        yield from columns(list(_events(list(tried))), width=width, indent=_INDENT * 2)
    assumed = {name: text for trial in report.trials for name, text in trial.assumed.items()}
    if assumed:
        shown = ", ".join(f"{name} is {text!r}" for name, text in sorted(assumed.items()))
        yield from columns([("assumed, since only a run knows:", shown)], width=width, indent=_INDENT)


def left_text(report: JobReport) -> str:
    """Return the warning for a job that is left as it is."""
    return f"the job {visible(report.job)} is left as it is: {visible('; '.join(report.obstacles))}"


def _step(step: StepReport) -> Iterator[tuple[str, str, str]]:
    yield f"line {step.line}", step.deed.value, f"{step.step}: {step.reason}"
    same = [entry.name for entry in step.inputs if entry.fate is Fate.SAME]
    if same:
        yield "", "", f"same: {', '.join(same)}"
    for entry in step.inputs:
        if entry.fate is not Fate.SAME:
            yield "", "", f"{entry.name} {entry.fate.value}{': ' if entry.reason else ''}{entry.reason}"


def _events(tried: list[Trial]) -> Iterator[tuple[str, str, str]]:
    """Yield a row an event; combinations of the matrix that fare alike share the first one's row."""
    for event, group in groupby(tried, lambda trial: trial.event):
        alike: dict[Verdict, list[Trial]] = {}
        for trial in group:
            alike.setdefault(trial.verdict, []).append(trial)
        for verdict, trials in alike.items():
            idle = "" if trials[0].triggers else " (does not run it)"
            yield f"{event}{idle}", verdict.value, _tags(trials[0], len(trials) - 1)


def _tags(trial: Trial, others: int) -> str:
    more = f" (and {count(others, 'combination')} of the matrix more)" if others else ""
    old, new = (", ".join(names) or "none" for names in (trial.old, trial.new))
    match trial.verdict:
        case Verdict.EQUAL:
            return f"{new}{more}"
        case Verdict.UNKNOWN:
            return f"{trial.reason}{more}"
        case Verdict.DIFFERENT | Verdict.ON_PURPOSE:
            return f"before {old}; after {new}{more}{'. ' if trial.reason else ''}{trial.reason}"
