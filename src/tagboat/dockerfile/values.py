"""The small value forms that flags and options share: booleans, comma-separated fields, suggestions."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Iterable

from tagboat.dockerfile.faults import LanguageError

# What Go's unicode.IsSpace accepts, which is less than Python's str.isspace.
WHITE_SPACE = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"

_TRUE = {"1", "t", "T", "TRUE", "true", "True"}
_FALSE = {"0", "f", "F", "FALSE", "false", "False"}


def parse_bool(name: str, text: str) -> bool:
    """Return the boolean that an option's value spells."""
    if text not in _TRUE | _FALSE:
        raise LanguageError(f"{name}={text} is not true or false", f"write {name}=true or {name}=false")
    return text in _TRUE


def split_fields(text: str) -> list[str]:
    """Return the fields of one line of comma-separated values, which may be quoted."""
    try:
        fields = next(csv.reader([text], strict=True), [])
    except csv.Error as error:
        raise LanguageError(f"{text!r} is not a list of comma-separated values: {error}") from error
    if not fields:
        raise LanguageError("the value is empty", "write options as key=value, separated by commas")
    return fields


def suggestion(word: str, known: Iterable[str], prefix: str = "") -> str:
    """Return a hint that names the nearest known word, or all of them when none is near."""
    words = list(known)
    near = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    if near:
        return f"did you mean {prefix}{near[0]}?"
    return f"known are {', '.join(prefix + each for each in words)}" if words else ""
