"""The kinds of tag rules, each with what it needs, and a rule as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from enum import StrEnum

from tagboat.oci.reference import Reference
from tagboat.tags.regex import Regex
from tagboat.tags.template import Template


class RefEvent(StrEnum):
    """The kinds of refs that `type=ref` tells apart."""

    BRANCH = "branch"
    TAG = "tag"
    PR = "pr"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """`type=schedule`: a tag of scheduled runs."""

    pattern: Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Semver:
    """`type=semver`: parts of a semantic version; `value` replaces the git tag, `match` cuts the version out of it."""

    pattern: Template
    value: Template | None
    match: Regex | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pep440:
    """`type=pep440`: parts of a PEP 440 version; `value` replaces the git tag, `match` cuts the version out of it."""

    pattern: Template
    value: Template | None
    match: Regex | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """`type=match`: a group of a regular expression over the git tag or `value`."""

    pattern: Regex
    group: int
    value: Template | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """`type=edge`: the word `edge` on one branch; an empty `branch` is the default branch."""

    branch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """`type=ref`: the name of the branch, the tag or the pull request."""

    event: RefEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """`type=raw`: a text with expressions."""

    value: Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Sha:
    """`type=sha`: the commit's hash, short or whole."""

    whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Timestamp:
    """`type=timestamp`: the time of the run by a strftime pattern."""

    pattern: str
    zone: tzinfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Literal:
    """A full reference with a tag in place of a rule."""

    reference: Reference


Kind = Schedule | Semver | Pep440 | Match | Edge | Ref | Raw | Sha | Timestamp | Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the `tags` input; a prefix or suffix of None leaves it to the flavor, an empty one cancels that."""

    line: str
    kind: Kind
    priority: float
    enable: Template
    prefix: Template | None = None
    suffix: Template | None = None

    @property
    def templates(self) -> tuple[Template, ...]:
        """All texts with expressions in the rule."""
        of_kind = (getattr(self.kind, name, None) for name in ("pattern", "value"))
        return tuple(t for t in (self.enable, self.prefix, self.suffix, *of_kind) if isinstance(t, Template))
