"""What a push needs a name for."""

from __future__ import annotations

import pytest

from tagboat.flow.tagset import Decision, Outcome, TagSet
from tagboat.oci.reference import Reference, TagName
from tagboat.policy import check_names

NAME, FULL = TagName("1"), Reference.parse("q.io/a:1")


@pytest.mark.parametrize(
    ("tagset", "names_images", "inputs"),
    [
        (TagSet(names=(NAME,), references=(FULL,)), True, []),
        (TagSet(names=(NAME,), references=(FULL,)), False, []),
        (TagSet(names=(NAME,)), False, ["images"]),
        (TagSet(), True, ["tags"]),
        (TagSet(), False, ["tags", "images"]),
    ],
)
def test_a_push_needs_a_tag_and_an_image(tagset, names_images, inputs):
    """Each fault names the input that lacks, both when both do; a full reference needs no image beside it."""
    faults = list(check_names(tagset, names_images=names_images))
    assert [fault.problem.partition(":")[0] for fault in faults] == inputs
    assert all(fault.exit_code == 2 and fault.hint for fault in faults)


def test_rules_that_gave_nothing_are_told_with_their_reasons():
    """When no rule holds, each says why."""
    skipped = Decision(rule="type=semver", tag="", outcome=Outcome.SKIPPED, reason="the ref is no tag")
    (fault,) = check_names(TagSet(decisions=(skipped,)), names_images=True)
    assert "type=semver: the ref is no tag" in fault.problem
