"""The job summary."""

from __future__ import annotations

import dataclasses
import re

import pytest

from tagboat.errors import DockerfileError, FaultsError, InputError
from tagboat.flow.outputs import Outputs, PushDecision
from tagboat.flow.plan import BuildPlan, PlanWarning
from tagboat.flow.released import Move, Released
from tagboat.flow.tagset import Decision, Outcome, TagSet
from tagboat.flow.uploaded import Uploaded
from tagboat.report.summary import summary_markdown

LIMIT_BYTES = 200 * 1024
CELLS = re.compile(r"(?<!\\)\|")


def test_the_summary_of_a_run(golden, outputs):
    """Status, image, platforms, names, tags with their reasons, labels, warnings with their places."""
    golden("summary.md", summary_markdown(outputs))


def test_the_summary_of_a_run_that_failed_early(golden, tagset, location):
    """What was decided is shown, and each error with its place."""
    error = FaultsError([DockerfileError("no dist", "make it", location=location), InputError("images: wrong")])
    golden("summary-failed.md", summary_markdown(Outputs(tagset=tagset), error=error))


def test_the_status_says_what_became_of_the_names(outputs):
    """Pushed, unchanged and not pushed are three things, and the last has a reason."""
    pushed, failed = outputs.released.names
    good = dataclasses.replace(outputs, released=Released(names=(pushed,)))
    assert "✅ **Pushed 1 name** · 1 min 23 s" in summary_markdown(good)
    still = dataclasses.replace(pushed, outcome=Move.UNCHANGED)
    same = dataclasses.replace(outputs, released=Released(names=(still, still)))
    assert "✅ **Every name pointed to this image before**" in summary_markdown(same)
    reason = PushDecision(push=False, reason="the pull request comes from a fork")
    kept = dataclasses.replace(outputs, released=None, decision=reason)
    assert "✅ **Built, not pushed**: the pull request comes from a fork" in summary_markdown(kept)
    assert "❌ **1 of 1 name failed**" in summary_markdown(
        dataclasses.replace(outputs, released=Released(names=(failed,)))
    )


def test_a_push_without_a_build_names_its_image(outputs, manifest):
    """`push LAYOUT` knows the digest from what it uploaded."""
    names = tuple(dataclasses.replace(name, digest=manifest.descriptor.digest) for name in outputs.released.names)
    pushed = Outputs(uploaded=Uploaded(root=manifest.descriptor, raw=manifest.raw), released=Released(names=names))
    text = summary_markdown(pushed)
    assert text.startswith("## Tagboat: ghcr.io/me/app\n")
    assert f"- **Digest**: <code>{manifest.descriptor.digest}</code>" in text


def hostile_outputs(outputs, hostile, times):
    decisions = [Decision(rule=hostile, tag=hostile, outcome=outcome, reason=hostile) for outcome in Outcome] * times
    tagset = TagSet(
        version=hostile,
        references=outputs.tagset.references,
        labels={f"{number}{hostile}": hostile for number in range(times)},
        decisions=tuple(decisions),
        warnings=tuple(f"{number}{hostile}" for number in range(times)),
    )
    names = [dataclasses.replace(name, problem=hostile) for name in outputs.released.names] * times
    plan = BuildPlan(platforms=(), warnings=(PlanWarning(problem=hostile, hint=hostile),))
    return dataclasses.replace(outputs, tagset=tagset, released=Released(names=tuple(names)), plan=plan, layout=hostile)


def test_text_of_users_changes_no_table_and_makes_no_tag(outputs, hostile):
    """Each row has its table's number of cells, and no HTML or control code of a user's is in the file."""
    text = summary_markdown(hostile_outputs(outputs, hostile, 1), error=InputError(hostile, hostile))
    assert "<img" not in text
    assert "\x1b" not in text
    assert "::set-output" not in [line[:12] for line in text.splitlines()]
    for table in re.findall(r"(?:^\|.*\n?)+", text, re.MULTILINE):
        assert len({len(CELLS.split(row)) for row in table.splitlines()}) == 1


@pytest.mark.parametrize("character", ["a", "|", "漢", "\x1b", "\U0001f6a2"])
def test_the_summary_stays_below_200_kib(outputs, character):
    """GitHub drops a summary over 1 MiB as a whole; rows without number are counted instead of shown."""
    large = hostile_outputs(outputs, character * 2000, 500)
    text = summary_markdown(large, error=FaultsError([InputError(character * 2000)] * 500))
    assert len(text.encode()) < LIMIT_BYTES
    assert re.search(r"… and \d+ more\.", text)
