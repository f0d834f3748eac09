"""Path patterns: Go's filepath.Match, and the `**` that ignore files add to it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from tagboat.dockerfile.faults import LanguageError


class PatternError(LanguageError):
    """A path pattern is malformed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PathPattern:
    r"""A pattern of filepath.Match: `*` and `?` stop at `/`, `[a-z]` and `[^a-z]` are classes, `\` escapes."""

    text: str
    expression: re.Pattern[str]

    @classmethod
    def parse(cls, text: str) -> PathPattern:
        """Return the pattern; raises `PatternError`."""
        return cls(text=text, expression=re.compile(translate(text), re.DOTALL))

    def matches(self, path: str) -> bool:
        """Tell whether the pattern matches the whole path."""
        return self.expression.fullmatch(path) is not None


@lru_cache(maxsize=256)
def _parsed(pattern: str) -> PathPattern:
    return PathPattern.parse(pattern)


def match_path(pattern: str, path: str) -> bool:
    """Tell whether a pattern of filepath.Match matches the whole path; raises `PatternError`."""
    return _parsed(pattern).matches(path)


def has_wildcard(text: str) -> bool:
    """Tell whether the text is a pattern, and not only the name of one path."""
    return any(char in text for char in "*?[\\")


def translate(pattern: str, *, double_star: bool = False) -> str:
    """Return the regular expression of a pattern, to be used with DOTALL; raises `PatternError`.

    With `double_star`, `**` crosses `/` and `**/` also matches no directory at all.
    """
    pieces, position = [], 0
    while position < len(pattern):
        char = pattern[position]
        if double_star and pattern.startswith("**", position):
            piece, position = _double_star(pattern, position + 2)
        elif char == "[":
            piece, position = _class(pattern, position + 1)
        elif char == "\\":
            literal, position = _literal(pattern, position)
            piece = re.escape(literal)
        else:
            piece = {"*": "[^/]*", "?": "[^/]"}.get(char) or re.escape(char)
            position += 1
        pieces.append(piece)
    return "".join(pieces)


def _double_star(pattern: str, position: int) -> tuple[str, int]:
    if pattern.startswith("/", position):
        position += 1
    return ("(?:.*/)?" if position < len(pattern) else ".*"), position


def _class(pattern: str, position: int) -> tuple[str, int]:
    """Translate a character class from behind its `[`; return it and the position behind its `]`."""
    negated = pattern.startswith("^", position)
    position += negated
    ranges = ""
    while not (ranges and pattern.startswith("]", position)):
        low, position = _class_member(pattern, position)
        high = low
        if pattern.startswith("-", position):
            high, position = _class_member(pattern, position + 1)
        # A range that runs backwards holds nothing, but counts as written.
        ranges += f"{re.escape(low)}-{re.escape(high)}" if low <= high else _NOTHING
    ranges = ranges.replace(_NOTHING, "")
    if not ranges:
        return ("." if negated else "(?!)"), position + 1
    return f"[{'^' if negated else ''}{ranges}]", position + 1


_NOTHING = "\0"


def _class_member(pattern: str, position: int) -> tuple[str, int]:
    if position >= len(pattern) or pattern[position] in "-]":
        raise _malformed(pattern)
    literal, position = _literal(pattern, position)
    if position >= len(pattern):
        raise _malformed(pattern)
    return literal, position


def _literal(pattern: str, position: int) -> tuple[str, int]:
    """Return the character at the position, or the one that is escaped there, and the position behind it."""
    if pattern[position] == "\\":
        position += 1
        if position >= len(pattern):
            raise _malformed(pattern)
    return pattern[position], position + 1


def _malformed(pattern: str) -> PatternError:
    hint = "close each [ with ], put nothing but characters and ranges in it, and escape with \\"
    return PatternError(f"the pattern {pattern!r} is malformed", hint)
