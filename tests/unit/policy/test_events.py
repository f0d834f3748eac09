"""Which events push."""

from __future__ import annotations

import pytest

from tagboat.errors import PolicyError
from tagboat.flow.context import Context, PullRequest, System
from tagboat.flow.request import Push
from tagboat.policy import decide_push, refuse_unsafe_event

GITHUB = {
    "push": True,
    "schedule": True,
    "workflow_dispatch": True,
    "repository_dispatch": True,
    "release": True,
    "pull_request": False,
    "pull_request_target": False,
    "merge_group": False,
    "issue_comment": False,
    "": False,
}
GITLAB = {
    "push": True,
    "schedule": True,
    "web": True,
    "api": True,
    "trigger": True,
    "pipeline": True,
    "parent_pipeline": True,
    "merge_request_event": False,
    "external_pull_request_event": False,
    "": False,
}
CASES = [
    *((System.GITHUB, event, pushes) for event, pushes in GITHUB.items()),
    *((System.GITLAB, event, pushes) for event, pushes in GITLAB.items()),
    (System.LOCAL, "", False),
    (System.LOCAL, "push", False),
]


@pytest.mark.parametrize(("system", "event", "pushes"), CASES)
def test_auto_pushes_by_the_event(system, event, pushes):
    """`auto` pushes what was merged, tagged, scheduled or dispatched, and nothing outside CI."""
    decision = decide_push(Push.AUTO, Context(system=system, event=event))
    assert decision.push is pushes
    assert "auto" in decision.reason
    assert not event or system is System.LOCAL or event in decision.reason


@pytest.mark.parametrize(("system", "event", "pushes"), CASES)
def test_true_and_false_mean_what_they_say(system, event, pushes):
    """A choice that is made is followed on every event."""
    context = Context(system=system, event=event)
    assert decide_push(Push.TRUE, context).push is True
    assert decide_push(Push.FALSE, context).push is False


@pytest.mark.parametrize("event", ["parent_pipeline", "merge_request_event"])
def test_what_is_about_a_merge_request_does_not_push(event):
    """A child pipeline of a merge request's has an event of its own, and does not push either; the reason says why."""
    context = Context(system=System.GITLAB, event=event, pull_request=PullRequest(number=7))
    decision = decide_push(Push.AUTO, context)
    assert decision.push is False
    assert ("of merge request 7" in decision.reason) is (event == "parent_pipeline")


@pytest.mark.parametrize("event", ["push", "pull_request", "schedule"])
@pytest.mark.parametrize("reason", ["the pull request comes from a fork", "Dependabot started the run"])
def test_strangers_never_push(event, reason):
    """Where the run must not push, `auto` says why it does not, and `true` is refused before any work."""
    context = Context(system=System.GITHUB, event=event, read_only_reason=reason)
    decision = decide_push(Push.AUTO, context)
    assert (decision.push, decision.reason) == (False, reason)
    assert decide_push(Push.FALSE, context).push is False
    with pytest.raises(PolicyError, match=reason) as caught:
        decide_push(Push.TRUE, context)
    assert (caught.value.exit_code, "auto" in caught.value.hint) == (9, True)


@pytest.mark.parametrize("event", ["pull_request_target", "pull_request", "push", ""])
def test_only_pull_request_target_is_refused(event):
    """The event that joins a stranger's sources and the repository's secrets needs a word of allowance."""
    context = Context(system=System.GITHUB, event=event)
    refuse_unsafe_event(context, allow_pull_request_target=True)
    if event != "pull_request_target":
        refuse_unsafe_event(context, allow_pull_request_target=False)
        return
    with pytest.raises(PolicyError, match="pull_request_target") as caught:
        refuse_unsafe_event(context, allow_pull_request_target=False)
    assert "allow-pull-request-target" in caught.value.hint
