"""What users may expect of a name: its class by the rule that made it, and which names a branch must not take."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tagboat.errors import InputError
from tagboat.flow.tagset import NameClass, Scheme, Standing, VersionLine
from tagboat.tags.facts import Facts
from tagboat.tags.found import Found
from tagboat.tags.kinds import (
    Calver,
    Channel,
    Describe,
    Edge,
    Kind,
    Literal,
    Match,
    Pep440,
    Raw,
    Ref,
    RefEvent,
    Rule,
    Schedule,
    Semver,
    Sha,
)
from tagboat.tags.kinds import Timestamp as TimestampKind
from tagboat.versions import PythonVersion, Version, release_channel

_FULL_VERSION = re.compile(r"v?\d+(?:\.\d+){2,}(?:[-+._a-z].*)?", re.IGNORECASE)
_PART_OF_VERSION = re.compile(r"v?(?P<major>\d+)(?:\.(?P<minor>\d+))?")
_SIGNATURE = re.compile(r"sha256-[0-9a-f]{64}(?:\..*)?")  # cosign's names, and the referrers' of distribution-spec
_RELEASED_WORDS = {"latest", "prod", "production"}
_WRITE_ONCE = Standing(name_class=NameClass.WRITE_ONCE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Affixes:
    """What a rule or the flavor puts around a text."""

    prefix: str = ""
    suffix: str = ""

    def around(self, text: str) -> str:
        """Return the text with both."""
        return f"{self.prefix}{text}{self.suffix}"


def standing_of(kind: Kind, found: Found, affixes: Affixes, facts: Facts) -> Standing:
    """Return the class of the name that a rule made, and what orders its moves."""
    match kind:
        case Sha() | Describe():
            return Standing(name_class=NameClass.WRITE_ONCE, of_commit=True)
        case TimestampKind():
            return _WRITE_ONCE
        case Calver():
            # Until a git tag names it, the next commit of the same date takes it over.
            is_released = bool(found.version)
            return _WRITE_ONCE if is_released else Standing(name_class=NameClass.FLOATING, follows_history=True)
        case Channel():
            line = _line(kind, found, affixes, facts, channel=release_channel(found.version))
            return Standing(name_class=NameClass.FLOATING, line=line)
        case Semver() | Pep440():
            return _of_version(kind, found, affixes, facts)
        case Edge() | Schedule():
            return Standing(name_class=NameClass.FLOATING, follows_history=True)
        case Ref(event=RefEvent.BRANCH):
            return Standing(name_class=NameClass.EPHEMERAL, follows_history=True)
        case Ref(event=RefEvent.PR):
            return Standing(name_class=NameClass.EPHEMERAL)
        case Ref():
            # A git tag such as `v1` is one that its owner moves, as that of an action.
            is_part = _PART_OF_VERSION.fullmatch(found.text)
            return Standing(name_class=NameClass.FLOATING, follows_history=True) if is_part else _WRITE_ONCE
        case _:
            return _of_text(kind, found, affixes, facts)


def standing_of_latest(kind: Kind, found: Found, affixes: Affixes, facts: Facts) -> Standing:
    """Return how `latest` moves beside the first name of a run: by version if that has one, else by history."""
    line = _line(kind, found, affixes, facts)
    return Standing(name_class=NameClass.FLOATING, line=line, follows_history=line is None)


def weaker(one: Standing, other: Standing) -> Standing:
    """Return the one of two claims to a name that moves it: `1.2` may be a whole version, and a part of 1.2.1."""
    movable = [each for each in (one, other) if each.name_class is not NameClass.WRITE_ONCE]
    return next((each for each in movable if each.is_guarded), movable[0] if movable else one)


def poses_as(rule: Rule, text: str, rules: Iterable[Rule], facts: Facts) -> str:
    """Say why a name that a branch or pull request chose is not for it to take; empty where it may.

    Whoever may push a branch could else put an image where users look for a release or a signature. Words such as
    `production` are free to the default branch, and parts of versions where no rule makes versions.
    """
    chosen = facts.context.branch or facts.pull_request_name
    if facts.context.tag or not _is_chosen_by_branch(rule):
        return ""
    if _FULL_VERSION.fullmatch(text):
        what = "a version"
    elif _SIGNATURE.fullmatch(text):
        what = "a signature or an attestation"
    elif text in _RELEASED_WORDS and chosen != facts.context.repository.default_branch:
        what = "a release"
    elif _PART_OF_VERSION.fullmatch(text) and any(isinstance(each.kind, Semver | Pep440 | Match) for each in rules):
        what = "versions"
    else:
        return ""
    return f"{facts.ref_words}, and {text} is the name of {what}"


def _is_chosen_by_branch(rule: Rule) -> bool:
    """Tell whether a branch names the tag; who reads a version out of a branch with semver or match wants just that."""
    match rule.kind:
        case Ref():
            return rule.kind.event is not RefEvent.TAG
        case Raw():
            return any("branch" in template.names for template in rule.templates)
        case _:
            return False


def _of_version(kind: Semver | Pep440, found: Found, affixes: Affixes, facts: Facts) -> Standing:
    names = kind.pattern.names
    is_whole = bool(names & {"raw", "version"}) or names >= {"major", "minor", "patch"}
    version = Version.parse(found.version) if isinstance(kind, Semver) else PythonVersion.parse(found.version)
    if is_whole or found.no_latest:  # what is not final is named in full, whatever the pattern
        return _WRITE_ONCE
    line = _line(
        kind,
        found,
        affixes,
        facts,
        major=version.major if "major" in names else None,
        minor=version.minor if "minor" in names else None,
    )
    return Standing(name_class=NameClass.FLOATING, line=line)


def _of_text(kind: Kind, found: Found, affixes: Affixes, facts: Facts) -> Standing:
    """Return the standing of a name that is known by its text alone."""
    if _FULL_VERSION.fullmatch(found.text):
        return _WRITE_ONCE
    if found.text == "latest":
        return standing_of_latest(kind, found, affixes, facts)
    part = _PART_OF_VERSION.fullmatch(found.text) if isinstance(kind, Match) else None
    if part is None:
        return Standing(name_class=NameClass.FLOATING)
    minor = int(part["minor"]) if part["minor"] else None
    line = _line(kind, found, affixes, facts, major=int(part["major"]), minor=minor)
    return Standing(name_class=NameClass.FLOATING, line=line, follows_history=line is None)


def _line(
    kind: Kind,
    found: Found,
    affixes: Affixes,
    facts: Facts,
    *,
    major: int | None = None,
    minor: int | None = None,
    channel: str = "",
) -> VersionLine | None:
    """Return the line of versions that a name stands for; None where the run has no version."""
    tag = facts.context.tag
    version = found.version or _version_in(tag)
    scheme = Scheme.PEP440 if isinstance(kind, Pep440) else _scheme_of(version)
    if scheme is None:
        return None
    # A `/` of the git tag is a `-` in the version that was cut out of it.
    before, there, after = tag.partition(version)
    return VersionLine(
        version=version,
        scheme=scheme,
        major=major,
        minor=minor,
        channel=channel,
        prefix=affixes.prefix if not isinstance(kind, Literal | Raw) else "",
        suffix=affixes.suffix if not isinstance(kind, Literal) else "",
        git_prefix=before if there else "",
        git_suffix=after,
    )


def _scheme_of(version: str) -> Scheme | None:
    """Return how to read a version, semantic where it can be; None for what is none."""
    try:
        Version.parse(version)
    except InputError:
        try:
            PythonVersion.parse(version)
        except InputError:
            return None
        return Scheme.PEP440
    return Scheme.SEMVER


def _version_in(tag: str) -> str:
    """Return the semantic version that a git tag ends with, as `v1.2.3` or `app-1.2.3` do; empty without one."""
    start = re.search(r"\d+\.\d+\.\d", tag)
    text = tag[start.start() :] if start else ""
    return text if _scheme_of(text) is Scheme.SEMVER else ""
