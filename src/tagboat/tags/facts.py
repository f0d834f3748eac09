"""What rules and expressions may know about a run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from tagboat.errors import InputError
from tagboat.flow.context import Context
from tagboat.flow.history import History
from tagboat.flow.request import TagRequest
from tagboat.tags.template import Template

# GitHub's refs/pull/7/merge; refs/pull/7/head keeps its end, as metadata-action has it; GitLab's loses either
_PULL_REF = re.compile(r"refs/pull/(?P<github>.+?)(?:/merge)?|refs/merge-requests/(?P<gitlab>\d+)/(?:head|merge)")
_DEFAULT_SHORT_LENGTH = 7
_DEFAULT_BRANCH_EVENTS = ("schedule", "issues", "discussion")  # GitHub runs these on the default branch only


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """The CI context with what the inputs make of it; `created` is None when nothing says when.

    `environment` is the input's, else the event's; `history` is None where there is no checkout to ask.
    `commit_time` is what `{{commit_date}}` shows: the commit's, else SOURCE_DATE_EPOCH, else `now`.
    """

    context: Context
    revision: str
    short_revision: str
    now: datetime
    commit_time: datetime
    created: datetime | None
    environment: str = ""
    environment_words: str = ""
    history: History | None = None

    @classmethod
    def gather(
        cls,
        request: TagRequest,
        context: Context,
        *,
        short_length: int,
        now: datetime,
        source_date_epoch: int | None,
        history: History | None = None,
    ) -> Facts:
        """Put together the facts of one run; the head of a pull request counts when the request says so."""
        pull_request = context.pull_request
        head = pull_request.head_revision if pull_request and request.pr_head_sha else ""
        revision = head or context.revision
        epoch = None if source_date_epoch is None else datetime.fromtimestamp(source_date_epoch, UTC)
        given = f"the input environment is {request.environment}" if request.environment else ""
        told = context.evidence.environment or f"the event's deployment environment is {context.environment}"
        return cls(
            context=context,
            revision=revision,
            short_revision=revision[:short_length],
            now=now,
            commit_time=context.commit_time or epoch or now,
            created=epoch or context.commit_time,
            environment=request.environment or context.environment,
            environment_words=given or told,
            history=history,
        )

    def render(self, template: Template) -> str:
        """Return the text of a template about the run."""
        values: Mapping[str, object] = {
            "branch": self.context.branch,
            "tag": self.context.tag,
            "sha": self.short_revision,
            "base_ref": self.base_branch,
            "is_default_branch": self.is_default_branch,
            "is_not_default_branch": not self.is_default_branch,
        }
        return template.render(values, {"date": self.now, "commit_date": self.commit_time})

    def explained(self, template: Template, words: str) -> str:
        """Return the words about a template's text, with what its expressions rest on."""
        rests = [self.ref_words] if template.names - {"sha", "date", "commit_date"} else []
        rests += [self.revision_words] if "sha" in template.names else []
        return ": ".join(filter(None, (words, " and ".join(rests))))

    @property
    def pull_request_name(self) -> str:
        """What names the pull or merge request in `ref`, mostly its number; empty when `ref` is none."""
        found = _PULL_REF.fullmatch(self.context.ref)
        return (found["github"] or found["gitlab"]) if found else ""

    @property
    def base_branch(self) -> str:
        """The branch that a tag was pushed from or a pull request goes to, empty where it is not known."""
        base = self.context.base_ref
        if self.pull_request_name and self.context.pull_request:
            base = base or self.context.pull_request.base_ref
        return base.removeprefix("refs/heads/") if self.context.tag or self.pull_request_name else ""

    @property
    def is_default_branch(self) -> bool:
        """Tell whether `ref` is the default branch; where its name is unknown, whether the event runs only there."""
        branch, default = self.context.branch, self.context.repository.default_branch
        if default:
            return branch == default
        return bool(branch) and any(word in self.context.event for word in _DEFAULT_BRANCH_EVENTS)

    @property
    def ref_words(self) -> str:
        """What the ref rests on, in words for people: the variable and its value."""
        ref = self.context.ref
        return (self.context.evidence.ref or f"the ref is {ref}") if ref else "there is no ref"

    @property
    def event_words(self) -> str:
        """What the event rests on, in words for people."""
        event = self.context.event
        return (self.context.evidence.event or f"the event is {event}") if event else "there is no event"

    @property
    def revision_words(self) -> str:
        """What the commit rests on, in words for people."""
        if self.revision != self.context.revision:
            return f"DOCKER_METADATA_PR_HEAD_SHA is on, and the pull request's head is {self.revision}"
        return self.context.evidence.revision or f"the commit is {self.revision}"

    def ref_is_no(self, wanted: str) -> str:
        """Say in words for people that the ref is not what a rule needs."""
        return f"{self.ref_words}, {'which is' if self.context.ref else 'so'} no {wanted}"

    def event_is_no(self, wanted: str) -> str:
        """Say in words for people that the event is not what a rule needs."""
        return f"{self.event_words}, {'which is' if self.context.event else 'so'} no {wanted}"


def read_short_length(text: str, faults: list[InputError]) -> int:
    """Read DOCKER_METADATA_SHORT_SHA_LENGTH; what is wrong is added to `faults`."""
    if text and not (text.strip().isdecimal() and int(text) > 0):
        faults.append(
            InputError(
                f"DOCKER_METADATA_SHORT_SHA_LENGTH: {text!r} is not a number of characters", "write a number from 1 on"
            )
        )
        return _DEFAULT_SHORT_LENGTH
    return int(text or _DEFAULT_SHORT_LENGTH)
