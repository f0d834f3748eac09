"""What a CI event may do: which ones push, and which ones are refused."""

from __future__ import annotations

from tagboat.errors import PolicyError
from tagboat.flow.context import Context, System
from tagboat.flow.outputs import PushDecision
from tagboat.flow.request import Push

_GITHUB_EVENTS = {"push", "schedule", "workflow_dispatch", "repository_dispatch", "release"}
_PUSHING_EVENTS = {
    System.GITHUB: _GITHUB_EVENTS,
    System.GITEA: _GITHUB_EVENTS,
    System.FORGEJO: _GITHUB_EVENTS,
    System.GITLAB: {"push", "schedule", "web", "api", "trigger", "pipeline", "parent_pipeline"},
}


def decide_push(push: Push, context: Context) -> PushDecision:
    """Return whether a run pushes.

    `auto` pushes on push, tag, schedule and dispatch events, and never where the event's sources are a stranger's.
    Raises `PolicyError` when `true` is asked for on such an event: nobody should find out from a registry's 403.
    """
    if push is Push.FALSE:
        return PushDecision(push=False, reason="push is false")
    if context.read_only_reason:
        if push is Push.TRUE:
            raise PolicyError(
                f"push is true, but this run must not push: {context.read_only_reason}",
                "write push: auto, which builds here and pushes after the merge",
            )
        return PushDecision(push=False, reason=context.read_only_reason)
    if push is Push.TRUE:
        return PushDecision(push=True, reason="push is true")
    if context.system is System.LOCAL:
        return PushDecision(push=False, reason="push is auto, and this is no CI run; --push pushes")
    # A child pipeline has an event of its own, and may still be about the merge request of its parent.
    pushes = context.event in _PUSHING_EVENTS[context.system] and context.pull_request is None
    verb = "pushes" if pushes else "does not push"
    event = f"{context.event or 'unknown'}{_of_request(context)}"
    return PushDecision(push=pushes, reason=f"push is auto, which {verb} on the event {event}")


def _of_request(context: Context) -> str:
    """Name the merge request where the event does not: `parent_pipeline of merge request 7`."""
    request = context.pull_request
    return f" of merge request {request.number}" if request and "request" not in context.event else ""


def refuse_unsafe_event(context: Context, *, allow_pull_request_target: bool) -> None:
    """Raise `PolicyError` on pull_request_target, which runs a stranger's sources beside the repository's secrets."""
    if "pull_request_target" in context.event and not allow_pull_request_target:
        raise PolicyError(
            "the event pull_request_target is refused: it builds a stranger's sources beside this repository's secrets",
            "use the event pull_request; or set allow-pull-request-target: true if their sources are not checked out",
        )
