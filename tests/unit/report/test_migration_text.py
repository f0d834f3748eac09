"""The report on a migration says what became of each input, and the tags on each event."""

from __future__ import annotations

from tagboat.flow.migration import Deed, Fate, InputFate, JobReport, StepReport, Trial, Verdict
from tagboat.report.migration_text import job_text, left_text


def trial(event, verdict, *, old=("a:1",), new=("a:1",), triggers=True, reason="", assumed=None):
    return Trial(
        step="Build",
        event=event,
        triggers=triggers,
        verdict=verdict,
        old=old,
        new=new,
        reason=reason,
        assumed=assumed or {},
    )


STEP = StepReport(
    step="Build",
    line=7,
    deed=Deed.REPLACED,
    reason="it is the Tagboat step",
    inputs=(
        InputFate(name="context", fate=Fate.SAME),
        InputFate(name="file", fate=Fate.SAME),
        InputFate(name="builder", fate=Fate.UNNEEDED, reason="there are no builder instances"),
    ),
)


def text(*trials):
    return "\n".join(job_text(JobReport(job="image", steps=(STEP,), trials=trials)))


def test_steps_and_inputs():
    """Each step has its line and deed; inputs that stay share a line, others have their reason."""
    assert text().splitlines() == [
        "Job image: converted",
        "  line 7  replaced  Build: it is the Tagboat step",
        "                    same: context, file",
        "                    builder not needed: there are no builder instances",
    ]


def test_tags_of_events():
    """Equal tags stand once, different ones before and after; combinations that fare alike share a row."""
    shown = text(
        trial("push:main", Verdict.EQUAL),
        trial("push:main", Verdict.EQUAL),
        trial("schedule", Verdict.ON_PURPOSE, old=("a:1", "a:latest"), triggers=False, reason="why"),
        trial("dispatch", Verdict.UNKNOWN, reason="it fails", assumed={"vars.X": "x"}),
    )
    assert shown.splitlines()[4:] == [
        "  Tags of Build",
        "    push:main                   equal                 a:1 (and 1 combination of the matrix more)",
        "    schedule (does not run it)  different on purpose  before a:1, a:latest; after a:1. why",
        "    dispatch                    not known             it fails",
        "  assumed, since only a run knows:  vars.X is 'x'",
    ]


def test_a_job_that_stays_names_its_obstacles():
    """The warning for a job that is left names every obstacle; its steps are not listed."""
    report = JobReport(job="image", obstacles=("one", "two"), steps=(STEP,))
    assert left_text(report) == "the job image is left as it is: one; two"
    assert list(job_text(report)) == ["Job image: left as it is"]
