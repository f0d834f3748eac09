"""The `tags` input: each line read into a rule, by metadata-action's grammar and our own types."""

from __future__ import annotations

import math
import re

from tagboat.errors import InputError
from tagboat.oci.reference import Reference
from tagboat.tags.attributes import Attributes, nearest
from tagboat.tags.kinds import Literal, Rule
from tagboat.tags.records import Record, checked_records
from tagboat.tags.template import Template
from tagboat.tags.types import TYPES, UNBUILT_TYPES, RuleType

_DEFAULT_RULES = "type=schedule\ntype=ref,event=branch\ntype=ref,event=tag\ntype=ref,event=pr"
_TYPED = re.compile(r"\s*type\s*=", re.IGNORECASE)
_ALWAYS = frozenset({"type", "enable", "priority", "prefix", "suffix"})


def read_rules(text: str, faults: list[InputError], warnings: list[str]) -> tuple[Rule, ...]:
    """Read the `tags` input, highest priority first, else as written; all that is wrong is added to `faults`.

    An empty input is the four rules of metadata-action: schedule, branch, tag, pull request.
    """
    records = checked_records(text, "tags", faults)
    if not records and not faults:
        records = checked_records(_DEFAULT_RULES, "tags", faults)
    rules = []
    for record in records:
        rule, wrong = _read_rule(record, warnings)
        rules += [rule] if rule and not wrong else []
        faults += wrong
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


def _read_rule(record: Record, warnings: list[str]) -> tuple[Rule | None, list[InputError]]:
    """Return the rule of a record with all that is wrong about it; None when not even its type is known."""
    if record.quoted and _TYPED.match(record.fields[0]):
        record = record.unwrapped()
        if record.quoted or record.stray_quote:
            attributes = Attributes(record)
            attributes.fault(
                "", "the quoted line holds a line break or a single quote sign", "double the quotes inside it"
            )
            return None, attributes.faults
    attributes = Attributes.of(record)
    if "type" not in attributes.values and "component" not in attributes.values:
        literal = attributes.parsed("value", record.line, literal_reference)
        if literal or attributes.faults:
            return _literal_rule(record, literal) if literal else None, attributes.faults
    rule_type = _find_type(attributes)
    rule = _typed_rule(attributes, rule_type, warnings) if rule_type else None
    return rule, attributes.faults


def _literal_rule(record: Record, reference: Reference) -> Rule:
    return Rule(
        line=record.line,
        number=record.number,
        kind=Literal(reference=reference),
        priority=TYPES["raw"].priority,
        enable=Template.parse("true"),
    )


def _typed_rule(attributes: Attributes, rule_type: RuleType, warnings: list[str]) -> Rule:
    record, name = attributes.record, attributes.text("type", "raw")
    known = rule_type.attributes | _ALWAYS
    for key in (key for key in attributes.values if key not in known):
        hint = nearest(key, sorted(known))
        warnings.append(
            f"tags: line {record.number}, column {attributes.columns[key]}: {record.line!r}: type={name} has no "
            f"attribute {key!r}; it is not used; {hint}"
        )
    prefix = "pr-" if attributes.text("event") == "pr" and name == "ref" else rule_type.prefix
    return Rule(
        line=record.line,
        number=record.number,
        kind=rule_type.build(attributes),
        priority=_priority(attributes, rule_type.priority),
        enable=attributes.template("enable", "true"),
        prefix=attributes.optional("prefix", prefix),
        suffix=attributes.optional("suffix"),
    )


def _find_type(attributes: Attributes) -> RuleType | None:
    name = attributes.text("type", "raw")
    if name in UNBUILT_TYPES:
        attributes.fault("type", UNBUILT_TYPES[name].problem, UNBUILT_TYPES[name].hint)
    elif name not in TYPES:
        attributes.fault("type", f"{name!r} is an unknown type", nearest(name, sorted(TYPES), "type="))
    return TYPES.get(name)


def _priority(attributes: Attributes, default: int) -> float:
    text = attributes.text("priority", str(default))
    try:
        priority = float(text)
    except ValueError:
        priority = math.nan
    if math.isfinite(priority):
        return priority
    attributes.fault("priority", f"priority={text} is not a number", "write priority=1000; the highest comes first")
    return default
