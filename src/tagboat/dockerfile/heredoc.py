"""Heredocs: the words that open them, and their text."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tagboat.dockerfile.faults import LanguageError
from tagboat.dockerfile.values import WHITE_SPACE

_SPACE = f"[{WHITE_SPACE}]"
_PART = rf"""'[^']*'|"(?:\\.|[^"\\])*"|\\.|<<-?{_SPACE}*|[^{WHITE_SPACE}'"\\]"""
_WORDS = re.compile(rf"{_SPACE}*((?:{_PART})+)", re.DOTALL)
_OPENING = re.compile(rf"([0-9]*)<<(-?){_SPACE}*([^<]*)", re.DOTALL)
_NAME_PART = re.compile(r"""'([^']*)'|"((?:\\.|[^"\\])*)"|\\(.)|([^'"\\])""", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Heredoc:
    """One heredoc of RUN, COPY or ADD.

    `content` is the body as written, line ends included; `text` is what a file made of it holds. `expand` is false
    when any part of the word was quoted; `chomp` is true for `<<-`. `descriptor` is the number before `<<`, 0 without.
    """

    name: str
    content: str = ""
    expand: bool = True
    chomp: bool = False
    descriptor: int = 0

    @classmethod
    def parse(cls, word: str) -> Heredoc | None:
        """Return the heredoc that a word opens, still without content; None when the word opens none.

        Raises `LanguageError` when the quotes of its name do not match.
        """
        opening = _OPENING.fullmatch(word)
        if not opening:
            return None
        digits, dash, rest = opening.groups()
        name, expand = _unquote(rest)
        if not name:
            return None
        return cls(name=name, expand=expand, chomp=dash == "-", descriptor=int(digits or "0"))

    @property
    def text(self) -> str:
        """The body, without the leading tabs of each line when `<<-` asked for that."""
        return re.sub(r"(?m)^\t+", "", self.content) if self.chomp else self.content


def find_heredocs(line: str) -> list[Heredoc]:
    """Return the heredocs that the words of a line open, in order; none when the line's quotes do not match."""
    words, position = [], 0
    while match := _WORDS.match(line, position):
        words.append(match[1])
        position = match.end()
    if line[position:].strip(WHITE_SPACE + "\\"):
        return []
    return [heredoc for word in words if (heredoc := Heredoc.parse(word))]


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What a shell is given to run; `file`, when there is one, is to lie executable under `/dev/pipes/` by its name."""

    text: str
    file: Heredoc | None = None


def shell_script(text: str, heredocs: Sequence[Heredoc]) -> Script:
    """Return what RUN in shell form runs: its text, with the heredocs that its words open.

    A heredoc that is the whole command is itself the script, or a program when it starts with `#!`; with anything
    around it the shell reads the heredocs itself.
    """
    if not heredocs or not Heredoc.parse(text):
        return Script(text=text + "".join(f"\n{heredoc.content}{heredoc.name}" for heredoc in heredocs))
    if heredocs[0].text.startswith("#!"):
        return Script(text=f"/dev/pipes/{heredocs[0].name}", file=heredocs[0])
    return Script(text=heredocs[0].text)


def _unquote(word: str) -> tuple[str, bool]:
    """Return the word without quotes and escapes, empty when it is more than one word, and whether it had no quotes."""
    name, expand, position = "", True, 0
    while part := _NAME_PART.match(word, position):
        position = part.end()
        single, double, escaped, plain = part.groups()
        if plain and plain in WHITE_SPACE and word[position:].strip(WHITE_SPACE):
            return "", expand
        if single is not None or double is not None:
            expand = False
        unescaped = re.sub(r'\\(["$\\])', r"\1", double) if double is not None else ""
        name += (single or "") + unescaped + (escaped or "") + (plain or "").strip(WHITE_SPACE)
    if word[position:].strip("\\"):
        raise LanguageError(f"the quotes of the heredoc word <<{word} do not match", "close the quote")
    return name, expand
