"""The lines of a Dockerfile: bytes to instructions that are split into word, flags, arguments and heredocs."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from tagboat.dockerfile.arguments import json_or_text
from tagboat.dockerfile.directives import DirectiveReader, Directives, find_syntax, is_own_frontend
from tagboat.dockerfile.faults import LanguageError
from tagboat.dockerfile.flags import split_flags
from tagboat.dockerfile.heredoc import Heredoc, find_heredocs
from tagboat.dockerfile.values import WHITE_SPACE
from tagboat.errors import DockerfileError, Location

MAXIMUM_LINE_BYTES = 65535

_BLANKS = re.compile(r"[\t\v\f\r ]+")
_HEREDOC_KEYWORDS = ("RUN", "COPY", "ADD")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogicalLine:
    """One instruction: `keyword` is in capitals, `lines` are its physical lines without their ends.

    `original` is the text with continuations joined, heredoc bodies left out; `comments` stand right above it.
    """

    keyword: str
    flags: tuple[str, ...]
    arguments: str
    original: str
    location: Location
    lines: tuple[str, ...]
    comments: tuple[str, ...] = ()
    heredocs: tuple[Heredoc, ...] = ()

    def place(self, fragment: str = "") -> Location:
        """Return where the fragment stands in this instruction, or where the instruction starts.

        A whole word is preferred to the start of one, and that to any other part.
        """
        escaped = re.escape(fragment)
        for form in (rf"(?<!\S){escaped}(?!\S)", rf"(?<!\S){escaped}", escaped) if fragment else ():
            for number, line in enumerate(self.lines, start=self.location.line):
                if match := re.search(form, line):
                    return replace(self.location, line=number, column=match.start() + 1, text=line)
        return self.location


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexed:
    """What a file consists of, and what is wrong with its lines."""

    directives: Directives
    lines: tuple[LogicalLine, ...]
    faults: tuple[DockerfileError, ...]


def lex(text: bytes, name: str) -> Lexed:
    """Split a Dockerfile into its instructions; `name` is the file's name for locations."""
    try:
        decoded = text.removeprefix(b"\xef\xbb\xbf").decode()
    except UnicodeDecodeError as error:
        place = Location(file=name, line=text.count(b"\n", 0, error.start) + 1)
        fault = DockerfileError("the file is not UTF-8 text", "save it as UTF-8", location=place)
        return Lexed(directives=Directives(), lines=(), faults=(fault,))
    return _Lexer(decoded, name).lex()


def split_instruction(text: str, escape: str) -> tuple[str, tuple[str, ...], str]:
    """Return an instruction's keyword in capitals, its flags and its arguments."""
    keyword, *rest = _BLANKS.split(text.strip(WHITE_SPACE), maxsplit=1)
    flags, arguments = split_flags(rest[0] if rest else "", escape)
    # Only ASCII has capitals here: a long s is not an S.
    return keyword.upper() if keyword.isascii() else keyword, flags, arguments


