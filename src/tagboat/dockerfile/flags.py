"""The flags of an instruction: `--name=value` right after its word."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from tagboat.dockerfile.faults import LanguageError
from tagboat.dockerfile.values import WHITE_SPACE, suggestion


class FlagKind(Enum):
    """What a flag takes."""

    TEXT = auto()
    LIST = auto()
    BOOLEAN = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """The flags that an instruction was given."""

    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return the flag's value, empty when it is not given."""
        return self.values.get(name, ("",))[0]

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the flag's values in order."""
        return self.values.get(name, ())

    def boolean(self, name: str) -> bool | None:
        """Return the flag's value, None when it is not given."""
        return self.text(name) == "true" if name in self.values else None


def split_flags(text: str, escape: str) -> tuple[tuple[str, ...], str]:
    """Return the flags at the start of an instruction's arguments, quotes and escapes removed, and what follows.

    A lone `--` ends the flags and belongs to neither.
    """
    flags: list[str] = []
    rest = text.lstrip(WHITE_SPACE)
    while rest.startswith("--"):
        flag, rest = _cut_word(rest, escape)
        if flag == "--":
            break
        flags.append(flag)
        rest = rest.lstrip(WHITE_SPACE)
    return tuple(flags), rest.strip(WHITE_SPACE)


def read_flags(given: Iterable[str], known: Mapping[str, FlagKind]) -> Flags:
    """Return the flags by name; raises `LanguageError` for an unknown, doubled or malformed one."""
    values: dict[str, tuple[str, ...]] = {}
    for flag in given:
        name, equals, value = flag.removeprefix("--").partition("=")
        if name not in known:
            hint = suggestion(name, known, prefix="--") or "this instruction takes no flags"
            raise LanguageError(f"unknown flag --{name}", hint, fragment=f"--{name}")
        if name in values and known[name] is not FlagKind.LIST:
            raise LanguageError(f"the flag --{name} is given twice", "give it once", fragment=f"--{name}")
        if known[name] is FlagKind.BOOLEAN:
            value = _boolean(name, equals, value)
        elif not equals:
            hint = f"write --{name}=value, with no space around '='"
            raise LanguageError(f"the flag --{name} has no value", hint, fragment=f"--{name}")
        values[name] = (*values.get(name, ()), value)
    return Flags(values=values)


def _boolean(name: str, equals: str, value: str) -> str:
    if equals and value.lower() not in ("true", "false"):
        hint = f"write --{name}, --{name}=true or --{name}=false"
        raise LanguageError(f"--{name}={value} is not true or false", hint, fragment=f"--{name}")
    return value.lower() or "true"


def _cut_word(text: str, escape: str) -> tuple[str, str]:
    """Return the first word without its quotes and escapes, and the text after it."""
    word, quote, position = "", "", 0
    while position < len(text):
        char = text[position]
        if not quote and char in WHITE_SPACE:
            break
        position += 1
        if char == escape:
            word += text[position : position + 1]
            position += 1
        elif char == quote:
            quote = ""
        elif not quote and char in "'\"":
            quote = char
        else:
            word += char
    return word, text[position:]
