"""The `tags` input: each line read into a rule, by metadata-action's grammar and our own types."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from tagboat.errors import InputError
from tagboat.oci.reference import Reference
from tagboat.tags.dates import read_zone
from tagboat.tags.handlebars import Scope
from tagboat.tags.kinds import (
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
    Timestamp,
)
from tagboat.tags.records import Record, checked_records
from tagboat.tags.regex import Regex
from tagboat.tags.template import Template

_DEFAULT_RULES = "type=schedule\ntype=ref,event=branch\ntype=ref,event=tag\ntype=ref,event=pr"
_TYPED = re.compile(r"\s*type\s*=", re.IGNORECASE)
_ALWAYS = frozenset({"type", "enable", "priority", "prefix", "suffix"})
_UNBUILT = {
    "environment": "write type=raw,value=NAME with the environment's name",
    "describe": "write type=sha, or type=raw,value=… with the text of git describe",
    "calver": "write type=timestamp,pattern=%Y.%m.%d",
    "content": "write type=sha",
    "channel": "write type=raw,value=NAME with the channel's name",
}


@dataclass(frozen=True, slots=True)
class _Attributes:
    """The attributes of one line, keys in lower case, the last of equal ones."""

    values: Mapping[str, str]

    def text(self, key: str, default: str = "") -> str:
        return self.values.get(key, default)

    def required(self, key: str, example: str) -> str:
        if not self.values.get(key) and (key != "value" or key not in self.values):
            raise InputError(f"the attribute {key}= is missing", f"write {example}")
        return self.values[key]

    def template(self, key: str, default: str = "") -> Template:
        return Template.parse(self.values.get(key, default))

    def optional(self, key: str, default: str | None = None) -> Template | None:
        text = self.values.get(key, default)
        return None if text is None else Template.parse(text)


@dataclass(frozen=True, slots=True)
class _Type:
    """How a rule of one `type=` is read: what it adds to the common attributes, its defaults."""

    build: Callable[[_Attributes], Kind]
    attributes: frozenset[str]
    priority: int
    prefix: str | None = None


def read_rules(text: str, faults: list[InputError], warnings: list[str]) -> tuple[Rule, ...]:
    """Read the `tags` input, highest priority first, else as written; what is wrong is added to `faults`.

    An empty input is the four rules of metadata-action: schedule, branch, tag, pull request.
    """
    records = checked_records(text, "tags", faults)
    if not records and not faults:
        records = checked_records(_DEFAULT_RULES, "tags", faults)
    rules = []
    for record in records:
        try:
            rules.append(_read_rule(record, warnings))
        except InputError as error:
            faults.append(InputError(f"tags: {record.line!r}: {error.problem}", error.hint))
    return tuple(sorted(rules, key=lambda rule: -rule.priority))


def literal_reference(line: str) -> Reference | None:
    """Return the full reference with a tag that a line is, its name in lower case; None when it is none.

    Raises `InputError` when it names a digest.
    """
    name, _, tag = line.rpartition(":")
    try:
        reference = Reference.parse(f"{name.lower()}:{tag}")
    except InputError:
        return None
    if reference.digest:
        raise InputError(
            "a digest cannot be given to an image that is yet to be built", "write NAME:TAG without @sha256:…"
        )
    return reference if reference.tag else None


def _read_rule(record: Record, warnings: list[str]) -> Rule:
    if record.quoted and _TYPED.match(record.fields[0]):
        record = record.unwrapped()
        if record.quoted or record.stray_quote:
            raise InputError("the quoted line holds a line break or a single quote sign", "double the quotes inside it")
    attributes = _attributes(record)
    if "component" in attributes.values:
        raise InputError("component= is not built yet", "write match= and a prefix= for the component's tags")
    if "type" not in attributes.values and (reference := literal_reference(record.line)):
        return Rule(
            line=record.line,
            kind=Literal(reference=reference),
            priority=_TYPES["raw"].priority,
            enable=Template.parse("true"),
        )
    name = attributes.text("type", "raw")
    kind = _find_type(name)
    unknown = [key for key in attributes.values if key not in kind.attributes | _ALWAYS]
    warnings.extend(f"tags: {record.line!r}: type={name} has no attribute {key!r}; it is not used" for key in unknown)
    prefix = "pr-" if attributes.text("event") == "pr" and name == "ref" else kind.prefix
    return Rule(
        line=record.line,
        kind=kind.build(attributes),
        priority=_priority(attributes.text("priority", str(kind.priority))),
        enable=attributes.template("enable", "true"),
        prefix=attributes.optional("prefix", prefix),
        suffix=attributes.optional("suffix"),
    )


def _attributes(record: Record) -> _Attributes:
    values = {}
    for field in record.fields:
        key, equals, value = field.partition("=")
        # a field without `=` is the value, so that `type=raw,foo` and a bare `foo` work
        values[key.strip().lower() if equals else "value"] = value.strip() if equals else field.strip()
    return _Attributes(values)


def _find_type(name: str) -> _Type:
    if name in _UNBUILT:
        raise InputError(f"type={name} is not built yet", _UNBUILT[name])
    if name not in _TYPES:
        near = get_close_matches(name, _TYPES, n=1)
        raise InputError(
            f"{name!r} is an unknown type",
            f"write type={near[0]}" if near else f"the types are {', '.join(sorted(_TYPES))}",
        )
    return _TYPES[name]


def _priority(text: str) -> float:
    try:
        priority = float(text)
    except ValueError:
        priority = math.nan
    if not math.isfinite(priority):
        raise InputError(f"priority={text} is not a number", "write priority=1000; the highest comes first")
    return priority


def _schedule(attributes: _Attributes) -> Schedule:
    return Schedule(pattern=Template.parse(attributes.text("pattern", "nightly"), Scope.SCHEDULE))


def _semver(attributes: _Attributes) -> Semver:
    return Semver(pattern=_version_pattern(attributes), value=_value(attributes), match=_version_match(attributes))


def _pep440(attributes: _Attributes) -> Pep440:
    return Pep440(pattern=_version_pattern(attributes), value=_value(attributes), match=_version_match(attributes))


def _version_pattern(attributes: _Attributes) -> Template:
    return Template.parse(attributes.required("pattern", "pattern={{version}}"), Scope.VERSION)


def _version_match(attributes: _Attributes) -> Regex | None:
    return Regex.compile(attributes.values["match"]) if attributes.text("match") else None


def _value(attributes: _Attributes) -> Template | None:
    return attributes.template("value") if attributes.text("value") else None


def _match(attributes: _Attributes) -> Match:
    pattern = attributes.required("pattern", r"pattern=v(\d+),group=1")
    group = attributes.text("group", "0")
    if not re.fullmatch(r"\d+", group):
        raise InputError(f"group={group} is not a number", "write group=1 for the first group, 0 for the whole match")
    return Match(pattern=Regex.parse(pattern), group=int(group), value=_value(attributes))


def _edge(attributes: _Attributes) -> Edge:
    return Edge(branch=attributes.text("branch"))


def _ref(attributes: _Attributes) -> Ref:
    event = attributes.required("event", "event=branch, event=tag or event=pr")
    if event not in set(RefEvent):
        raise InputError(f"event={event} is an invalid event", "write event=branch, event=tag or event=pr")
    return Ref(event=RefEvent(event))


def _raw(attributes: _Attributes) -> Raw:
    return Raw(value=Template.parse(attributes.required("value", "type=raw,value=TEXT")))


def _sha(attributes: _Attributes) -> Sha:
    form = attributes.text("format", "short")
    if form not in {"short", "long"}:
        raise InputError(f"format={form} is an invalid format", "write format=short or format=long")
    return Sha(whole=form == "long")


def _timestamp(attributes: _Attributes) -> Timestamp:
    return Timestamp(
        pattern=attributes.text("pattern") or "%Y%m%d-%H%M%S", zone=read_zone(attributes.text("tz") or "UTC")
    )


_TYPES = {
    "schedule": _Type(_schedule, frozenset({"pattern"}), 1000),
    "semver": _Type(_semver, frozenset({"pattern", "value", "match"}), 900),
    "pep440": _Type(_pep440, frozenset({"pattern", "value", "match"}), 900),
    "match": _Type(_match, frozenset({"pattern", "group", "value"}), 800),
    "edge": _Type(_edge, frozenset({"branch"}), 700),
    "ref": _Type(_ref, frozenset({"event"}), 600),
    "timestamp": _Type(_timestamp, frozenset({"pattern", "tz"}), 300),
    "raw": _Type(_raw, frozenset({"value"}), 200),
    "sha": _Type(_sha, frozenset({"format"}), 100, prefix="sha-"),
}
