"""The rules that ask the history of the checkout: calendar versions that are counted, and `git describe`."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from fnmatch import fnmatchcase

from tagboat.flow.history import History, NearTag
from tagboat.tags.component import component_globs, component_version
from tagboat.tags.facts import Facts
from tagboat.tags.found import Found, Skipped
from tagboat.tags.kinds import Calver, Describe

_SHALLOW = (
    "the checkout is shallow, so older git tags are not known here: set fetch-depth: 0 (actions/checkout) or "
    "GIT_DEPTH: 0 (GitLab)"
)
_UNTAGGED = "no git tag names this calendar version"


def calver(kind: Calver, facts: Facts) -> Found | Skipped:
    """Return the calendar version that the git tag is; without a tag that of the date, counted if need be."""
    if facts.context.tag:
        return _tagged_calver(kind, facts)
    when = facts.now if kind.of_run else facts.created
    if when is None:
        reason = "the date of the commit is not known; date=run takes that of the run instead"
        return Skipped(reason=reason, is_warning=True)
    when = when.astimezone(kind.zone)
    words = f"{'the run' if kind.of_run else 'the commit'} is of {when:%Y-%m-%d}"
    if kind.pattern.has_counter:
        return _counted_calver(kind, facts, when, words)
    return Found(text=kind.pattern.write(when, 0), reason=words, no_latest=_UNTAGGED)


def describe(kind: Describe, facts: Facts) -> Found | Skipped:
    """Return what `git describe --tags` says of the commit; the tag of the event itself is always known."""
    tag = facts.context.tag
    if _fits(kind, tag):
        return _described(kind, facts, NearTag(name=tag, distance=0), facts.ref_words)
    history = _known_history(facts)
    if isinstance(history, Skipped):
        return history
    match, exclude = _globs(kind)
    near = history.nearest_tag(facts.revision, match=match, exclude=exclude)
    if (near is None or near.distance) and history.is_shallow():
        return Skipped(reason=_SHALLOW, is_warning=True)
    if near is None:
        return Skipped(reason="no git tag that fits leads to the commit", is_warning=True)
    words = f"the git tag {near.name} is {_count(near.distance, 'commit')} before {facts.short_revision}"
    return _described(kind, facts, near, words)


def _tagged_calver(kind: Calver, facts: Facts) -> Found | Skipped:
    version = _calver_of(kind, facts.context.tag)
    if version is None:
        of_component = f" of the component {kind.component}" if kind.component else ""
        return Skipped(
            reason=f"{facts.ref_words}, which is no {kind.pattern}{of_component}", is_warning=not kind.component
        )
    return Found(text=version, reason=f"{facts.ref_words}, a calendar version", version=version)


def _calver_of(kind: Calver, tag: str) -> str | None:
    text = component_version(kind.component, tag) if kind.component else tag
    return kind.pattern.version_in(text) if text else None


def _counted_calver(kind: Calver, facts: Facts, when: datetime, words: str) -> Found | Skipped:
    """Return the next version of a date; a commit that has a git tag of it keeps that, so that no run counts on."""
    history = _known_history(facts)
    if isinstance(history, Skipped):
        return Skipped(reason=f"MICRO counts git tags, and {history.reason}", is_warning=True)
    if history.is_shallow():
        return Skipped(reason=f"MICRO counts git tags, and {_SHALLOW}", is_warning=True)
    if here := _counters(kind, history.tags_at(facts.revision), when):
        text = kind.pattern.write(when, max(here))
        return Found(text=text, reason=f"{words}, and a git tag at the commit says {text}", no_latest=_UNTAGGED)
    counters = _counters(kind, history.tags(), when)
    reason = f"{words}, a date with {_count(len(counters), 'git tag')} so far"
    return Found(text=kind.pattern.write(when, max(counters, default=-1) + 1), reason=reason, no_latest=_UNTAGGED)


def _counters(kind: Calver, tags: Iterable[str], when: datetime) -> list[int]:
    """Return what those of the git tags that are versions of a date were counted as."""
    versions = (version for tag in tags if (version := _calver_of(kind, tag)))
    counters = (kind.pattern.counter_of(version, when) for version in versions)
    return [counter for counter in counters if counter is not None]


def _described(kind: Describe, facts: Facts, near: NearTag, words: str) -> Found | Skipped:
    name = component_version(kind.component, near.name) if kind.component else near.name
    text = f"{name}-{near.distance}-g{facts.short_revision}" if near.distance or kind.long else f"{name}"
    if kind.dirty:
        history = _known_history(facts)
        if isinstance(history, Skipped):
            return history
        if history.is_dirty():
            text, words = f"{text}{kind.dirty}", f"{words}, and tracked files were changed"
    return Found(text=text, reason=words, no_latest="type=describe makes no latest")


def _fits(kind: Describe, tag: str) -> bool:
    """Tell whether a git tag may name the description, as git itself does."""
    match, exclude = _globs(kind)
    is_in = not match or any(fnmatchcase(tag, glob) for glob in match)
    return bool(tag) and is_in and not any(fnmatchcase(tag, glob) for glob in exclude)


def _globs(kind: Describe) -> tuple[tuple[str, ...], tuple[str, ...]]:
    exclude = (kind.exclude,) if kind.exclude else ()
    if kind.component:
        return component_globs(kind.component), exclude
    return (kind.match,) if kind.match else (), exclude


def _known_history(facts: Facts) -> History | Skipped:
    """Return the history to ask, or why there is none."""
    if facts.history is None:
        return Skipped(reason="there is no checkout to ask", is_warning=True)
    reason = facts.history.missing() or ("" if facts.revision else "the commit is not known")
    return Skipped(reason=reason, is_warning=True) if reason else facts.history


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'s' if number != 1 else ''}"
