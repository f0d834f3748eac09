"""The tag engine: rules, context and clock in, the tag set out; pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from tagboat.errors import InputError, raise_faults
from tagboat.flow.context import Context
from tagboat.flow.request import TagRequest
from tagboat.flow.tagset import Decision, Outcome, TagSet
from tagboat.oci.annotations import Level
from tagboat.oci.reference import Reference, Repository, TagName
from tagboat.tags.evaluate import Found, Skipped, evaluate
from tagboat.tags.facts import Facts, read_short_length
from tagboat.tags.flavor import Flavor, Latest, read_flavor
from tagboat.tags.images import read_images
from tagboat.tags.kinds import Literal, Rule
from tagboat.tags.labels import derive_annotations, derive_labels, keyed_lines, oci_values, read_levels, read_lines
from tagboat.tags.legal import legal_tag
from tagboat.tags.rules import read_rules
from tagboat.tags.template import Template, nearest_name


@dataclass(frozen=True, slots=True, kw_only=True)
class _Inputs:
    """All inputs of the engine, read and checked."""

    images: tuple[Repository, ...]
    rules: tuple[Rule, ...]
    flavor: Flavor
    labels: tuple[Template, ...]
    annotations: tuple[Template, ...]
    levels: tuple[Level, ...]
    short_length: int
    warnings: tuple[str, ...]


def derive_tags(request: TagRequest, context: Context, *, now: datetime, source_date_epoch: int | None) -> TagSet:
    """Return every name, label and annotation for one run, with the reason for each name and for each missing one.

    `now` is aware; it is what `{{date}}` and `type=timestamp` show. Raises `InputError`, or `FaultsError` with all
    faults of all inputs.
    """
    inputs = _read(request)
    facts = Facts.gather(
        request, context, short_length=inputs.short_length, now=now, source_date_epoch=source_date_epoch
    )
    names = _derive_names(inputs, facts)
    warnings = [*inputs.warnings, *names.warnings, *_template_warnings(inputs, facts)]
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


def _read(request: TagRequest) -> _Inputs:
    faults: list[InputError] = []
    warnings: list[str] = []
    inputs = _Inputs(
        images=read_images(request.images, faults),
        rules=read_rules(request.tags, faults, warnings),
        flavor=read_flavor(request.flavor, faults, warnings),
        labels=read_lines(request.labels, "labels", faults),
        annotations=read_lines(request.annotations, "annotations", faults),
        levels=read_levels(request.annotation_levels, faults),
        short_length=read_short_length(request.short_sha_length, faults),
        warnings=tuple(warnings),
    )
    raise_faults(faults)
    return inputs


@dataclass(slots=True, kw_only=True)
class _Ledger:
    """The names made so far, in order, and a decision for each rule."""

    images: tuple[Repository, ...]
    image_names: list[TagName] = field(default_factory=list)
    literals: list[Reference] = field(default_factory=list)
    names: dict[TagName, None] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)

    def note(self, rule: str, outcome: Outcome, reason: str, tag: str = "") -> None:
        self.decisions.append(Decision(rule=rule, tag=tag, outcome=outcome, reason=reason))

    def add(self, rule: str, text: str, reason: str) -> bool:
        """Add a name for the images; tell whether a tag could be made of the text."""
        tag = legal_tag(text)
        if tag is None:
            self.note(
                rule,
                Outcome.SKIPPED,
                f"{text!r} has no character that a tag may have" if text else "the value is empty",
            )
        elif tag in self.image_names:
            self.note(rule, Outcome.DUPLICATE, "an earlier rule made the same tag", tag)
        else:
            self.image_names.append(tag)
            self.names[tag] = None
            self.note(rule, Outcome.MADE, reason if tag == text else f"{reason}; {text!r} as a legal tag", tag)
        return tag is not None

    def add_literal(self, rule: str, reference: Reference, reason: str) -> None:
        """Add a full reference, which no image is joined with."""
        tag = reference.tag
        assert tag is not None, "a literal has a tag"
        if reference in self.literals or (reference.repository in self.images and tag in self.image_names):
            self.note(rule, Outcome.DUPLICATE, "an earlier rule made the same reference", reference.familiar)
            return
        self.literals.append(reference)
        self.names[tag] = None
        self.note(rule, Outcome.MADE, reason, reference.familiar)

    def tag_set(self, warnings: list[str]) -> TagSet:
        """Return the names, each image with each, then the full references."""
        references = [image.tag(name) for image in self.images for name in self.image_names] + self.literals
        return TagSet(
            names=tuple(self.names),
            references=tuple(dict.fromkeys(references)),
            decisions=tuple(self.decisions),
            warnings=tuple(warnings),
        )


def _derive_names(inputs: _Inputs, facts: Facts) -> TagSet:
    ledger, warnings = _Ledger(images=inputs.images), list[str]()
    first: Found | None = None
    for rule, enabled in _enabled(inputs.rules, facts):
        found = evaluate(rule.kind, facts) if enabled else Skipped(reason="enable is false")
        if isinstance(found, Skipped):
            ledger.note(rule.line, Outcome.SKIPPED, found.reason)
            if found.is_warning:
                warnings.append(f"tags: {rule.line!r} made no tag: {found.reason}")
        elif isinstance(rule.kind, Literal):
            ledger.add_literal(rule.line, rule.kind.reference, found.reason)
            first = first or found
        elif ledger.add(rule.line, _with_affixes(rule, found.text, inputs.flavor, facts), found.reason):
            first = first or found
    _add_latest(ledger, inputs.flavor, first)
    warnings.extend(_shortage_warnings(ledger, facts))
    return ledger.tag_set(warnings)


def _enabled(rules: tuple[Rule, ...], facts: Facts) -> list[tuple[Rule, bool]]:
    answers = [(rule, facts.render(rule.enable)) for rule in rules]
    raise_faults(
        InputError(
            f"tags: {rule.line!r}: enable={answer} is neither true nor false", "write enable=true or enable=false"
        )
        for rule, answer in answers
        if answer not in {"true", "false"}
    )
    return [(rule, answer == "true") for rule, answer in answers]


def _with_affixes(rule: Rule, text: str, flavor: Flavor, facts: Facts) -> str:
    prefix = flavor.prefix if rule.prefix is None else rule.prefix
    suffix = flavor.suffix if rule.suffix is None else rule.suffix
    return f"{facts.render(prefix)}{text}{facts.render(suffix)}"


def _add_latest(ledger: _Ledger, flavor: Flavor, first: Found | None) -> None:
    """Add `latest` when the first tag that was made allows it, or the flavor forces it."""
    rule = f"flavor latest={flavor.latest}"
    if first is None:
        ledger.note(rule, Outcome.SKIPPED, "no tag was made")
    elif flavor.latest is Latest.FALSE:
        ledger.note(rule, Outcome.SKIPPED, "the flavor says so")
    elif flavor.latest is Latest.AUTO and first.no_latest:
        ledger.note(rule, Outcome.SKIPPED, f"the first tag decides, and {first.no_latest}")
    else:
        reason = (
            "the flavor says so" if flavor.latest is Latest.TRUE else f"the first tag is a final one: {first.reason}"
        )
        ledger.add(rule, flavor.latest_name, reason)


def _shortage_warnings(ledger: _Ledger, facts: Facts) -> list[str]:
    if not ledger.names:
        missing = f" ({facts.context.missing})" if facts.context.missing else ""
        return [f"no tag was made{missing}; check the tags input, the decisions say why each rule gave none"]
    if ledger.literals and ledger.image_names and not ledger.images:
        return [f"tags: {', '.join(ledger.image_names)}: no image is given for these names; write them into images"]
    return []


def _template_warnings(inputs: _Inputs, facts: Facts) -> list[str]:
    """Say which names give nothing, and where a commit date had to be taken from the clock."""
    in_rules = [(f"tags: {rule.line!r}", template) for rule in inputs.rules for template in rule.templates]
    in_flavor = [
        (f"flavor: {template.source!r}", template) for template in (inputs.flavor.prefix, inputs.flavor.suffix)
    ]
    in_lines = [(f"labels: {line.source!r}", line) for line in inputs.labels]
    in_lines += [(f"annotations: {line.source!r}", line) for line in inputs.annotations]
    warnings = []
    for where, template in [*in_rules, *in_flavor, *in_lines]:
        for name in template.unknown:
            near = nearest_name(name)
            hint = f"; did you mean {{{{{near}}}}}?" if near else ""
            warnings.append(f"{where}: {{{{{name}}}}} is not known here and gives nothing{hint}")
        if "commit_date" in template.names and facts.created is None:
            warnings.append(f"{where}: the date of the commit is not known; commit_date is the time of this run")
    return warnings
