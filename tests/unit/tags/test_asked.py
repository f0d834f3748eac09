"""A name that somebody asks about."""

import pytest

from tagboat.errors import InputError
from tagboat.flow.context import Context, SourceRepository, System
from tagboat.tags.asked import AskedName

CONTEXT = Context(system=System.GITHUB, repository=SourceRepository(default_branch="trunk"))
GITLAB = Context(system=System.GITLAB)


@pytest.mark.parametrize("text", ["a b", "-x", "ghcr.io/me/app", "ghcr.io/me/app:1@sha256:" + "a" * 64, ""])
def test_no_name(text):
    """What is neither a tag nor a name with a tag is refused."""
    with pytest.raises(InputError):
        AskedName.parse(text)


@pytest.mark.parametrize(
    ("tag", "rules", "context", "event"),
    [
        ("v1.2.3", "", CONTEXT, "tag:v1.2.3"),
        ("1.2", "", CONTEXT, "tag:v1.2.0"),
        ("1", "", CONTEXT, "tag:v1.0.0"),
        ("1.2.3-alpine", "", CONTEXT, "tag:v1.2.3-alpine"),
        ("latest", "", CONTEXT, "tag:v1.0.0"),
        ("beta", "", CONTEXT, "tag:v1.0.0-beta.1"),
        ("1.2", "type=semver,pattern={{version}},component=app", CONTEXT, "tag:app-v1.2.0"),
        ("edge", "", CONTEXT, "push:trunk"),
        ("feature", "", CONTEXT, "push:feature"),
        ("pr-17", "", CONTEXT, "pull_request:17"),
        ("pr-17", "", GITLAB, "merge_request:17"),
        ("nightly", "", CONTEXT, "schedule"),
    ],
)
def test_likely_events(tag, rules, context, event):
    """The events that usually give such a name are among the likely ones, each once."""
    events = AskedName.parse(tag).likely_events(context, rules)
    assert event in events
    assert len(set(events)) == len(events)
