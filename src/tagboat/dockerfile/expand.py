"""Variable expansion and word splitting, with quotes and escapes as a Dockerfile understands them.

The operators are those of the shell (POSIX.1-2017 XCU 2.6.2) that the Dockerfile reference names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tagboat.dockerfile import substitution
from tagboat.dockerfile.faults import LanguageError
from tagboat.dockerfile.values import WHITE_SPACE

Environment = Mapping[str, str | None] | Callable[[str], str | None]

_SPECIAL_PARAMETERS = "@*#?-$!0"


class ExpansionError(LanguageError):
    """A word cannot be expanded: unbalanced quotes, a bad substitution, or a variable that must be set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expansion:
    """What became of a text: expanded as one word and as words, and the variables met, set or not."""

    text: str
    words: tuple[str, ...]
    used: frozenset[str]
    unset: frozenset[str]


def expand_fully(text: str, environment: Environment, escape: str = "\\", *, quotes: bool = True) -> Expansion:
    """Expand a text; the environment gives a variable's value, None where it is not set.

    White space that comes from a variable outside quotes separates `words`, but stays in `text`. Without `quotes`
    the quote characters mean nothing. Raises `ExpansionError`.
    """
    scanner = _Scanner(text, environment, escape, quotes=quotes)
    try:
        expanded, words = scanner.scan_until("")
    except LanguageError as error:
        raise ExpansionError(f"{error.problem}, in {text}", error.hint) from error
    except RecursionError as error:
        raise ExpansionError("variables are nested too deeply", "split the text with further ARG lines") from error
    return Expansion(text=expanded, words=tuple(words), used=frozenset(scanner.used), unset=frozenset(scanner.unset))


def expand(word: str, environment: Environment, escape: str = "\\") -> str:
    """Return the word expanded, quotes removed; raises `ExpansionError`."""
    return expand_fully(word, environment, escape).text


def expand_words(text: str, environment: Environment, escape: str = "\\") -> list[str]:
    """Return the words of the text, split after expansion; raises `ExpansionError`."""
    return list(expand_fully(text, environment, escape).words)


def expand_heredoc(body: str, environment: Environment) -> str:
    """Return a heredoc's body expanded: the backslash always escapes, quotes stay; raises `ExpansionError`."""
    return expand_fully(body, environment, quotes=False).text


@dataclass(slots=True)
class _Words:
    """Words in the making: white space that is not protected ends one."""

    done: list[str] = field(default_factory=list)
    current: str = ""

    def add(self, text: str, *, protected: bool) -> None:
        if protected:
            self.current += text
            return
        for char in text:
            if char in WHITE_SPACE:
                self.finish()
            else:
                self.current += char

    def finish(self) -> None:
        if self.current:
            self.done.append(self.current)
            self.current = ""


