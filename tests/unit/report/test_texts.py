"""What the commands print for people."""

from __future__ import annotations

import dataclasses
import re

import pytest

from tagboat.flow.outputs import Outputs, PushDecision
from tagboat.flow.plan import CopyStep, InlineFile
from tagboat.flow.tagset import TagSet
from tagboat.report import plan_text, result_text, tags_text
from tagboat.report.table import columns
from tagboat.report.units import count, duration_text, size_text


def test_the_text_of_tags(golden, tagset):
    """Names first, then why, then labels and annotations."""
    golden("tags.txt", tags_text(tagset) + "\n")


def test_the_text_of_a_plan(golden, outputs):
    """Tags, platforms with stages and steps by their lines, what is pushed and why."""
    golden("plan.txt", plan_text(outputs, width=72) + "\n")


def test_the_result_of_a_run(golden, outputs):
    """The digest, the names with their outcomes, the layout."""
    golden("result.txt", result_text(outputs) + "\n")


def test_no_tag_is_said_as_such():
    """An empty tag set is a result too."""
    assert tags_text(TagSet()) == "Tags\n  none"


def test_a_plan_without_a_push_says_why(outputs):
    """The reason stands where the names would."""
    decision = PushDecision(push=False, reason="push is false")
    text = plan_text(dataclasses.replace(outputs, decision=decision))
    assert text.splitlines()[-1] == "No push: push is false"
    assert result_text(Outputs(decision=decision)) == "not pushed: push is false"


def test_a_run_is_shown_as_it_is_written(outputs):
    """The command stands on one line as in the Dockerfile, white space aside; what its variables hold is not told."""
    text = plan_text(outputs, width=200)
    assert "run --network=none npm ci --omit=dev && npm run build -- --mode production" in text
    assert "hunter2" not in text


def test_a_heredoc_is_named_not_shown(outputs, plan, location):
    """A plan lists files, not their content."""
    step = CopyStep(
        location=location,
        origin=plan.platforms[0].stages[1].base,
        sources=(),
        destination="/etc/",
        inline=(InlineFile(name="motd", data=b"hello"),),
    )
    stage = dataclasses.replace(plan.platforms[0].stages[1], steps=(step,))
    platforms = (dataclasses.replace(plan.platforms[0], stages=(stage,)),)
    text = plan_text(dataclasses.replace(outputs, plan=dataclasses.replace(plan, platforms=platforms)))
    assert "copy <<motd from stage 0 to /etc/" in text
    assert "hello" not in text


@pytest.mark.parametrize("text", [lambda o: tags_text(o.tagset, colour=True), lambda o: result_text(o, colour=True)])
def test_colour_adds_nothing_but_colour(outputs, text):
    """Without its colour codes a coloured text is the plain one, and there is none unless asked for."""
    coloured = text(outputs)
    bare = re.sub(r"\x1b\[\d+m", "", coloured)
    assert "\x1b[32m" in coloured
    assert bare in {tags_text(outputs.tagset), result_text(outputs)}


@pytest.mark.parametrize("width", [40, 72, 100, 200])
def test_tables_fit_the_width(tagset, width):
    """Lines wrap within the terminal as long as a word is not wider than the room for it."""
    rows = [("made", "1.2.3", "a reason of some length, " * 5), ("x" * 500, "", "short words only")]
    assert max(map(len, columns(rows, width=width, indent="  "))) <= max(width, 2 + 20 + 2 + 5 + 2 + 20)


def test_a_table_without_rows_is_nothing():
    """No row, no line."""
    assert columns([], width=80) == []


def test_users_cannot_paint(outputs, hostile):
    """Text of users is shown with its control codes as escapes."""
    labelled = dataclasses.replace(outputs.tagset, labels={hostile: hostile}, version=hostile)
    assert "\x1b" not in plan_text(dataclasses.replace(outputs, tagset=labelled))
    assert "\x1b" not in result_text(dataclasses.replace(outputs, layout=hostile))


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_951, "1.0 MB"),
        (3_140_000_000, "3.1 GB"),
        (10**16, "10000.0 TB"),
    ],
)
def test_sizes_have_one_decimal(size, text):
    """Units are decimal, and no size is a thousand of a smaller unit."""
    assert size_text(size) == text


def test_times_and_counts():
    """Short times in seconds, long ones in minutes; one thing is not plural."""
    assert [duration_text(seconds) for seconds in (0.04, 59.9, 125)] == ["0.0 s", "59.9 s", "2 min 5 s"]
    assert [count(number, "name") for number in (0, 1, 2)] == ["0 names", "1 name", "2 names"]
