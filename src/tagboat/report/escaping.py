"""How text of users is kept from acting as something else: a terminal's control codes, CI commands, Markdown."""

from __future__ import annotations

import re

_MARKDOWN = re.compile(r"""[&<>"'\\`*_{}\[\]|~$#]""")


def visible(text: str) -> str:
    """Return one line of text in which everything unprintable stands as an escape: newlines, ESC, bidi overrides."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


def visible_lines(text: str) -> list[str]:
    """Return the lines of a text, each made visible; a tab becomes a space. Never empty."""
    return [visible(line.replace("\t", " ")) for line in text.splitlines()] or [""]


def harmless(line: str) -> str:
    r"""Return a log line that GitHub's runner does not take for a command.

    The runner acts on `::command::` at a line's start, white space aside, and on the older `##[command]` anywhere in
    it; a backslash before the marker leaves the text readable.
    """
    if line.lstrip().startswith("::"):
        line = line.replace("::", r"\::", 1)
    return line.replace("##[", r"##\[")


def command_data(text: str) -> str:
    """Return text for the part of a GitHub command behind its second `::`."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def command_property(text: str) -> str:
    """Return text for the value of a GitHub command's property."""
    return command_data(text).replace(":", "%3A").replace(",", "%2C")


def clipped(text: str, limit: int) -> str:
    """Return at most `limit` characters of a text, the cut marked by an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def markdown(text: str, limit: int = 300) -> str:
    """Return text that Markdown shows as it is, in a table's cell too: on one line, its marks as HTML entities.

    Entities hold in every place, unlike backslashes, which table cells and code spans read each in their own way.
    """
    return _MARKDOWN.sub(lambda mark: f"&#{ord(mark[0])};", clipped(visible(text[: limit + 1]), limit))


def code(text: str, limit: int = 300) -> str:
    """Return text that Markdown shows as it is in a fixed-width font; nothing for an empty text."""
    return f"<code>{markdown(text, limit)}</code>" if text else ""
