"""What rules know about a run."""

from datetime import UTC, datetime

import pytest

from tagboat.flow.context import Context, PullRequest, SourceRepository, System
from tagboat.flow.request import TagRequest
from tagboat.tags.facts import Facts, read_short_length

NOW = datetime(2020, 1, 10, tzinfo=UTC)
COMMITTED = datetime(2019, 1, 1, tzinfo=UTC)


def _facts(*, request=None, epoch=None, default_branch="main", **context):
    return Facts.gather(
        request or TagRequest(),
        Context(system=System.GITHUB, repository=SourceRepository(default_branch=default_branch), **context),
        short_length=7,
        now=NOW,
        source_date_epoch=epoch,
    )


@pytest.mark.parametrize(
    ("ref", "name"),
    [
        ("refs/pull/7/merge", "7"),
        ("refs/pull/7/head", "7/head"),
        ("refs/merge-requests/7/head", "7"),
        ("refs/merge-requests/7/merge", "7"),
        ("refs/heads/7", ""),
        ("", ""),
    ],
)
def test_pull_request_name(ref, name):
    """A pull or merge request is known by its ref alone."""
    assert _facts(ref=ref).pull_request_name == name


@pytest.mark.parametrize(
    ("ref", "event", "default", "answer"),
    [
        ("refs/heads/main", "push", "main", True),
        ("refs/heads/dev", "push", "main", False),
        ("refs/heads/dev", "schedule", "main", False),
        ("refs/tags/main", "push", "main", False),
        ("refs/heads/dev", "schedule", "", True),
        ("refs/heads/dev", "push", "", False),
        ("refs/tags/v1", "issues", "", False),
        ("", "", "", False),
    ],
)
def test_default_branch(ref, event, default, answer):
    """The default branch is the one of that name; without a name, the events that only run there tell."""
    assert _facts(ref=ref, event=event, default_branch=default).is_default_branch is answer


@pytest.mark.parametrize(
    ("ref", "base"), [("refs/tags/v1", "main"), ("refs/pull/1/merge", "main"), ("refs/heads/x", ""), ("", "")]
)
def test_base_branch(ref, base):
    """Only tags and pull requests have a base."""
    assert _facts(ref=ref, base_ref="refs/heads/main").base_branch == base


def test_base_branch_of_the_pull_request():
    """The pull request itself says its base where the context does not."""
    facts = _facts(ref="refs/pull/1/merge", pull_request=PullRequest(number=1, base_ref="dev"))
    assert facts.base_branch == "dev"


def test_head_of_the_pull_request():
    """DOCKER_METADATA_PR_HEAD_SHA makes the head of the pull request the commit, where there is one."""
    request = TagRequest(pr_head_sha=True)
    pull_request = PullRequest(number=1, head_revision="b" * 40)
    assert _facts(request=request, revision="a" * 40, pull_request=pull_request).revision == "b" * 40
    assert _facts(request=request, revision="a" * 40).revision == "a" * 40
    assert _facts(revision="a" * 40, pull_request=pull_request).short_revision == "a" * 7


@pytest.mark.parametrize(
    ("epoch", "committed", "created", "shown"),
    [
        (0, COMMITTED, datetime(1970, 1, 1, tzinfo=UTC), COMMITTED),
        (0, None, datetime(1970, 1, 1, tzinfo=UTC), datetime(1970, 1, 1, tzinfo=UTC)),
        (None, COMMITTED, COMMITTED, COMMITTED),
        (None, None, None, NOW),
    ],
)
def test_times(epoch, committed, created, shown):
    """The created time is SOURCE_DATE_EPOCH, else the commit's, never the clock; commit_date prefers the commit's."""
    facts = _facts(epoch=epoch, commit_time=committed)
    assert (facts.created, facts.commit_time) == (created, shown)


@pytest.mark.parametrize(("text", "length"), [("", 7), ("12", 12), (" 9 ", 9)])
def test_short_length(text, length):
    """The length of a short hash is 7 unless a number says else."""
    faults = []
    assert (read_short_length(text, faults), faults) == (length, [])


@pytest.mark.parametrize("text", ["x", "0", "-1", "7.9", " "])
def test_wrong_short_length(text):
    """A length that is no number from 1 on is a fault that names the variable."""
    faults = []
    read_short_length(text, faults)
    assert [fault.problem.startswith("DOCKER_METADATA_SHORT_SHA_LENGTH") for fault in faults] == [True]
