"""The tag set: every name with the rule and the reason that made it, and the labels and annotations beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
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


class NameClass(StrEnum):
    """What users may expect of a name: never another image, a newer one, or nothing for long."""

    WRITE_ONCE = "write-once"
    FLOATING = "floating"
    EPHEMERAL = "ephemeral"


class Scheme(StrEnum):
    """How version numbers are written and ordered."""

    SEMVER = "semver"
    PEP440 = "pep440"


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionLine:
    """The versions that a floating name stands for, and the one of this run.

    `major` and `minor` are what the name fixes: both for `1.2`, the first for `1`, None for `latest`. With `channel`,
    such as `beta`, only prereleases of that channel belong to it. `prefix` and `suffix` surround a version where it is
    the tag of an image, `git_prefix` and `git_suffix` where it is a git tag.
    """

    version: str
    scheme: Scheme = Scheme.SEMVER
    major: int | None = None
    minor: int | None = None
    prefix: str = ""
    suffix: str = ""
    channel: str = ""
    git_prefix: str = ""
    git_suffix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The class of a name, and how its moves are ordered; `of_commit` names are true of every build of the commit.

    With a `line` the highest version has the name; where it `follows_history` the latest commit; with neither of them
    every run may move it.
    """

    name_class: NameClass
    line: VersionLine | None = None
    follows_history: bool = False
    of_commit: bool = False

    @property
    def is_guarded(self) -> bool:
        """Whether there is a way back that the name must not take."""
        return self.line is not None or self.follows_history


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One rule's result; `tag` is empty when the rule gave no name, `reason` says why in words for people."""

    rule: str
    tag: str
    outcome: Outcome
    reason: str
    name_class: NameClass | None = None

    def to_json(self) -> dict[str, str]:
        """Return the object of `tags --json`."""
        document = {"rule": self.rule, "tag": self.tag, "outcome": self.outcome.value, "reason": self.reason}
        return {**document, "class": self.name_class.value} if self.name_class else document


@dataclass(frozen=True, slots=True, kw_only=True)
class TagSet:
    """What an image will be called and labelled; `version` is the first tag made, whether or not it may move now.

    `references` are full names to push, in order: each image with each name. `standings` tell of each name what may
    become of it. `warnings` are lines for people.
    """

    version: str = ""
    names: tuple[TagName, ...] = ()
    references: tuple[Reference, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: tuple[Annotation, ...] = ()
    decisions: tuple[Decision, ...] = ()
    standings: Mapping[TagName, Standing] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    def standing(self, reference: Reference) -> Standing | None:
        """Return what is known of a name; None for one that no rule made."""
        return self.standings.get(reference.tag) if reference.tag else None

    def withholding(self, reasons: Mapping[Reference, str]) -> TagSet:
        """Return the set without these references, each of their names with a decision that says why."""
        kept = tuple(reference for reference in self.references if reference not in reasons)
        there = {reference.tag for reference in kept}
        gone = {reference.tag for reference in reasons} - there
        told = (self._withheld(reference, reason) for reference, reason in reasons.items())
        return replace(
            self,
            names=tuple(name for name in self.names if name not in gone),
            references=kept,
            decisions=(*self.decisions, *told),
        )

    def _withheld(self, reference: Reference, reason: str) -> Decision:
        standing = self.standing(reference)
        return Decision(
            rule="only forward",
            tag=reference.familiar,
            outcome=Outcome.WITHHELD,
            reason=reason,
            name_class=standing.name_class if standing else None,
        )

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
