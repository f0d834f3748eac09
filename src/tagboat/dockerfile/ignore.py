"""Ignore rules: .dockerignore files and the patterns of COPY --exclude (moby/patternmatcher)."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from tagboat.dockerfile.faults import LanguageError
from tagboat.dockerfile.glob import PatternError, match_path, translate
from tagboat.dockerfile.values import WHITE_SPACE
from tagboat.errors import DockerfileError, Location, raise_faults


@dataclass(frozen=True, slots=True, kw_only=True)
class IgnorePattern:
    """One rule: a cleaned pattern, and whether it takes what it matches back in."""

    pattern: str
    negated: bool = False

    @classmethod
    def parse(cls, text: str) -> IgnorePattern:
        """Return the rule of one line, which is not blank; raises `PatternError`."""
        text = text.strip(WHITE_SPACE)
        negated = text.startswith("!")
        pattern = text.removeprefix("!").strip(WHITE_SPACE)
        if not pattern:
            raise PatternError("illegal exclusion pattern: '!' stands alone", "write the pattern after it")
        pattern = posixpath.normpath(pattern)
        if len(pattern) > 1:
            pattern = pattern.lstrip("/")
        translate(pattern)
        return cls(pattern=pattern, negated=negated)

    def __str__(self) -> str:
        return f"{'!' if self.negated else ''}{self.pattern}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Group:
    """Neighbouring rules of one kind as one expression, which matches a path or one of its parents."""

    negated: bool
    expression: re.Pattern[str]
    patterns: tuple[str, ...]


class IgnoreRules:
    """Ordered rules: the last one that matches a path, or a directory above it, decides."""

    def __init__(self, patterns: Iterable[IgnorePattern] = ()) -> None:
        self.patterns = tuple(patterns)
        # From the last to the first, so that the first match decides.
        self._groups = tuple(
            _group(rules, negated=negated) for negated, rules in groupby(reversed(self.patterns), _negated)
        )

    @classmethod
    def parse(cls, text: bytes, name: str) -> IgnoreRules:
        """Return the rules of an ignore file; `name` stands in the location of a fault.

        Raises `DockerfileError`, or `FaultsError` for several malformed lines.
        """
        patterns: list[IgnorePattern] = []
        faults: list[DockerfileError] = []
        lines = text.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape").split("\n")
        for number, line in enumerate(lines, start=1):
            if line.startswith("#") or not line.strip(WHITE_SPACE):
                continue
            try:
                patterns.append(IgnorePattern.parse(line))
            except LanguageError as error:
                shown = line.rstrip("\r").encode("utf-8", "replace").decode()
                faults.append(error.at(Location(file=name, line=number, end_line=number, text=shown)))
        raise_faults(faults)
        return cls(patterns)

    @classmethod
    def of(cls, patterns: Iterable[str]) -> IgnoreRules:
        """Return the rules that these texts spell, blank ones left out; raises `PatternError`."""
        return cls(IgnorePattern.parse(text) for text in patterns if text.strip(WHITE_SPACE))

    def __bool__(self) -> bool:
        return bool(self.patterns)

    def ignored(self, path: str, *, is_directory: bool = False) -> bool:  # noqa: ARG002 - see below
        """Tell whether a path below the root is left out; the root itself (empty or `.`) never is.

        `is_directory` changes nothing: a trailing slash in a rule does not limit it to directories.
        """
        deciding = self._deciding(path)
        return deciding is not None and not self._groups[deciding].negated

    def prunes(self, path: str) -> bool:
        """Tell whether a directory is left out with all below it, so that nobody needs to look inside."""
        deciding = self._deciding(path)
        if deciding is None or self._groups[deciding].negated:
            return False
        later = (group for group in self._groups[:deciding] if group.negated)
        return not any(_may_match_below(pattern, path) for group in later for pattern in group.patterns)

    def _deciding(self, path: str) -> int | None:
        if path in ("", "."):
            return None
        return next((index for index, group in enumerate(self._groups) if group.expression.match(path)), None)


def _negated(pattern: IgnorePattern) -> bool:
    return pattern.negated


def _group(rules: Iterable[IgnorePattern], *, negated: bool) -> _Group:
    patterns = tuple(rule.pattern for rule in rules)
    alternatives = "|".join(_expression(pattern) for pattern in patterns)
    return _Group(negated=negated, expression=re.compile(rf"(?:{alternatives})(?:/|\Z)", re.DOTALL), patterns=patterns)


def _expression(pattern: str) -> str:
    """Translate a rule; one that begins with `**` and a name, and has nothing special after it, matches any ending."""
    literal = pattern.removeprefix("**")
    if literal != pattern and not literal.startswith("/") and not re.search(r"[*?\[\]\\]", literal):
        return ".*" + re.escape(literal)
    return translate(pattern, double_star=True)


def _may_match_below(pattern: str, directory: str) -> bool:
    """Tell whether a pattern may match something in a directory that it does not match; a yes may be wrong."""
    wanted, present = pattern.split("/"), directory.strip("/").split("/")
    for segment, name in zip(wanted, present, strict=False):
        # A class may hold '/', and '**' crosses it: neither can be compared name by name.
        if "**" in segment or "[" in segment:
            return True
        if not _matches(segment, name):
            return False
    return len(wanted) > len(present)


def _matches(segment: str, name: str) -> bool:
    try:
        return match_path(segment, name)
    except PatternError:
        return True
