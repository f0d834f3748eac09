"""The types of tag rules: how the attributes of each are read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tagboat.errors import InputError
from tagboat.tags.attributes import Attributes
from tagboat.tags.calendar import CalendarPattern
from tagboat.tags.dates import read_zone
from tagboat.tags.handlebars import Scope
from tagboat.tags.kinds import (
    Calver,
    Channel,
    Describe,
    Edge,
    Environment,
    Kind,
    Match,
    Pep440,
    Raw,
    Ref,
    RefEvent,
    Schedule,
    Semver,
    Sha,
    Source,
    Timestamp,
)
from tagboat.tags.regex import Regex
from tagboat.tags.template import Template


@dataclass(frozen=True, slots=True)
class RuleType:
    """How a rule of one `type=` is read: what it adds to the attributes of all rules, its defaults."""

    build: Callable[[Attributes], Kind]
    attributes: frozenset[str]
    priority: int
    prefix: str | None = None


def _schedule(attributes: Attributes) -> Schedule:
    pattern = attributes.text("pattern", "nightly")
    return Schedule(pattern=attributes.parsed("pattern", pattern, lambda text: Template.parse(text, Scope.SCHEDULE)))


def _semver(attributes: Attributes) -> Semver:
    return Semver(pattern=_version_pattern(attributes), source=_source(attributes))


def _pep440(attributes: Attributes) -> Pep440:
    return Pep440(pattern=_version_pattern(attributes), source=_source(attributes))


def _version_pattern(attributes: Attributes) -> Template:
    pattern = attributes.required("pattern", "{{version}}")
    return attributes.parsed("pattern", pattern, lambda text: Template.parse(text, Scope.VERSION))


def _source(attributes: Attributes) -> Source:
    match = attributes.parsed("match", attributes.text("match"), Regex.compile)
    return Source(
        value=attributes.template("value") if attributes.text("value") else None,
        component=attributes.component(),
        match=match if attributes.text("match") else None,
    )


def _channel(attributes: Attributes) -> Channel:
    pattern = attributes.text("pattern", "{{channel}}")
    return Channel(
        pattern=attributes.parsed("pattern", pattern, lambda text: Template.parse(text, Scope.CHANNEL)),
        source=_source(attributes),
        final=attributes.text("final", "stable"),
    )


def _calver(attributes: Attributes) -> Calver:
    default = "YYYY.0M.0D"
    return Calver(
        pattern=attributes.parsed("pattern", attributes.text("pattern") or default, CalendarPattern.parse, default),
        zone=attributes.parsed("tz", attributes.text("tz") or "UTC", read_zone, "UTC"),
        component=attributes.component(),
        of_run=attributes.choice("date", "commit", ("commit", "run")) == "run",
    )


def _describe(attributes: Attributes) -> Describe:
    dirty = attributes.text("dirty", "false")
    if attributes.text("match") and attributes.text("component"):
        attributes.fault("match", "match= and component= both choose the git tags", "leave one of them out")
    return Describe(
        match=attributes.text("match"),
        exclude=attributes.text("exclude"),
        component=attributes.component(),
        long=attributes.choice("long", "false", ("false", "true")) == "true",
        dirty={"false": "", "true": "-dirty"}.get(dirty, dirty),
    )


def _match(attributes: Attributes) -> Match:
    pattern = attributes.required("pattern", r"v(\d+)")
    group = attributes.text("group", "0")
    if not re.fullmatch(r"[0-9]{1,4}", group):
        attributes.fault(
            "group", f"group={group} is not a number", "write group=1 for the first group, 0 for the whole match"
        )
        group = "0"
    source = Source(
        value=attributes.template("value") if attributes.text("value") else None, component=attributes.component()
    )
    return Match(pattern=attributes.parsed("pattern", pattern, Regex.parse), group=int(group), source=source)


def _edge(attributes: Attributes) -> Edge:
    return Edge(branch=attributes.text("branch"))


def _ref(attributes: Attributes) -> Ref:
    attributes.required("event", "branch")
    written = attributes.values.get("event")
    return Ref(event=RefEvent(attributes.choice("event", "branch", RefEvent) if written else "branch"))


def _environment(_attributes: Attributes) -> Environment:
    return Environment()


def _raw(attributes: Attributes) -> Raw:
    text = attributes.required("value", "TEXT")
    return Raw(value=attributes.parsed("value", text, Template.parse))


def _sha(attributes: Attributes) -> Sha:
    return Sha(whole=attributes.choice("format", "short", ("short", "long")) == "long")


def _timestamp(attributes: Attributes) -> Timestamp:
    return Timestamp(
        pattern=attributes.text("pattern") or "%Y%m%d-%H%M%S",
        zone=attributes.parsed("tz", attributes.text("tz") or "UTC", read_zone, "UTC"),
    )


_SOURCE = frozenset({"value", "match", "component"})
TYPES = {
    "schedule": RuleType(_schedule, frozenset({"pattern"}), 1000),
    "semver": RuleType(_semver, _SOURCE | {"pattern"}, 900),
    "pep440": RuleType(_pep440, _SOURCE | {"pattern"}, 900),
    "calver": RuleType(_calver, frozenset({"pattern", "tz", "component", "date"}), 900),
    "match": RuleType(_match, frozenset({"pattern", "group", "value", "component"}), 800),
    "edge": RuleType(_edge, frozenset({"branch"}), 700),
    "channel": RuleType(_channel, _SOURCE | {"pattern", "final"}, 650),
    "ref": RuleType(_ref, frozenset({"event"}), 600),
    "environment": RuleType(_environment, frozenset(), 500),
    "describe": RuleType(_describe, frozenset({"match", "exclude", "component", "long", "dirty"}), 400),
    "timestamp": RuleType(_timestamp, frozenset({"pattern", "tz"}), 300),
    "raw": RuleType(_raw, frozenset({"value"}), 200),
    "sha": RuleType(_sha, frozenset({"format"}), 100, prefix="sha-"),
}
"""By the word behind `type=`."""

UNBUILT_TYPES = {"content": InputError("type=content is not built yet", "write type=sha")}
"""Types that are planned, by their word: what to write today."""
