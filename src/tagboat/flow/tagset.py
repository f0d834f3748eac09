"""The tag set: every name with the rule and the reason that made it, and the labels and annotations beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from tagboat.oci.annotations import Annotation
from tagboat.oci.reference import Reference, TagName


class Outcome(StrEnum):
    """What became of one rule's tag."""

    MADE = "made"
    SKIPPED = "skipped"
    WITHHELD = "withheld"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One rule's result; `tag` is empty when the rule gave no name, `reason` says why in words for people."""

    rule: str
    tag: str
    outcome: Outcome
    reason: str

    def to_json(self) -> dict[str, str]:
        """Return the object of `tags --json`."""
        return {"rule": self.rule, "tag": self.tag, "outcome": self.outcome.value, "reason": self.reason}


@dataclass(frozen=True, slots=True, kw_only=True)
class TagSet:
    """What an image will be called and labelled; `names[0]` is the version's own tag.

    `references` are full names to push, in order: each image with each name. `warnings` are lines for people.
    """

    version: str = ""
    names: tuple[TagName, ...] = ()
    references: tuple[Reference, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: tuple[Annotation, ...] = ()
    decisions: tuple[Decision, ...] = ()
    warnings: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the document of `tags --json`."""
        shown = [reference.familiar for reference in self.references] or [str(name) for name in self.names]
        return {
            "version": self.version,
            "tags": shown,
            "tag-names": [str(name) for name in self.names],
            "labels": dict(sorted(self.labels.items())),
            "annotations": {annotation.name: annotation.value for annotation in self.annotations},
            "decisions": [decision.to_json() for decision in self.decisions],
        }
