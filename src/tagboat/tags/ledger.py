"""The book of a tag set in the making: the names so far, and what became of each rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from tagboat.flow.tagset import Decision, Outcome, Standing, TagSet
from tagboat.oci.reference import Reference, Repository, TagName
from tagboat.tags.classes import weaker
from tagboat.tags.legal import legal_tag


@dataclass(slots=True, kw_only=True)
class Ledger:
    """The names made so far, in order, and a decision for each rule."""

    images: tuple[Repository, ...]
    image_names: list[TagName] = field(default_factory=list)
    literals: list[Reference] = field(default_factory=list)
    names: dict[TagName, None] = field(default_factory=dict)
    standings: dict[TagName, Standing] = field(default_factory=dict)
    decisions: list[Decision] = field(default_factory=list)

    def note(self, rule: str, outcome: Outcome, reason: str, tag: str = "", standing: Standing | None = None) -> None:
        """Write down what became of a rule."""
        known = standing.name_class if standing else None
        self.decisions.append(Decision(rule=rule, tag=tag, outcome=outcome, reason=reason, name_class=known))

    def add(self, rule: str, text: str, reason: str, standing: Standing) -> bool:
        """Add a name for the images; tell whether a tag could be made of the text."""
        tag = legal_tag(text)
        if tag is None:
            reason = f"{text!r} has no character that a tag may have" if text else "the value is empty"
            self.note(rule, Outcome.SKIPPED, reason)
        elif tag in self.image_names:
            self._stand(tag, standing)
            self.note(rule, Outcome.DUPLICATE, "an earlier rule made the same tag", tag, standing)
        else:
            self.image_names.append(tag)
            self.names[tag] = None
            self._stand(tag, standing)
            made = reason if tag == text else f"{reason}; {text!r} as a legal tag"
            self.note(rule, Outcome.MADE, made, tag, standing)
        return tag is not None

    def add_literal(self, rule: str, reference: Reference, reason: str, standing: Standing) -> None:
        """Add a full reference, which no image is joined with."""
        tag = reference.tag
        assert tag is not None, "a literal has a tag"
        if reference in self.literals or (reference.repository in self.images and tag in self.image_names):
            self._stand(tag, standing)
            self.note(rule, Outcome.DUPLICATE, "an earlier rule made the same reference", reference.familiar, standing)
            return
        self.literals.append(reference)
        self.names[tag] = None
        self._stand(tag, standing)
        self.note(rule, Outcome.MADE, reason, reference.familiar, standing)

    def tag_set(self, warnings: Iterable[str]) -> TagSet:
        """Return the names, each image with each, then the full references."""
        references = [image.tag(name) for image in self.images for name in self.image_names] + self.literals
        return TagSet(
            names=tuple(self.names),
            references=tuple(dict.fromkeys(references)),
            standings=dict(self.standings),
            decisions=tuple(self.decisions),
            warnings=tuple(warnings),
        )

    def _stand(self, tag: TagName, standing: Standing) -> None:
        """Keep what a name may do; of several rules that make one, that counts which moves it soonest."""
        self.standings[tag] = weaker(self.standings.get(tag, standing), standing)
