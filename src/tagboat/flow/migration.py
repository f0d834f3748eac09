"""What became of a workflow, its jobs, their steps and each input, as one printable value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Fate(StrEnum):
    """What becomes of one input of docker's actions."""

    SAME = "same"
    CHANGED = "changed"
    UNNEEDED = "not needed"
    IMPOSSIBLE = "not possible"


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFate:
    """One input of a step, what becomes of it, and why when it does not stay the same."""

    name: str
    fate: Fate
    reason: str = ""


class Deed(StrEnum):
    """What is done with one step."""

    REPLACED = "replaced"
    REMOVED = "removed"
    KEPT = "kept"
    ADDED = "added"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """One step of docker's actions; `line` counts from 1 in the file as it was."""

    step: str
    line: int
    deed: Deed
    reason: str
    inputs: tuple[InputFate, ...] = ()


class Verdict(StrEnum):
    """How the tags before and after compare on one event."""

    EQUAL = "equal"
    ON_PURPOSE = "different on purpose"
    DIFFERENT = "different"
    UNKNOWN = "not known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One event acted out for one build step; `old` and `new` are full references, `assumed` what was made up."""

    step: str
    event: str
    triggers: bool
    verdict: Verdict
    old: tuple[str, ...] = ()
    new: tuple[str, ...] = ()
    reason: str = ""
    matrix: str = ""
    assumed: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobReport:
    """One job that uses docker's actions; `obstacles` say why it is left as it is, none when it was converted."""

    job: str
    obstacles: tuple[str, ...] = ()
    steps: tuple[StepReport, ...] = ()
    trials: tuple[Trial, ...] = ()

    @property
    def is_converted(self) -> bool:
        """Tell whether the job was rewritten."""
        return not self.obstacles


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """A workflow after the migration, with a report on each job that uses docker's actions."""

    file: str
    text: str
    jobs: tuple[JobReport, ...]

    def to_json(self) -> dict[str, Any]:
        """Return the document of `migrate --json`."""
        return {
            "file": self.file,
            "converted": [report.job for report in self.jobs if report.is_converted],
            "left": [report.job for report in self.jobs if not report.is_converted],
            "workflow": self.text,
            "jobs": [_job(report) for report in self.jobs],
        }


def _job(report: JobReport) -> dict[str, Any]:
    return {
        "job": report.job,
        "converted": report.is_converted,
        "obstacles": list(report.obstacles),
        "steps": [
            {
                "step": step.step,
                "line": step.line,
                "deed": step.deed.value,
                "reason": step.reason,
                "inputs": [
                    {"input": entry.name, "fate": entry.fate.value, "reason": entry.reason} for entry in step.inputs
                ],
            }
            for step in report.steps
        ],
        "events": [
            {
                "step": trial.step,
                "event": trial.event,
                "triggers": trial.triggers,
                "matrix": trial.matrix,
                "verdict": trial.verdict.value,
                "reason": trial.reason,
                "old": list(trial.old),
                "new": list(trial.new),
                "assumed": dict(trial.assumed),
            }
            for trial in report.trials
        ],
    }
