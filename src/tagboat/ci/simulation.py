"""Events to act out: what a push, a tag or a pull request would give, before it happens."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from tagboat.errors import InputError
from tagboat.flow.context import Context, Evidence, PullRequest, System

_FORMS = "write push:BRANCH, tag:NAME, pull_request:NUMBER, merge_request:NUMBER, schedule or dispatch"
_NUMBER = re.compile(r"[1-9][0-9]{0,9}")
_REF_NAME = re.compile(r"(?!-)[^\s~^:?*\[\\\x00-\x1f\x7f]+")  # git check-ref-format, without its rarer rules


class Event(StrEnum):
    """The events that can be acted out."""

    PUSH = "push"
    TAG = "tag"
    PULL_REQUEST = "pull_request"
    MERGE_REQUEST = "merge_request"
    SCHEDULE = "schedule"
    DISPATCH = "dispatch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """One event with its branch, tag or number; `schedule` and `dispatch` have none."""

    event: Event
    value: str = ""

    @classmethod
    def parse(cls, text: str) -> Simulation:
        """Return the event that `EVENT[:VALUE]` names; raises `InputError`."""
        word, _, value = text.strip().partition(":")
        if word not in set(Event):
            raise InputError(f"event: {text!r} is no event", _FORMS)
        event = Event(word)
        match event:
            case Event.PUSH | Event.TAG:
                fits = bool(_REF_NAME.fullmatch(value))
            case Event.PULL_REQUEST | Event.MERGE_REQUEST:
                fits = bool(_NUMBER.fullmatch(value))
            case Event.SCHEDULE | Event.DISPATCH:
                fits = not value
            case _:
                assert_never(event)
        if not fits:
            raise InputError(f"event: {text!r} has the wrong form", _FORMS)
        return cls(event=event, value=value)

    def __str__(self) -> str:
        return f"{self.event}:{self.value}" if self.value else str(self.event)

    def act_out(self, context: Context) -> Context:
        """Return the context that this event would give at the same commit of the same repository."""
        told = f"--event is {self}"
        evidence = Evidence(event=told, ref=told, revision=context.evidence.revision)
        plain = dataclasses.replace(
            context, pull_request=None, base_ref="", read_only_reason="", environment="", evidence=evidence
        )
        match self.event:
            case Event.PUSH:
                return dataclasses.replace(plain, event="push", ref=f"refs/heads/{self.value}")
            case Event.TAG:
                return dataclasses.replace(plain, event="push", ref=f"refs/tags/{self.value}")
            case Event.PULL_REQUEST:
                # Gitea and Forgejo make no merge commit.
                end = "head" if context.system in {System.GITEA, System.FORGEJO} else "merge"
                return self._request(plain, "pull_request", f"refs/pull/{self.value}/{end}")
            case Event.MERGE_REQUEST:
                return self._request(plain, "merge_request_event", f"refs/merge-requests/{self.value}/head")
            case Event.SCHEDULE:
                return dataclasses.replace(plain, event="schedule", ref=_default_ref(context))
            case Event.DISPATCH:
                word = "web" if context.system is System.GITLAB else "workflow_dispatch"
                return dataclasses.replace(plain, event=word, ref=context.ref or _default_ref(context))
            case _:
                assert_never(self.event)

    def _request(self, context: Context, event: str, ref: str) -> Context:
        base = context.repository.default_branch
        request = PullRequest(number=int(self.value), head_revision=context.revision, base_ref=base)
        return dataclasses.replace(context, event=event, ref=ref, base_ref=base, pull_request=request)


def _default_ref(context: Context) -> str:
    """Return the ref of the default branch, on which schedules run, else the one that there is."""
    branch = context.repository.default_branch
    return f"refs/heads/{branch}" if branch else context.ref
