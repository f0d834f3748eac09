"""The tag engine: rules, context and clock in, the tag set out; pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from tagboat.errors import InputError, raise_faults
from tagboat.flow.context import Context
from tagboat.flow.history import History
from tagboat.flow.request import TagRequest
from tagboat.flow.tagset import Outcome, Standing, TagSet
from tagboat.tags.classes import Affixes, poses_as, standing_of, standing_of_latest
from tagboat.tags.evaluate import evaluate
from tagboat.tags.facts import Facts
from tagboat.tags.flavor import Flavor, Latest
from tagboat.tags.found import Found, Skipped
from tagboat.tags.inputs import Inputs, read_inputs
from tagboat.tags.kinds import Literal, Rule
from tagboat.tags.labels import derive_annotations, derive_labels, keyed_lines, oci_values
from tagboat.tags.ledger import Ledger


def derive_tags(
    request: TagRequest,
    context: Context,
    *,
    now: datetime,
    source_date_epoch: int | None,
    history: History | None = None,
) -> TagSet:
    """Return every name, label and annotation for one run, with the reason for each name and for each missing one.

    `history` is asked only by rules that need it; None is no checkout. `now` is aware; it is what `{{date}}` and
    `type=timestamp` show. Raises `InputError`, or `FaultsError` with all faults of all inputs.
    """
    inputs = read_inputs(request)
    facts = Facts.gather(
        request,
        context,
        short_length=inputs.short_length,
        now=now,
        source_date_epoch=source_date_epoch,
        history=history,
    )
    names = _derive_names(inputs, facts)
    warnings = [
        *inputs.warnings,
        *names.warnings,
        *inputs.expression_warnings(is_commit_dated=facts.created is not None),
    ]
    version = names.names[0] if names.names else ""
    known = oci_values(facts, version)
    labels = keyed_lines((facts.render(line) for line in inputs.labels), "labels", warnings)
    annotations = keyed_lines((facts.render(line) for line in inputs.annotations), "annotations", warnings)
    return replace(
        names,
        version=version,
        labels=derive_labels(labels, known),
        annotations=derive_annotations(annotations, known, inputs.levels),
        warnings=tuple(dict.fromkeys(warnings)),
    )


def _derive_names(inputs: Inputs, facts: Facts) -> TagSet:
    ledger, warnings = Ledger(images=inputs.images), list[str]()
    first: tuple[Found, Standing] | None = None
    for rule, enabled in _enabled(inputs.rules, facts):
        found = (
            evaluate(rule.kind, facts) if enabled else Skipped(reason=facts.explained(rule.enable, "enable= is false"))
        )
        if isinstance(found, Skipped):
            ledger.note(rule.line, Outcome.SKIPPED, found.reason)
            if found.is_warning:
                warnings.append(f"tags: {rule.line!r} made no tag: {found.reason}")
            continue
        affixes = _affixes(rule, inputs.flavor, facts)
        standing = standing_of(rule.kind, found, affixes, facts)
        if isinstance(rule.kind, Literal):
            ledger.add_literal(rule.line, rule.kind.reference, found.reason, standing)
        elif posed := poses_as(rule, affixes.around(found.text), inputs.rules, facts):
            ledger.note(rule.line, Outcome.WITHHELD, posed, affixes.around(found.text))
            warnings.append(f"tags: {rule.line!r} is withheld: {posed}")
            continue
        elif not ledger.add(rule.line, affixes.around(found.text), found.reason, standing):
            continue
        first = first or (found, standing_of_latest(rule.kind, found, affixes, facts))
    _add_latest(ledger, inputs.flavor, first)
    warnings.extend(_shortage_warnings(ledger, facts))
    return ledger.tag_set(warnings)


def _enabled(rules: tuple[Rule, ...], facts: Facts) -> list[tuple[Rule, bool]]:
    answers = [(rule, facts.render(rule.enable)) for rule in rules]
    hint = "write enable=true or enable=false"
    raise_faults(
        InputError(f"tags: line {rule.number}: {rule.line!r}: enable={answer} is neither true nor false", hint)
        for rule, answer in answers
        if answer not in {"true", "false"}
    )
    return [(rule, answer == "true") for rule, answer in answers]


def _affixes(rule: Rule, flavor: Flavor, facts: Facts) -> Affixes:
    prefix = flavor.prefix if rule.prefix is None else rule.prefix
    suffix = flavor.suffix if rule.suffix is None else rule.suffix
    return Affixes(prefix=facts.render(prefix), suffix=facts.render(suffix))


def _add_latest(ledger: Ledger, flavor: Flavor, first: tuple[Found, Standing] | None) -> None:
    """Add `latest` when the first tag that was made allows it, or the flavor forces it."""
    rule = f"flavor latest={flavor.latest}"
    if first is None:
        ledger.note(rule, Outcome.SKIPPED, "no tag was made")
        return
    found, standing = first
    if flavor.latest is Latest.FALSE:
        ledger.note(rule, Outcome.SKIPPED, "the flavor says so")
    elif flavor.latest is Latest.AUTO and found.no_latest:
        ledger.note(rule, Outcome.SKIPPED, f"the first tag decides, and {found.no_latest}")
    elif flavor.latest is Latest.AUTO:
        ledger.add(rule, flavor.latest_name, f"the first tag is a final one: {found.reason}", standing)
    else:
        ledger.add(rule, flavor.latest_name, "the flavor says so", standing)


def _shortage_warnings(ledger: Ledger, facts: Facts) -> list[str]:
    if not ledger.names:
        missing = f" ({facts.context.missing})" if facts.context.missing else ""
        return [f"no tag was made{missing}; check the tags input, the decisions say why each rule gave none"]
    if ledger.literals and ledger.image_names and not ledger.images:
        return [f"tags: {', '.join(ledger.image_names)}: no image is given for these names; write them into images"]
    return []
