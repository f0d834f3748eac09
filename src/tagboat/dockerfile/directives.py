"""Parser directives: `# key=value` lines at the very top of a Dockerfile."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from tagboat.dockerfile.faults import LanguageError

_DIRECTIVE = re.compile(r"(?:#|(?P<slashes>//))\s*(?P<key>[A-Za-z][A-Za-z0-9]*)\s*=\s*(?P<value>\S.*?)\s*")
_KEYS = ("syntax", "escape", "check")
_OWN_FRONTEND = re.compile(
    r"(?:(?:index\.)?docker\.io/)?"
    r"docker/(?:dockerfile-upstream(?::[\w.-]+)?"
    r"|dockerfile(?::(?:1(?:\.\d+){0,2}(?:-[\w.]+)?|latest|labs|master(?:-labs)?|experimental))?)"
    r"(?:@sha256:[0-9a-f]{64})?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Directives:
    """The parser directives of a file; `syntax` and `check` are empty when not given."""

    syntax: str = ""
    escape: str = "\\"
    check: str = ""


@dataclass(slots=True)
class DirectiveReader:
    """Reads directives line by line until the first line that is none."""

    found: dict[str, str] = field(default_factory=dict)
    ended: bool = False

    def read(self, line: str) -> bool:
        """Take a line in and tell whether it is a directive; raises `LanguageError` for a doubled or wrong one."""
        match = None if self.ended else _DIRECTIVE.fullmatch(line)
        if not match or match["slashes"] or match["key"].lower() not in _KEYS:
            self.ended = True
            return False
        key, value = match["key"].lower(), match["value"]
        if key in self.found:
            raise LanguageError(f"only one {key} parser directive can be used", "remove one of the two")
        self.found[key] = value
        if key == "escape" and value not in ("\\", "`"):
            del self.found[key]
            raise LanguageError(
                f"the escape directive's {value!r} is neither \\ nor `", "write # escape=\\ or # escape=`"
            )
        return True

    def directives(self) -> Directives:
        """Return what was read so far."""
        return Directives(
            syntax=self.found.get("syntax", "").partition(" ")[0],
            escape=self.found.get("escape", "\\"),
            check=self.found.get("check", ""),
        )


def find_syntax(lines: Sequence[str]) -> tuple[str, int]:
    """Return the image that a file's syntax line names and the line's number; empty text where there is none.

    Besides the directive this knows `// syntax=` and a JSON object with `syntax`, and passes over a first `#!` line,
    as builders do when they look for a file's frontend.
    """
    first = 1 if lines and lines[0].startswith("#!") else 0
    for slashes in (False, True):
        for number, line in enumerate(lines[first:], start=first + 1):
            match = _DIRECTIVE.fullmatch(line)
            if not match or bool(match["slashes"]) is not slashes or match["key"].lower() not in _KEYS:
                break
            if match["key"].lower() == "syntax":
                return match["value"].partition(" ")[0], number
    return _syntax_of_json("\n".join(lines[first:])), first + 1


def is_own_frontend(image: str) -> bool:
    """Tell whether the image is the Dockerfile frontend that this parser stands in for."""
    return _OWN_FRONTEND.fullmatch(image) is not None


def _syntax_of_json(text: str) -> str:
    if not text.lstrip().startswith("{"):
        return ""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    syntax = document.get("syntax")
    return syntax if isinstance(syntax, str) else ""
