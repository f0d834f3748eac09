"""GitHub's expressions, `${{ … }}`: read and evaluated as far as a workflow's inputs use them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from tagboat.errors import InputError

Value = Any  # None, bool, float, str, list or dict, as in JSON
_EXPRESSION = re.compile(r"\$\{\{((?:'(?:[^']|'')*'|[^'])*?)\}\}", re.DOTALL)
_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>0x[0-9a-fA-F]+|-?\d+(?:\.\d+)?)|(?P<name>[A-Za-z_][\w-]*)"
    r"|(?P<sign>\|\||&&|[=!<>]=|[!<>()\[\].,*]))"
)
_WORDS: Mapping[str, Value] = {"true": True, "false": False, "null": None}


class Names(Protocol):
    """What the names of an expression stand for."""

    def look_up(self, path: tuple[str, ...]) -> Value:
        """Return the value of a path such as `github`, `event`, `number`; None where GitHub has none."""


def render(text: str, names: Names) -> str:
    """Return a text with its expressions evaluated; raises `InputError` for one that is not understood."""
    return _EXPRESSION.sub(lambda found: as_text(evaluate(found[1], names)), text)


def evaluate(expression: str, names: Names) -> Value:
    """Return the value of an expression without its braces; raises `InputError` when it is not understood."""
    parser = _Parser(tokens=_tokens(expression), names=names, source=expression.strip())
    value = parser.either()
    parser.expect("")
    return value


def whole_expression(text: str) -> str:
    """Return the expression that a text consists of, without its braces; empty when it is anything else."""
    found = _EXPRESSION.fullmatch(text.strip())
    return found[1].strip() if found else ""


def as_text(value: Value) -> str:
    """Return a value as GitHub writes it into a text."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case int() | float():
            return str(int(value)) if float(value).is_integer() else str(value)
        case str():
            return value
        case _:
            return "Array" if isinstance(value, list) else "Object"


def is_true(value: Value) -> bool:
    """Tell whether a value counts as true."""
    return bool(value) and not (isinstance(value, float) and math.isnan(value))


def _tokens(source: str) -> list[tuple[str, str]]:
    tokens, position = [], 0
    while source[position:].strip():
        found = _TOKEN.match(source, position)
        if not found:
            raise InputError(f"the expression {source.strip()!r} is not understood", "")
        tokens.append((found.lastgroup or "", found[found.lastgroup or 0]))
        position = found.end()
    return tokens


