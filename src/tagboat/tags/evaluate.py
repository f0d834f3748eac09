"""What one rule gives for one run: a text for a tag, or the reason why there is none."""

from __future__ import annotations

from typing import assert_never

from tagboat.tags import described, releases
from tagboat.tags.dates import format_strftime
from tagboat.tags.facts import Facts
from tagboat.tags.found import Found, Skipped
from tagboat.tags.kinds import (
    Calver,
    Channel,
    Describe,
    Edge,
    Environment,
    Kind,
    Literal,
    Match,
    Pep440,
    Raw,
    Ref,
    RefEvent,
    Schedule,
    Semver,
    Sha,
    Timestamp,
)
from tagboat.versions import is_prerelease


def evaluate(kind: Kind, facts: Facts) -> Found | Skipped:  # noqa: C901, PLR0912 - one case for each kind of rule
    """Return what a rule of this kind gives, before prefix and suffix."""
    match kind:
        case Schedule():
            return _schedule(kind, facts)
        case Semver():
            return releases.semver(kind, facts)
        case Pep440():
            return releases.pep440(kind, facts)
        case Channel():
            return releases.channel(kind, facts)
        case Match():
            return releases.match(kind, facts)
        case Calver():
            return described.calver(kind, facts)
        case Describe():
            return described.describe(kind, facts)
        case Edge():
            return _edge(kind, facts)
        case Ref():
            return _ref(kind, facts)
        case Environment():
            return _environment(facts)
        case Raw():
            reason = facts.explained(kind.value, "it is written so")
            return Found(text=facts.render(kind.value), reason=reason, no_latest="type=raw makes no latest")
        case Sha():
            return _sha(kind, facts)
        case Timestamp():
            text = format_strftime(facts.now, kind.pattern, kind.zone)
            return Found(text=text, reason="it is the time of the run", no_latest="type=timestamp makes no latest")
        case Literal():
            no_latest = "a full reference makes no latest"
            return Found(text=str(kind.reference.tag), reason="it is a full reference", no_latest=no_latest)
        case _:
            assert_never(kind)


def _schedule(kind: Schedule, facts: Facts) -> Found | Skipped:
    if facts.context.event != "schedule":
        return Skipped(reason=facts.event_is_no("schedule"))
    text = kind.pattern.render({}, {"date": facts.now, "commit_date": facts.commit_time})
    return Found(text=text, reason=facts.event_words, no_latest="type=schedule makes no latest")


def _edge(kind: Edge, facts: Facts) -> Found | Skipped:
    default = facts.context.repository.default_branch
    wanted = kind.branch or default
    if not wanted:
        return Skipped(reason="the default branch is not known; write branch=NAME", is_warning=True)
    words = f"the branch {wanted}" if kind.branch else f"the default branch {wanted}"
    if facts.context.branch != wanted:
        return Skipped(reason=f"{facts.ref_words}, not {words}")
    return Found(text="edge", reason=f"{facts.ref_words}, {words}", no_latest="type=edge makes no latest")


def _ref(kind: Ref, facts: Facts) -> Found | Skipped:
    match kind.event:
        case RefEvent.BRANCH:
            text, wanted, no_latest = facts.context.branch, "branch", "a branch makes no latest"
        case RefEvent.TAG:
            text, wanted = facts.context.tag, "tag"
            no_latest = f"{text} is a prerelease" if is_prerelease(text) else ""
        case RefEvent.PR:
            text, wanted, no_latest = facts.pull_request_name, "pull request", "a pull request makes no latest"
        case _:
            assert_never(kind.event)
    if not text:
        return Skipped(reason=facts.ref_is_no(wanted))
    return Found(text=text, reason=facts.ref_words, no_latest=no_latest)


def _environment(facts: Facts) -> Found | Skipped:
    if not facts.environment:
        reason = "the input environment is empty, and the event names no deployment environment"
        return Skipped(reason=f"{reason}: {facts.event_words}")
    no_latest = "type=environment makes no latest"
    return Found(text=facts.environment, reason=facts.environment_words, no_latest=no_latest)


def _sha(kind: Sha, facts: Facts) -> Found | Skipped:
    if not facts.revision:
        return Skipped(reason="the commit is not known")
    text = facts.revision if kind.whole else facts.short_revision
    return Found(text=text, reason=facts.revision_words, no_latest="type=sha makes no latest")