class _Scanner:
    """One pass over one text."""

    def __init__(self, text: str, environment: Environment, escape: str, *, quotes: bool) -> None:
        self._text = text
        self._position = 0
        self._lookup = environment.get if isinstance(environment, Mapping) else environment
        self._escape = escape
        self._quotes = quotes
        self.used: set[str] = set()
        self.unset: set[str] = set()

    def scan_until(self, stop: str, *, raw_escapes: bool = False) -> tuple[str, list[str]]:
        """Scan up to the character `stop` and past it, or to the end where `stop` is empty.

        With `raw_escapes` escapes stay in the text, for the patterns of `substitution`.
        """
        pieces: list[str] = []
        words = _Words()
        while (char := self._peek()) and char != stop:
            piece, protected = self._piece(char, raw_escapes=raw_escapes)
            pieces.append(piece)
            words.add(piece, protected=protected)
        if stop and not self._next():
            raise ExpansionError(f"{stop!r} is missing")
        words.finish()
        return "".join(pieces), words.done

    def _peek(self) -> str:
        return self._text[self._position : self._position + 1]

    def _next(self) -> str:
        char = self._peek()
        self._position += len(char)
        return char

    def _piece(self, char: str, *, raw_escapes: bool) -> tuple[str, bool]:
        """Scan a variable, a quoted part, an escape or a character, and tell whether it is protected from splitting."""
        if char == "$":
            return self._variable(), False
        if self._quotes and char == "'":
            return self._single_quoted(), True
        if self._quotes and char == '"':
            return self._double_quoted(raw_escapes=raw_escapes), True
        self._next()
        if char == self._escape:
            return (char if raw_escapes else "") + self._next(), True
        return char, False

    def _single_quoted(self) -> str:
        start = self._position + 1
        end = self._text.find("'", start)
        if end < 0:
            raise ExpansionError("a single quote has no partner", "close the quote, or escape it")
        self._position = end + 1
        return self._text[start:end]

    def _double_quoted(self, *, raw_escapes: bool) -> str:
        pieces: list[str] = []
        self._next()
        while (char := self._peek()) != '"':
            if not char:
                raise ExpansionError("a double quote has no partner", "close the quote, or escape it")
            pieces.append(self._variable() if char == "$" else self._double_quoted_character(raw_escapes=raw_escapes))
        self._next()
        return "".join(pieces)

    def _double_quoted_character(self, *, raw_escapes: bool) -> str:
        char = self._next()
        if char != self._escape:
            return char
        if self._peek() in ('"', "$", self._escape):
            return (char if raw_escapes else "") + self._next()
        return char if self._peek() else ""

    def _variable(self) -> str:
        self._next()
        if self._peek() != "{":
            name = self._name()
            return (self._value(name) or "") if name else "$"
        self._next()
        if self._peek() in ("{", "}", ":"):
            raise ExpansionError("bad substitution: '${' without a variable name", "write ${NAME}")
        return self._braced(self._name())

    def _name(self) -> str:
        """Scan a name: letters, digits and `_`, or one number, or one special parameter."""
        start = self._position
        first = self._peek()
        if first.isdecimal():
            while self._peek().isdecimal():
                self._next()
        elif first and first in _SPECIAL_PARAMETERS:
            self._next()
        else:
            while self._peek().isalpha() or self._peek().isdecimal() or self._peek() == "_":
                self._next()
        return self._text[start : self._position]

    def _value(self, name: str) -> str | None:
        value = self._lookup(name)
        (self.unset if value is None else self.used).add(name)
        return value

    def _braced(self, name: str) -> str:
        """Scan what follows the name in `${name`, and return the value that comes of it."""
        operator = self._next()
        if not operator:
            raise ExpansionError("'}' is missing")
        if operator == "}":
            return self._value(name) or ""
        if operator in "#%":
            return self._trimmed(name, operator)
        if operator == "/":
            return self._replaced(name)
        empty_is_unset = operator == ":"
        condition = self._next() if empty_is_unset else operator
        if condition and condition in "-+?":
            return self._conditional(name, condition, empty_is_unset=empty_is_unset)
        modifier = operator + condition if empty_is_unset else operator
        raise ExpansionError(f"unsupported modifier {modifier!r} after ${{{name}", "known are :- :+ :? - + ? # % and /")

    def _conditional(self, name: str, operator: str, *, empty_is_unset: bool) -> str:
        word, _ = self.scan_until("}")
        value = self._value(name)
        usable = value is not None and not (empty_is_unset and not value)
        if operator == "+":
            return word if usable else ""
        if usable:
            return value or ""
        if operator == "-":
            return word
        reason = word or f"is not allowed to be {'unset' if value is None else 'empty'}"
        raise ExpansionError(f"{name}: {reason}", f"give {name} a value, with ARG, ENV or --build-args")

    def _trimmed(self, name: str, operator: str) -> str:
        pattern, _ = self.scan_until("}", raw_escapes=True)
        value = self._value(name) or ""
        longest = pattern.startswith(operator)
        remove = substitution.remove_prefix if operator == "#" else substitution.remove_suffix
        return remove(value, pattern.removeprefix(operator), longest=longest)

    def _replaced(self, name: str) -> str:
        everywhere = self._peek() == "/"
        if everywhere:
            self._next()
        pattern, _ = self.scan_until("/", raw_escapes=True)
        replacement, _ = self.scan_until("}", raw_escapes=True)
        return substitution.replace(self._value(name) or "", pattern, replacement, everywhere=everywhere)