@dataclass(slots=True, kw_only=True)
class _Parser:
    """A reader of tokens that evaluates as it goes, both sides of `&&` and `||` too: nothing has an effect."""

    tokens: list[tuple[str, str]]
    names: Names
    source: str
    at: int = 0

    def either(self) -> Value:
        value = self._both()
        while self._take("||"):
            other = self._both()
            value = value if is_true(value) else other
        return value

    def _both(self) -> Value:
        value = self._compared()
        while self._take("&&"):
            other = self._compared()
            value = other if is_true(value) else value
        return value

    def _compared(self) -> Value:
        value = self._negated()
        while sign := next((sign for sign in ("==", "!=", "<=", ">=", "<", ">") if self._take(sign)), ""):
            value = _compare(sign, value, self._negated())
        return value

    def _negated(self) -> Value:
        return not is_true(self._negated()) if self._take("!") else self._operand()

    def _operand(self) -> Value:
        kind, text = self._next()
        if text == "(":
            value = self.either()
            self.expect(")")
            return self._parts_of(value)
        match kind:
            case "text":
                return text[1:-1].replace("''", "'")
            case "number":
                return float(int(text, 16)) if text.startswith("0x") else float(text)
            case "name" if text.lower() in _WORDS:
                return _WORDS[text.lower()]
            case "name" if self._take("("):
                return self._parts_of(self._call(text.lower()))
            case "name":
                return self._parts_of(None, (text.lower(),))
            case _:
                raise self._fault()

    def _call(self, name: str) -> Value:
        arguments: list[Value] = []
        while not self._take(")"):
            if arguments:
                self.expect(",")
            arguments.append(self.either())
        if name not in _FUNCTIONS:
            raise InputError(f"the expression {self.source!r} calls {name}, which is not known", "")
        try:
            return _FUNCTIONS[name](*arguments)
        except (TypeError, ValueError, IndexError) as error:
            raise InputError(f"the expression {self.source!r} calls {name} with what it does not take", "") from error

    def _parts_of(self, value: Value, path: tuple[str, ...] = ()) -> Value:
        """Return what `.key`, `['key']` and `.*` behind an operand lead to; a path is looked up once it is whole."""
        while True:
            if self._take("."):
                key: Value = "*" if self._take("*") else self._next()[1]
            elif self._take("["):
                key = "*" if self._take("*") else self.either()
                self.expect("]")
            else:
                return self.names.look_up(path) if path else value
            if path and isinstance(key, str) and key != "*":
                path = (*path, key)
                continue
            value = _part(self.names.look_up(path) if path else value, key)
            path = ()

    def expect(self, sign: str) -> None:
        if self._peek() != sign:
            raise self._fault()
        self.at += 1

    def _peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def _next(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise self._fault()
        self.at += 1
        return self.tokens[self.at - 1]

    def _take(self, sign: str) -> bool:
        taken = self.at < len(self.tokens) and self.tokens[self.at] == ("sign", sign)
        self.at += taken
        return taken

    def _fault(self) -> InputError:
        return InputError(f"the expression {self.source!r} is not understood", "")


def _part(value: Value, key: Value) -> Value:
    match value, key:
        case dict(), "*":
            return list(value.values())
        case list(), "*":
            return value
        case dict(), str():
            return next((part for name, part in value.items() if name.lower() == key.lower()), None)
        case list(), float():
            return value[int(key)] if 0 <= key < len(value) else None
        case list(), str():  # behind `.*` a key is taken of each item
            return [_part(item, key) for item in value]
        case _:
            return None


def _compare(sign: str, left: Value, right: Value) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        left, right = left.lower(), right.lower()
    elif type(left) is not type(right):
        left, right = _number(left), _number(right)
    elif isinstance(left, list | dict):
        return (sign == "==") == (left is right)
    match sign:
        case "==":
            return bool(left == right)
        case "!=":
            return bool(left != right)
        case "<":
            return bool(left < right)
        case ">":
            return bool(left > right)
        case "<=":
            return bool(left <= right)
        case _:
            return bool(left >= right)


def _number(value: Value) -> float:
    try:
        return float(value or 0)
    except (TypeError, ValueError):
        return math.nan


def _contains(where: Value, what: Value) -> bool:
    if isinstance(where, list):
        return any(_compare("==", item, what) for item in where)
    return as_text(what).lower() in as_text(where).lower()


def _format(pattern: Value, *values: Value) -> str:
    return re.sub(
        r"\{\{|\}\}|\{(\d+)\}",
        lambda found: as_text(values[int(found[1])]) if found[1] else found[0][0],
        as_text(pattern),
    )


def _join(items: Value, separator: Value = ",") -> str:
    return as_text(separator).join(map(as_text, items)) if isinstance(items, list) else as_text(items)


def _with_floats(document: Value) -> Value:
    """Return JSON data with whole numbers as floats: expressions know one kind of number."""
    match document:
        case bool() | None | str():
            return document
        case int():
            return float(document)
        case list():
            return [_with_floats(item) for item in document]
        case dict():
            return {key: _with_floats(item) for key, item in document.items()}
        case _:
            return document


_FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "contains": _contains,
    "startswith": lambda text, start: as_text(text).lower().startswith(as_text(start).lower()),
    "endswith": lambda text, end: as_text(text).lower().endswith(as_text(end).lower()),
    "format": _format,
    "join": _join,
    "tojson": lambda value: json.dumps(value, indent=2),
    "fromjson": lambda text: _with_floats(json.loads(as_text(text))),
    "hashfiles": lambda *_: "0" * 64,
    "success": lambda: True,
    "always": lambda: True,
    "failure": lambda: False,
    "cancelled": lambda: False,
}


def names_used(text: str) -> Sequence[str]:
    """Return the expressions of a text, without their braces."""
    return [found[1].strip() for found in _EXPRESSION.finditer(text)]
