"""JavaScript regular expressions, as `match` rules write them, run by Python's engine."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass

from tagboat.errors import InputError

_SLASHED = re.compile(r"/(?P<source>.+)/(?P<flags>.*)", re.DOTALL)
_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL, "g": 0, "y": 0, "u": 0, "v": 0, "d": 0}
# What the two dialects spell differently; other escapes and classes are matched to be kept.
_DIALECT = re.compile(
    r"(?P<group>\(\?<(?![=!]))|\\k<(?P<name>\w+)>|(?P<empty>\[\^?\])|(?P<kept>\\.|\[(?:\\.|[^\]\\])*\])|(?P<end>\$)",
    re.DOTALL,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Regex:
    """A regular expression with JavaScript's meaning; `every` (flag g) finds all matches, `sticky` (y) only at 0."""

    compiled: re.Pattern[str]
    every: bool = False
    sticky: bool = False

    @classmethod
    def parse(cls, text: str) -> Regex:
        """Read `/source/flags` or a bare source; raises `InputError`."""
        slashed = _SLASHED.fullmatch(text)
        return cls.compile(slashed["source"], slashed["flags"]) if slashed else cls.compile(text)

    @classmethod
    def compile(cls, source: str, flags: str = "") -> Regex:
        """Compile a source without slashes; raises `InputError`."""
        if unknown := [flag for flag in flags if flag not in _FLAGS or flags.count(flag) > 1]:
            raise InputError(f"{unknown[0]!r} is no flag of a regular expression, or stands twice", "use g, i, m or s")
        options = sum((_FLAGS[flag] for flag in flags), start=int(re.ASCII))
        end = "$" if "m" in flags else r"\Z"
        translated = _DIALECT.sub(lambda found: _translate(found, end), source)
        try:
            # `[[` may mean something else one day; in JavaScript it does not
            with warnings.catch_warnings(action="ignore", category=FutureWarning):
                compiled = re.compile(translated, options)
        except (re.error, OverflowError) as error:
            problem = f"{source!r} is not a regular expression: {error}"
            raise InputError(problem, "mend the pattern; quote the attribute when it holds a comma") from error
        return cls(compiled=compiled, every="g" in flags, sticky="y" in flags)

    def groups(self, text: str) -> tuple[str | None, ...]:
        """Return the match and its groups, with flag g every match instead; empty when nothing matches."""
        if self.every:
            return tuple(found[0] for found in self.compiled.finditer(text))
        found = self.compiled.match(text) if self.sticky else self.compiled.search(text)
        return (found[0], *found.groups()) if found else ()


def _translate(found: re.Match[str], end: str) -> str:
    if found["group"]:
        return "(?P<"
    if found["name"]:
        return f"(?P={found['name']})"
    if found["empty"]:
        return "(?!)" if found["empty"] == "[]" else r"[\s\S]"
    return end if found["end"] else found[0]
