"""The pattern operators of variable expansion: `${x#p}`, `${x##p}`, `${x%p}`, `${x%%p}`, `${x/p/r}`, `${x//p/r}`."""

from __future__ import annotations

import re

from tagboat.dockerfile.faults import LanguageError


def remove_prefix(value: str, pattern: str, *, longest: bool) -> str:
    """Return the value without the shortest or longest start that matches."""
    match = _compile(pattern, greedy=longest).match(value)
    return value[match.end() :] if match else value


def remove_suffix(value: str, pattern: str, *, longest: bool) -> str:
    """Return the value without the shortest or longest end that matches."""
    # A search from the left finds the longest end; the shortest one is looked for from the right.
    expression = _compile(pattern, greedy=True)
    starts = range(len(value) + 1) if longest else range(len(value), -1, -1)
    return next((value[:start] for start in starts if expression.fullmatch(value, start)), value)


def replace(value: str, pattern: str, replacement: str, *, everywhere: bool) -> str:
    """Return the value with the first or every longest match replaced, from the left; the replacement is literal."""
    pieces: list[str] = []
    end = 0
    for match in _compile(pattern, greedy=True).finditer(value):
        # Python also finds the empty text right after a match, which is part of that match here.
        if pieces and match.start() == match.end() == end:
            continue
        pieces += [value[end : match.start()], replacement]
        end = match.end()
        if not everywhere:
            break
    return "".join(pieces) + value[end:]


def _compile(pattern: str, *, greedy: bool) -> re.Pattern[str]:
    """Translate `*`, `?` and the escapes of them; `}` and `/` are escaped only to get past the expansion's syntax."""
    expression, position = "", 0
    while position < len(pattern):
        char = pattern[position]
        if char == "\\":
            position += 1
            escaped = pattern[position : position + 1]
            if escaped not in ("*", "?", "\\", "}", "/"):
                raise LanguageError(f"the pattern {pattern!r} escapes {escaped!r}", "only * ? \\ } / are escaped")
            expression += re.escape(escaped)
        else:
            expression += {"*": ".*" if greedy else ".*?", "?": "."}.get(char) or re.escape(char)
        position += 1
    return re.compile(expression)
