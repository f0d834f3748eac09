"""Expressions in rules and labels: metadata-action's Handlebars forms, evaluated by a sandboxed Jinja2."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from enum import StrEnum

from tagboat.errors import InputError
from tagboat.tags.dates import format_moment, read_zone

_STRING = r"""(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")"""
_ID = r"""[^\s!"#%&'()*+,./;<=>@\[\\\]^`{|}~]+"""
_PATH = re.compile(rf"(?:this[./]|\./)?(?P<name>{_ID}(?:[./]{_ID})*)")
_TAG = re.compile(
    r"\{\{(?P<open>~?)(?:(?P<comment>!--.*?--|!.*?)|\{(?P<raw>[^{}]*)\}|(?P<body>(?:"
    + _STRING
    + r"|[^'\"}~{]|\}(?!\}))*))"
    r"(?P<close>~?)\}\}",
    re.DOTALL,
)
_CALL = re.compile(rf"(?P<name>{_ID})\s+(?P<format>{_STRING})(?P<options>(?:\s+{_ID}={_STRING})*)")
_OPTION = re.compile(rf"(?P<key>{_ID})=(?P<value>{_STRING})")
_HINT = "write {{branch}}, {{date 'YYYYMMDD'}} or another expression of the documentation; \\{{ is a literal {{"


class Scope(StrEnum):
    """Which names an expression may use: everything about the run, dates alone, or the parts of a version."""

    RUN = "run"
    SCHEDULE = "schedule"
    VERSION = "version"


_NAMES = {
    Scope.RUN: frozenset({"branch", "tag", "sha", "base_ref", "is_default_branch", "is_not_default_branch"}),
    Scope.SCHEDULE: frozenset[str](),
    Scope.VERSION: frozenset({"raw", "version", "major", "minor", "patch", "prerelease", "build"}),
}
_DATES = {Scope.RUN: ("date", "commit_date"), Scope.SCHEDULE: ("date", "commit_date"), Scope.VERSION: ()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A checked text with expressions: rendering it cannot fail.

    `names` are the known names and dates that it uses, `unknown` the names that its scope lacks and that give nothing.
    """

    source: str
    jinja: str
    names: frozenset[str] = frozenset()
    unknown: tuple[str, ...] = ()

    @classmethod
    def parse(cls, source: str, scope: Scope = Scope.RUN) -> Template:
        """Check `source` and translate it; raises `InputError` for bad syntax, an unknown helper or time zone."""
        if "{{" not in source:
            return cls(source=source, jinja="")
        translation = _Translation(scope=scope, names=set(), unknown=[], blocks=[])
        jinja = "".join(translation.translate(source))
        if translation.blocks:
            name, _ = translation.blocks[-1]
            raise InputError(f"{{{{#{name}}}}} is not closed", f"end it with {{{{/{name}}}}}")
        return cls(source=source, jinja=jinja, names=frozenset(translation.names), unknown=tuple(translation.unknown))

    def render(self, values: Mapping[str, object], dates: Mapping[str, datetime]) -> str:
        """Return the text with `values` put in as they are, never escaped; `dates` answer `date` and `commit_date`."""
        if not self.jinja:
            return self.source
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        environment = ImmutableSandboxedEnvironment(autoescape=False, finalize=_text, keep_trailing_newline=True)
        calls = {name: _date_call(when) for name, when in dates.items()}
        return environment.from_string(self.jinja).render({**values, **calls})

    @property
    def is_raw_alone(self) -> bool:
        """Tell whether the text is the one expression `{{raw}}`, which prereleases keep."""
        return bool(re.fullmatch(r"\s*\{\{\{?~?\s*raw\s*~?\}?\}\}\s*", self.source))


@dataclass(slots=True, kw_only=True)
class _Translation:
    """One pass over a source: the names met, the blocks that are open and whether each had its `else`."""

    scope: Scope
    names: set[str]
    unknown: list[str]
    blocks: list[tuple[str, bool]]

    def translate(self, source: str) -> Iterator[str]:
        position, strip_next = 0, False
        for tag in _TAG.finditer(source):
            text = source[position : tag.start()]
            text, position = text.lstrip() if strip_next else text, tag.end()
            strip_next = False
            if text.endswith("\\") and not text.endswith("\\\\"):
                yield _quoted(text[:-1] + tag[0])
                continue
            text = text[:-1] if text.endswith("\\\\") else text
            yield _quoted(_plain(text.rstrip() if tag["open"] else text))
            yield self._tag(tag)
            strip_next = bool(tag["close"])
        rest = source[position:]
        yield _quoted(_plain(rest.lstrip() if strip_next else rest))

    def _tag(self, tag: re.Match[str]) -> str:
        if tag["comment"] is not None:
            return ""
        body = (tag["raw"] if tag["raw"] is not None else tag["body"].removeprefix("&")).strip()
        if body[:1] in {"#", "/", "^"} or body.split()[:1] == ["else"]:
            return self._block(body)
        return f"{{{{ {self._value(body)} }}}}"

    def _block(self, body: str) -> str:
        block, has_else = self.blocks[-1] if self.blocks else ("", True)
        match re.sub(r"^([#/])\s+", r"\1", body).split(maxsplit=1):
            case [("#if" | "#unless") as word, condition]:
                self.blocks.append((word[1:], False))
                return f"{{% if {'not ' if word == '#unless' else ''}{self._name(condition)} %}}"
            case [("/if" | "/unless") as word] if word[1:] == block:
                self.blocks.pop()
                return "{% endif %}"
            case ["else" | "^"] if not has_else:
                self.blocks[-1] = (block, True)
                return "{% else %}"
            case ["else", chained] if not has_else and chained.startswith("if "):
                return f"{{% elif {self._name(chained[3:])} %}}"
        raise InputError(
            f"{{{{{body}}}}} does not fit here, or is a block that is not known",
            "blocks are {{#if NAME}}…{{else}}…{{/if}} and {{#unless NAME}}…{{/unless}}",
        )

    def _value(self, body: str) -> str:
        called = _CALL.fullmatch(body)
        if called and called["name"] in _DATES[self.scope]:
            self.names.add(called["name"])
            return f"{called['name']}({_quoted_argument(_unquoted(called['format']))}, {self._zone(called)})"
        words = body.split()
        if words and words[0] in _DATES[self.scope]:
            raise InputError(f"{{{{{body}}}}} does not say a format", f"write {{{{{words[0]} 'YYYYMMDD' tz='UTC'}}}}")
        if len(words) > 1 and _PATH.fullmatch(words[0]):
            raise InputError(f"{{{{{body}}}}}: there is no helper {words[0]!r} here", _HINT)
        return self._name(body)

    def _zone(self, called: re.Match[str]) -> str:
        zone = "UTC"
        for option in _OPTION.finditer(called["options"]):
            if option["key"] != "tz":
                raise InputError(
                    f"{option['key']!r} is an unknown attribute of {called['name']}", "write tz='Europe/Berlin'"
                )
            zone = _unquoted(option["value"])
        read_zone(zone)
        return _quoted_argument(zone)

    def _name(self, text: str) -> str:
        path = _PATH.fullmatch(text.strip())
        if not path:
            raise InputError(f"{{{{{text}}}}} is not an expression", _HINT)
        if path["name"] in _NAMES[self.scope]:
            self.names.add(path["name"])
            return path["name"]
        self.unknown.append(path["name"])
        return "''"


def nearest_name(name: str, scope: Scope = Scope.RUN) -> str:
    """Return the known name that `name` was probably meant to be, empty when none is near."""
    known = [*sorted(_NAMES[scope]), *_DATES[scope]]
    near = get_close_matches(name.lower().replace("-", "_"), known, n=1)
    return near[0] if near and near[0] != name else ""


def _plain(text: str) -> str:
    if re.search(r"(?<!\\)\{\{", text):
        raise InputError(f"{text!r} opens an expression that is not closed or not understood", _HINT)
    return text.replace("\\{{", "{{")


def _quoted(text: str) -> str:
    return f"{{{{ {_quoted_argument(text)} }}}}" if text else ""


def _quoted_argument(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _unquoted(literal: str) -> str:
    return literal[1:-1].replace("\\" + literal[0], literal[0])


def _text(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


def _date_call(when: datetime) -> object:
    return lambda pattern, zone: format_moment(when, pattern, read_zone(zone))
