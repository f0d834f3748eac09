"""The rules that ask the history of the checkout: calendar versions that are counted, and `git describe`."""

from __future__ import annotations

from fnmatch import fnmatchcase

from tagboat.flow.history import NearTag
from tagboat.tags.component import component_globs, component_version
from tagboat.tags.facts import Facts
from tagboat.tags.found import Found, Skipped
from tagboat.tags.kinds import Calver, Describe

_SHALLOW = (
    "the checkout is shallow, so older git tags are not known here: set fetch-depth: 0 (actions/checkout) or "
    "GIT_DEPTH: 0 (GitLab)"
)


def calver(kind: Calver, facts: Facts) -> Found | Skipped:
    """Return the calendar version that the git tag is; without a tag that of the date, counted if need be.

    A commit that has a git tag of its date already keeps that version, so that a second run does not count on.
    """
    if facts.context.tag:
        return _tagged_calver(kind, facts)
    when = facts.now if kind.of_run else facts.created
    if when is None:
        return Skipped(
            reason="the date of the commit is not known; date=run takes that of the run instead", is_warning=True
        )
    when = when.astimezone(kind.zone)
    day = f"{'the run' if kind.of_run else 'the commit'} is of {when:%Y-%m-%d}"
    no_latest = "no git tag names this calendar version"
    if not kind.pattern.has_counter:
        return Found(text=kind.pattern.write(when, 0), reason=day, no_latest=no_latest)
    if reason := _lacks_history(facts) or _lacks_depth(facts):
        return Skipped(reason=f"MICRO counts git tags, and {reason}", is_warning=True)
    history, numbers = facts.history, []
    assert history is not None, "its lack is a reason above"
    for here, tags in ((True, history.tags_at(facts.revision)), (False, history.tags())):
        versions = (_calver_of(kind, tag) for tag in tags)
        numbers = [n for version in versions if version and (n := kind.pattern.counter_of(version, when)) is not None]
        if numbers and here:
            text = kind.pattern.write(when, max(numbers))
            return Found(text=text, reason=f"{day}, and a git tag at the commit says {text}", no_latest=no_latest)
    counted = f"{len(numbers)} git tag{'s' if len(numbers) != 1 else ''} of that date"
    text = kind.pattern.write(when, max(numbers, default=-1) + 1)
    return Found(text=text, reason=f"{day}, and there are {counted}", no_latest=no_latest)


def describe(kind: Describe, facts: Facts) -> Found | Skipped:
    """Return what `git describe --tags` says of the commit; the tag of the event itself is always known."""
    near = _pushed_tag(kind, facts)
    words = facts.ref_words
    if (near is None or kind.dirty) and (reason := _lacks_history(facts)):
        return Skipped(reason=reason, is_warning=True)
    if near is None:
        history = facts.history
        assert history is not None, "its lack is a reason above"
        match, exclude = _globs(kind)
        near = history.nearest_tag(facts.revision, match=match, exclude=exclude)
        if (near is None or near.distance) and (reason := _lacks_depth(facts)):
            return Skipped(reason=reason, is_warning=True)
        if near is None:
            return Skipped(reason="no git tag that fits leads to the commit", is_warning=True)
        words = f"the git tag {near.name} is {near.distance} commits before {facts.short_revision}"
    name = component_version(kind.component, near.name) if kind.component else near.name
    text = f"{name}-{near.distance}-g{facts.short_revision}" if near.distance or kind.long else f"{name}"
    if kind.dirty and facts.history is not None and facts.history.is_dirty():
        text, words = f"{text}{kind.dirty}", f"{words}, and tracked files were changed"
    return Found(text=text, reason=words, no_latest="type=describe makes no latest")


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


def _pushed_tag(kind: Describe, facts: Facts) -> NearTag | None:
    """Return the tag that the event is about, if the rule may use it; a simulated one is in no checkout."""
    tag = facts.context.tag
    match, exclude = _globs(kind)
    fits = not match or any(fnmatchcase(tag, glob) for glob in match)
    is_out = any(fnmatchcase(tag, glob) for glob in exclude)
    return NearTag(name=tag, distance=0) if tag and fits and not is_out else None


def _globs(kind: Describe) -> tuple[tuple[str, ...], tuple[str, ...]]:
    exclude = (kind.exclude,) if kind.exclude else ()
    if kind.component:
        return component_globs(kind.component), exclude
    return (kind.match,) if kind.match else (), exclude


def _lacks_history(facts: Facts) -> str:
    if facts.history is None:
        return "there is no checkout to ask"
    return facts.history.missing() or ("" if facts.revision else "the commit is not known")


def _lacks_depth(facts: Facts) -> str:
    return _SHALLOW if facts.history is not None and facts.history.is_shallow() else ""
