"""The shapes of an instruction's arguments: words, quoted words, names with values, JSON arrays, one text."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import NoReturn

from tagboat.dockerfile.faults import LanguageError
from tagboat.dockerfile.values import WHITE_SPACE

_BLANKS = re.compile(r"[\t\v\f\r ]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """The arguments in order; `json` tells that they were a JSON array."""

    words: tuple[str, ...] = ()
    json: bool = False


def split_blanks(text: str) -> Arguments:
    """Split at white space only: neither quotes nor escapes mean anything."""
    return Arguments(words=tuple(_BLANKS.split(text)) if text else ())


def whole_text(text: str) -> Arguments:
    """Take the whole text as one argument, or none when it is empty."""
    return Arguments(words=(text,) if text else ())


def json_or_text(text: str) -> Arguments:
    """Read a JSON array of strings, else take the text as one argument.

    Raises `LanguageError` for an array that holds anything but strings.
    """
    return _json_array(text) or whole_text(text)


def json_or_blanks(text: str) -> Arguments:
    """Read a JSON array of strings, else split at white space; raises as `json_or_text`."""
    return _json_array(text) or split_blanks(text)


def typed_json_or_text(text: str) -> Arguments:
    """Take the first word, then what follows it as `json_or_text` does."""
    first = re.split(f"[{WHITE_SPACE}]", text, maxsplit=1)
    rest = json_or_text(text[len(first[0]) :].lstrip(WHITE_SPACE))
    return Arguments(words=(first[0], *rest.words), json=rest.json) if first[0] else Arguments()


def split_quoted(text: str, escape: str) -> Arguments:
    """Split at white space outside quotes; quotes and escapes stay in the words."""
    words, word, quote, position = [], "", "", 0
    while position < len(text):
        char = text[position]
        position += 1
        if not quote and char in WHITE_SPACE:
            words.append(word)
            word = ""
            continue
        if char == escape and quote != "'":
            # An escape at the very end is dropped; it escapes nothing.
            char = text[position - 1 : position + 1] if position < len(text) else ""
            position += 1
        elif char == quote:
            quote = ""
        elif not quote and char in "'\"":
            quote = char
        word += char
    return Arguments(words=tuple(each for each in (*words, word) if each))


def names_and_values(text: str, escape: str) -> Arguments:
    """Read `NAME=value…` or the older `NAME rest of the line`, as triples: name, value, `=` or nothing.

    Raises `LanguageError` for a name without a value.
    """
    words = split_quoted(text, escape).words
    if words and "=" not in words[0]:
        name, *value = _BLANKS.split(text, maxsplit=1)
        if not value:
            raise LanguageError(f"{name} has no value", f"write {name}=value", fragment=name)
        return Arguments(words=(name, value[0], ""))
    for word in words:
        if "=" not in word:
            problem = f"{word} is not of the form NAME=value, in {text}"
            raise LanguageError(problem, "quote a value that holds spaces", fragment=word)
    return Arguments(words=tuple(part for word in words for part in (*word.partition("=")[::2], "=")))


def _json_array(text: str) -> Arguments | None:
    text = text.strip(WHITE_SPACE)
    if not text.startswith("["):
        return None
    try:
        # What Go's decoder refuses is not JSON here either; the numbers' values do not matter.
        value = json.loads(text, parse_constant=_refuse, parse_int=len, parse_float=len)
    except (ValueError, RecursionError):
        return None
    if not all(isinstance(item, str) for item in value):
        raise LanguageError("a JSON array of arguments must be comprised of strings only", "quote each argument")
    return Arguments(words=tuple(_without_surrogates(item) for item in value), json=True)


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _without_surrogates(text: str) -> str:
    """Replace halves of surrogate pairs, which no file can hold, as Go's decoder does."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