class _Lexer:
    def __init__(self, text: str, name: str) -> None:
        self._name = name
        self._lines = text.split("\n")
        if not self._lines[-1]:
            self._lines.pop()
        self._next = 0  # index of the line to read next
        self._reader = DirectiveReader()
        self._continuation = _continuation("\\")
        self._comments: list[str] = []
        self._faults: list[DockerfileError] = []

    def lex(self) -> Lexed:
        self._check_lines()
        self._check_frontend()
        lines: list[LogicalLine] = []
        while self._next < len(self._lines):
            if line := self._logical_line():
                lines.append(line)
        if not lines and not self._faults:
            self._fault("the file has no instructions", "start it with FROM", len(self._lines))
        return Lexed(directives=self._reader.directives(), lines=tuple(lines), faults=tuple(self._faults))

    def _fault(self, problem: str, hint: str, line: int, end_line: int = 0) -> None:
        text = self._lines[line - 1].rstrip("\r") if 0 < line <= len(self._lines) else ""
        if len(text) > MAXIMUM_LINE_BYTES:
            text = ""
        location = Location(file=self._name, line=max(line, 1), end_line=end_line or max(line, 1), text=text)
        self._faults.append(DockerfileError(problem, hint, location=location))

    def _check_lines(self) -> None:
        for number, line in enumerate(self._lines, start=1):
            if len(line) * 4 > MAXIMUM_LINE_BYTES and len(line.encode()) > MAXIMUM_LINE_BYTES:
                problem = f"the line is longer than {MAXIMUM_LINE_BYTES} bytes"
                self._fault(problem, "continue it on a further line, or keep the data in a file", number)

    def _check_frontend(self) -> None:
        syntax, number = find_syntax([line.rstrip("\r") for line in self._lines])
        if syntax and not is_own_frontend(syntax):
            problem = f"the file asks for the frontend {syntax}, and external frontends are not run"
            self._fault(problem, "use # syntax=docker/dockerfile:1, or `builder: buildkit`", number)

    def _read(self) -> str:
        """Return the next physical line without its end."""
        self._next += 1
        return self._lines[self._next - 1].rstrip("\r")

    def _logical_line(self) -> LogicalLine | None:
        """Read one instruction, or the comment or empty line that stands in its place."""
        start = self._next
        line = self._read()
        if self._is_directive(line):
            return None
        stripped = line.lstrip(WHITE_SPACE)
        if not stripped or stripped.startswith("#"):
            self._note_comment(stripped)
            return None
        text = self._continued(stripped)
        if not text.strip(WHITE_SPACE):
            return None
        return self._instruction(text, start)

    def _is_directive(self, line: str) -> bool:
        try:
            found = self._reader.read(line.lstrip(WHITE_SPACE))
        except LanguageError as error:
            self._fault(error.problem, error.hint, self._next)
            return True
        if found:
            self._continuation = _continuation(self._reader.directives().escape)
        return found

    def _note_comment(self, line: str) -> None:
        comment = line.removeprefix("#").strip(WHITE_SPACE)
        if comment:
            self._comments.append(comment)
        else:
            self._comments.clear()

    def _continued(self, line: str) -> str:
        """Return the line joined with those that continue it; comments and empty lines between them are left out."""
        text, goes_on = self._cut_continuation(line)
        while goes_on and self._next < len(self._lines):
            line = self._read()
            stripped = line.lstrip(WHITE_SPACE)
            if not stripped or stripped.startswith("#"):
                continue
            piece, goes_on = self._cut_continuation(line)
            text += piece
        return text

    def _cut_continuation(self, line: str) -> tuple[str, bool]:
        match = self._continuation.search(line)
        return (line[: match.start()], True) if match else (line, False)

    def _instruction(self, text: str, start: int) -> LogicalLine:
        escape = self._reader.directives().escape
        keyword, flags, arguments = split_instruction(text, escape)
        head = self._lines[start : self._next]
        heredocs = self._heredocs(text, start) if _may_hold_heredocs(keyword, arguments, escape) else ()
        location = Location(file=self._name, line=start + 1, end_line=self._next, text=head[0].rstrip("\r"))
        line = LogicalLine(
            keyword=keyword,
            flags=flags,
            arguments=arguments,
            original=text.strip(WHITE_SPACE),
            location=location,
            lines=tuple(each.rstrip("\r") for each in head),
            comments=tuple(self._comments),
            heredocs=heredocs,
        )
        self._comments.clear()
        return line

    def _heredocs(self, text: str, start: int) -> tuple[Heredoc, ...]:
        try:
            opened = find_heredocs(text)
        except LanguageError as error:
            self._fault(error.problem, error.hint, start + 1)
            return ()
        return tuple(self._body(heredoc, start) for heredoc in opened)

    def _body(self, heredoc: Heredoc, start: int) -> Heredoc:
        first = self._next
        while self._next < len(self._lines):
            line = self._read()
            if (line.lstrip("\t") if heredoc.chomp else line) == heredoc.name:
                body = self._lines[first : self._next - 1]
                return replace(heredoc, content="".join(each + "\n" for each in body))
        hint = f"end it with a line {heredoc.name}, or quote << when no heredoc is meant"
        self._fault(f"the heredoc <<{heredoc.name} is not terminated", hint, start + 1, self._next)
        return heredoc


def _continuation(escape: str) -> re.Pattern[str]:
    """Match the escape character that ends a line, unless it is escaped by the one before it."""
    escaped = re.escape(escape)
    return re.compile(rf"(?<!{escaped}){escaped}[ \t]*\Z")


def _may_hold_heredocs(keyword: str, arguments: str, escape: str) -> bool:
    """Tell whether heredocs mean anything here: they do not in a JSON array."""
    if keyword == "ONBUILD" and arguments:
        keyword, _, arguments = split_instruction(arguments, escape)
    if keyword not in _HEREDOC_KEYWORDS or "<<" not in arguments:
        return False
    try:
        return not json_or_text(arguments).json
    except LanguageError:
        return False
