"""A job on its way from docker's steps to Tagboat's: what stands in the way, what is done, what is edited."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tagboat.flow.migration import Deed, InputFate, StepReport
from tagboat.tools.migrate.actions import action_of
from tagboat.tools.migrate.document import Job, Step, Workflow
from tagboat.tools.migrate.inputs import Resolve
from tagboat.tools.migrate.rewriting import Edit, removal


@dataclass(slots=True, kw_only=True)
class Conversion:
    """The conversion of one job.

    `obstacles` say what stands in the way. `added` holds the steps that get a new one before them, `removed` those that
    go, both by index.
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

    def remove(self, step: Step, reason: str, fates: Iterable[InputFate] = ()) -> None:
        """Take a step away."""
        self.removed.add(step.index)
        self.edits.append(removal(step, self.workflow))
        self.report(step, Deed.REMOVED, reason, fates)

    def report(self, step: Step, deed: Deed, reason: str, fates: Iterable[InputFate] = ()) -> None:
        """Write down what becomes of a step and of its inputs."""
        line = step.span.first + 1
        self.reports.append(StepReport(step=step.label, line=line, deed=deed, reason=reason, inputs=tuple(fates)))
