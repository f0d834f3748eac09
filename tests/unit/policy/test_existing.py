"""What is written once stays."""

from __future__ import annotations

import pytest

from tagboat.errors import PolicyError
from tagboat.flow.tagset import NameClass, Standing, TagSet
from tagboat.oci.digest import Digest
from tagboat.oci.reference import Reference
from tagboat.policy import NameTakenError, check_write_once

OURS, THEIRS, OTHER = (Digest.of(text) for text in (b"ours", b"theirs", b"other"))
VERSION, SHA, LATEST = (Reference.parse(f"q.io/app:{tag}") for tag in ("1.2.3", "sha-1", "latest"))
TAGSET = TagSet(
    standings={
        "1.2.3": Standing(name_class=NameClass.WRITE_ONCE),
        "sha-1": Standing(name_class=NameClass.WRITE_ONCE),
        "latest": Standing(name_class=NameClass.FLOATING),
    }
)


def test_names_that_move_and_names_that_lack_an_image_are_free():
    """A floating name may show anything, a write-once one nothing or our image; names of no rule are nobody's."""
    check_write_once({VERSION: None, SHA: OURS, LATEST: THEIRS}, OURS, TAGSET)
    check_write_once({VERSION: THEIRS}, OURS, TagSet())


def test_a_taken_name_is_told_with_both_images_and_both_ways_out():
    """The error names the tag, what it is, what it should be, and what can be done."""
    with pytest.raises(NameTakenError) as caught:
        check_write_once({VERSION: THEIRS, LATEST: OTHER}, OURS, TAGSET)
    error = caught.value
    assert error.exit_code == 9
    assert all(text in error.problem for text in ("q.io/app:1.2.3", THEIRS, OURS))
    assert "on-existing: keep" in error.hint
    assert "new version" in error.hint
    assert str(error.image) == f"q.io/app@{THEIRS}"


def test_several_images_cannot_all_be_kept():
    """Where write-once names disagree about the image, nobody can tell which one to keep."""
    with pytest.raises(NameTakenError) as caught:
        check_write_once({VERSION: THEIRS, SHA: OTHER}, OURS, TAGSET)
    with pytest.raises(PolicyError, match="several images"):
        _ = caught.value.image
