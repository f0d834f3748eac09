"""What one rule gives for one run: a text for a tag, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import assert_never

from tagboat.errors import InputError
from tagboat.tags.dates import format_strftime
from tagboat.tags.facts import Facts
from tagboat.tags.kinds import (
    Edge,
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
from tagboat.tags.template import Template
from tagboat.versions import PythonVersion, Version, is_prerelease


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A text for a tag; `no_latest` says why `latest=auto` stays away, empty when it may follow.

    `version` is the version that the text was made of, as it is written; empty where there is none.
    """

    text: str
    reason: str
    no_latest: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """No tag from this rule; `is_warning` when that was probably not meant."""

    reason: str
    is_warning: bool = False


def evaluate(kind: Kind, facts: Facts) -> Found | Skipped:  # noqa: C901 - one case for each kind of rule
    """Return what a rule of this kind gives, before prefix and suffix."""
    match kind:
        case Schedule():
            return _schedule(kind, facts)
        case Semver():
            return _semver(kind, facts)
        case Pep440():
            return _pep440(kind, facts)
        case Match():
            return _match(kind, facts)
        case Edge():
            return _edge(kind, facts)
        case Ref():
            return _ref(kind, facts)
        case Raw():
            return Found(text=facts.render(kind.value), reason="it is written so", no_latest="type=raw makes no latest")
        case Sha():
            return _sha(kind, facts)
        case Timestamp():
            text = format_strftime(facts.now, kind.pattern, kind.zone)
            return Found(text=text, reason="it is the time of the run", no_latest="type=timestamp makes no latest")
        case Literal():
            return Found(
                text=str(kind.reference.tag),
                reason="it is a full reference",
                no_latest="a full reference makes no latest",
            )
        case _:
            assert_never(kind)


def _schedule(kind: Schedule, facts: Facts) -> Found | Skipped:
    if facts.context.event != "schedule":
        event = facts.context.event
        return Skipped(reason=f"the event is {event}, not schedule" if event else "there is no event, so no schedule")
    text = kind.pattern.render({}, {"date": facts.now, "commit_date": facts.commit_time})
    return Found(text=text, reason="the event is schedule", no_latest="type=schedule makes no latest")


def _semver(kind: Semver, facts: Facts) -> Found | Skipped:
    source = _cut_version(kind, facts)
    if isinstance(source, Skipped):
        return source
    try:
        version = Version.parse(source)
    except InputError as error:
        return Skipped(reason=error.problem, is_warning=True)
    if not version.prerelease:
        values = _parts(version, raw=source, version=str(version), build=",".join(version.build))
        return Found(text=kind.pattern.render(values, {}), reason=f"{source} is a semantic version", version=source)
    text = source if kind.pattern.is_raw_alone else str(version)
    return Found(
        text=text,
        reason=f"{source} is a prerelease, so in full",
        no_latest=f"{source} is a prerelease",
        version=source,
    )


def _pep440(kind: Pep440, facts: Facts) -> Found | Skipped:
    source = _cut_version(kind, facts)
    if isinstance(source, Skipped):
        return source
    try:
        version = PythonVersion.parse(source)
    except InputError as error:
        return Skipped(reason=error.problem, is_warning=True)
    public, plus, local = str(version).partition("+")
    normalised = public + plus + local.replace(".", ",")  # metadata-action's spelling, which gives a `-` in the tag
    if version.is_prerelease or version.is_postrelease:
        text = source if kind.pattern.is_raw_alone else normalised
        sort = "a prerelease" if version.is_prerelease else "a post-release"
        return Found(
            text=text, reason=f"{source} is {sort}, so in full", no_latest=f"{source} is {sort}", version=source
        )
    values = _parts(version, raw=source, version=normalised)
    return Found(text=kind.pattern.render(values, {}), reason=f"{source} is a PEP 440 version", version=source)


def _parts(parsed: Version | PythonVersion, **texts: str) -> dict[str, object]:
    """Return what a version's pattern may name."""
    return {"major": parsed.major, "minor": parsed.minor, "patch": parsed.patch, **texts}


def _cut_version(kind: Semver | Pep440, facts: Facts) -> str | Skipped:
    source = _tag_or_value(kind.value, facts)
    if isinstance(source, str) and kind.match:
        groups = kind.match.groups(source)
        if not groups:
            return Skipped(reason=f"match= does not match {source}")
        source = next((group for group in groups[1:2] if group is not None), groups[0] or "")
    return source.replace("/", "-") if isinstance(source, str) else source


def _match(kind: Match, facts: Facts) -> Found | Skipped:
    source = _tag_or_value(kind.value, facts)
    if isinstance(source, Skipped):
        return source
    groups = kind.pattern.groups(source)
    if not groups:
        return Skipped(reason=f"the pattern does not match {source}", is_warning=True)
    text = groups[kind.group] if kind.group < len(groups) else None
    if text is None:
        return Skipped(reason=f"the pattern matches {source}, but has no group {kind.group} there", is_warning=True)
    return Found(text=text, reason=f"the pattern matches {source}", no_latest=_unfinished(source))


def _tag_or_value(value: Template | None, facts: Facts) -> str | Skipped:
    if value:
        return facts.render(value)
    return facts.context.tag or Skipped(reason=facts.ref_is_not("a tag"))


def _edge(kind: Edge, facts: Facts) -> Found | Skipped:
    wanted = kind.branch or facts.context.repository.default_branch
    if not wanted:
        return Skipped(reason="the default branch is not known; write branch=NAME", is_warning=True)
    if facts.context.branch != wanted:
        return Skipped(reason=facts.ref_is_not(f"the branch {wanted}"))
    return Found(text="edge", reason=f"the ref is the branch {wanted}", no_latest="type=edge makes no latest")


def _ref(kind: Ref, facts: Facts) -> Found | Skipped:
    match kind.event:
        case RefEvent.BRANCH:
            text, wanted, no_latest = facts.context.branch, "a branch", "a branch makes no latest"
        case RefEvent.TAG:
            text, wanted, no_latest = facts.context.tag, "a tag", _unfinished(facts.context.tag)
        case RefEvent.PR:
            text, wanted, no_latest = facts.pull_request_name, "a pull request", "a pull request makes no latest"
        case _:
            assert_never(kind.event)
    if not text:
        return Skipped(reason=facts.ref_is_not(wanted))
    return Found(text=text, reason=facts.ref_words, no_latest=no_latest)


def _sha(kind: Sha, facts: Facts) -> Found | Skipped:
    if not facts.revision:
        return Skipped(reason="the commit is not known")
    text = facts.revision if kind.whole else facts.short_revision
    return Found(text=text, reason="it is the commit", no_latest="type=sha makes no latest")


def _unfinished(name: str) -> str:
    return f"{name} is a prerelease" if is_prerelease(name) else ""
