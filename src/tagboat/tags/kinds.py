"""The kinds of tag rules, each with what it needs, and a rule as a whole."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from enum import StrEnum

from tagboat.oci.reference import Reference
from tagboat.tags.calendar import CalendarPattern
from tagboat.tags.regex import Regex
from tagboat.tags.template import Template


class RefEvent(StrEnum):
    """The kinds of refs that `type=ref` tells apart."""

    BRANCH = "branch"
    TAG = "tag"
    PR = "pr"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a version is read: the git tag or `value` in its place, there that of one component, cut out by `match`."""

    value: Template | None = None
    component: str = ""
    match: Regex | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """`type=schedule`: a tag of scheduled runs."""

    pattern: Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Semver:
    """`type=semver`: parts of a semantic version."""

    pattern: Template
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Pep440:
    """`type=pep440`: parts of a PEP 440 version."""

    pattern: Template
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """`type=channel`: the channel of a version by its prerelease; `final` is that of one without, or empty."""

    pattern: Template
    source: Source
    final: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Calver:
    """`type=calver`: a calendar version of the git tag, else of the commit's date, with `of_run` of the run's."""

    pattern: CalendarPattern
    zone: tzinfo
    component: str
    of_run: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Describe:
    """`type=describe`: the nearest git tag, how many commits later, and the commit; `dirty` marks changed files.

    `match` and `exclude` are glob patterns of git tags, empty for none; `long` gives the commit at the tag too.
    """

    match: str
    exclude: str
    component: str
    long: bool
    dirty: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """`type=match`: a group of a regular expression over a version's source."""

    pattern: Regex
    group: int
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """`type=edge`: the word `edge` on one branch; an empty `branch` is the default branch."""

    branch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ref:
    """`type=ref`: the name of the branch, the tag or the pull request."""

    event: RefEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """`type=environment`: the deployment environment."""


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


Versioned = Semver | Pep440 | Channel | Match
Kind = Schedule | Versioned | Calver | Describe | Edge | Ref | Environment | Raw | Sha | Timestamp | Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One line of the `tags` input, `number` counts from 1.

    A prefix or suffix of None leaves it to the flavor, an empty one cancels that.
    """

    line: str
    number: int
    kind: Kind
    priority: float
    enable: Template
    prefix: Template | None = None
    suffix: Template | None = None

    @property
    def templates(self) -> tuple[Template, ...]:
        """All texts with expressions in the rule."""
        source = getattr(self.kind, "source", self.kind)
        of_kind = (getattr(self.kind, "pattern", None), getattr(source, "value", None))
        return tuple(t for t in (self.enable, self.prefix, self.suffix, *of_kind) if isinstance(t, Template))
