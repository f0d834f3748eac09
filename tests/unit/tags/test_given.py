"""Names and labels given word by word."""

import pytest

from tagboat.errors import FaultsError, InputError
from tagboat.flow.request import TagRequest
from tagboat.flow.tagset import Outcome
from tagboat.tags import given_tags


def test_names_and_references():
    """Bare names go to the images, full references stand alone."""
    found = given_tags(TagRequest(images="user/app", tags="# names\n1.2\nghcr.io/Me/app:1.3\n1.2"))
    assert found.to_json()["tags"] == ["user/app:1.2", "ghcr.io/me/app:1.3"]
    assert (found.version, found.names) == ("1.2", ("1.2", "1.3"))
    assert [decision.outcome for decision in found.decisions] == [Outcome.MADE, Outcome.MADE]


def test_nothing():
    """Without tags there are no names, no labels and no warning."""
    found = given_tags(TagRequest())
    assert (found.version, found.names, found.labels, found.annotations, found.warnings) == ("", (), {}, (), ())


def test_no_expressions():
    """Labels and annotations are taken sign by sign."""
    found = given_tags(TagRequest(labels="a={{branch}}\nb", annotations="index:c={{ .X }}"))
    assert found.labels == {"a": "{{branch}}"}
    assert [(annotation.name, annotation.value) for annotation in found.annotations] == [("index:c", "{{ .X }}")]
    assert len(found.warnings) == 1


@pytest.mark.parametrize("line", ["type=sha", "type = raw,value=x", '"type=raw,value=x"'])
def test_rules_belong_elsewhere(line):
    """A rule is refused with the commands that take it."""
    with pytest.raises(InputError, match="rules belong to `run` and `tags`"):
        given_tags(TagRequest(tags=line))


def test_faults_together():
    """All names that are no tags are named together."""
    with pytest.raises(FaultsError) as error:
        given_tags(TagRequest(images="a b", tags="-x\n{{branch}}\nx,enable=true"))
    assert [fault.problem.partition(":")[0] for fault in error.value.faults] == ["images", "tags", "tags", "tags"]


def test_flavor_is_told():
    """A flavor has no use here, and that is said."""
    assert given_tags(TagRequest(flavor="latest=true")).warnings[0].startswith("flavor: ")
