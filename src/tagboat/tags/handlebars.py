"""Handlebars, as far as metadata-action's users write it, translated into Jinja2's language."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from enum import StrEnum

from tagboat.errors import InputError
from tagboat.tags.dates import read_zone

_STRING = r"""(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")"""
_ID = r"""[^\s!"#%&'()*+,./;<=>@\[\\\]^`{|}~]+"""
_PATH = re.compile(rf"(?:this[./]|\./)?(?P<name>{_ID}(?:[./]{_ID})*)")
_CALL = re.compile(rf"(?P<name>{_ID})\s+(?P<format>{_STRING})(?P<options>(?:\s+{_ID}={_STRING})*)")
_OPTION = re.compile(rf"(?P<key>{_ID})=(?P<value>{_STRING})")
_TAG = re.compile(
    r"\{\{(?P<strip_before>~?)"
    r"(?:(?P<comment>!--.*?--|!.*?)|\{(?P<unescaped>[^{}]*)\}|(?P<body>(?:" + _STRING + r"|[^'\"}~{]|\}(?!\}))*))"
    r"(?P<strip_after>~?)\}\}",
    re.DOTALL,
)
_HINT = r"write {{branch}}, {{date 'YYYYMMDD'}} or another documented expression; \{{ is a literal {{"


class Scope(StrEnum):
    """Which names an expression may use: everything about the run, dates alone, or the parts of a version."""

    RUN = "run"
    SCHEDULE = "schedule"
    VERSION = "version"
    CHANNEL = "channel"


_VERSION_NAMES = frozenset({"raw", "version", "major", "minor", "patch", "prerelease", "build"})
_NAMES = {
    Scope.RUN: frozenset({"branch", "tag", "sha", "base_ref", "is_default_branch", "is_not_default_branch"}),
    Scope.SCHEDULE: frozenset[str](),
    Scope.VERSION: _VERSION_NAMES,
    Scope.CHANNEL: _VERSION_NAMES | {"channel"},
}
_DATES: dict[Scope, tuple[str, ...]] = {
    Scope.RUN: ("date", "commit_date"),
    Scope.SCHEDULE: ("date", "commit_date"),
    Scope.VERSION: (),
    Scope.CHANNEL: (),
}


@dataclass(slots=True, kw_only=True)
class Translation:
    """One source in Jinja2's language, all its text in string literals; the names it uses and those it cannot know."""

    scope: Scope
    jinja: str = ""
    names: set[str] = field(default_factory=set)
    unknown: list[str] = field(default_factory=list)
    open_blocks: list[_Block] = field(default_factory=list)

    @classmethod
    def of(cls, source: str, scope: Scope) -> Translation:
        """Translate `source`; raises `InputError` for bad syntax, an unknown helper or an unknown time zone."""
        translation = cls(scope=scope)
        translation.jinja = "".join(translation._parts(source))
        if translation.open_blocks:
            name = translation.open_blocks[-1].name
            raise InputError(f"{_braced('#' + name)} is not closed", f"end it with {_braced('/' + name)}")
        return translation

    def _parts(self, source: str) -> Iterator[str]:
        position, strips = 0, False
        for tag in _TAG.finditer(source):
            text = source[position : tag.start()]
            text, strips, position = text.lstrip() if strips else text, bool(tag["strip_after"]), tag.end()
            if re.search(r"(?<!\\)\\$", text):  # one backslash makes the braces text, two are a backslash
                yield _literal(text[:-1] + tag[0])
                strips = False
                continue
            text = text.removesuffix("\\")
            yield _literal(_closed(text.rstrip() if tag["strip_before"] else text))
            yield self._tag(tag)
        rest = source[position:]
        yield _literal(_closed(rest.lstrip() if strips else rest))

    def _tag(self, tag: re.Match[str]) -> str:
        if tag["comment"] is not None:
            return ""
        body = (tag["body"].removeprefix("&") if tag["unescaped"] is None else tag["unescaped"]).strip()
        if body.startswith(("#", "/", "^")) or body.split()[:1] == ["else"]:
            return self._block(body)
        return _braced(self._value(body))

    def _block(self, body: str) -> str:
        block = self.open_blocks[-1] if self.open_blocks else _Block(name="", has_else=True)
        match re.sub(r"^([#/])\s+", r"\1", body).split(maxsplit=1):
            case ["#if", condition]:
                self.open_blocks.append(_Block(name="if"))
                return f"{{% if {self._name(condition)} %}}"
            case ["#unless", condition]:
                self.open_blocks.append(_Block(name="unless"))
                return f"{{% if not {self._name(condition)} %}}"
            case [("/if" | "/unless") as end] if end == f"/{block.name}":
                self.open_blocks.pop()
                return "{% endif %}"
            case ["else" | "^"] if not block.has_else:
                block.has_else = True
                return "{% else %}"
            case ["else", chained] if chained.startswith("if ") and not block.has_else:
                return f"{{% elif {self._name(chained.removeprefix('if '))} %}}"
            case _:
                raise InputError(
                    f"{_braced(body)} does not fit here, or is a block that is not known",
                    "blocks are {{#if NAME}}…{{else}}…{{/if}} and {{#unless NAME}}…{{/unless}}",
                )

    def _value(self, body: str) -> str:
        called = _CALL.fullmatch(body)
        if called and called["name"] in _DATES[self.scope]:
            self.names.add(called["name"])
            return f"{called['name']}({_string(_unquoted(called['format']))}, {_string(_zone(called))})"
        word, *arguments = body.split() or [""]
        if word in _DATES[self.scope]:
            example = _braced(f"{word} 'YYYYMMDD' tz='UTC'")
            raise InputError(f"{_braced(body)} does not say a format", f"write {example}")
        if arguments and _PATH.fullmatch(word):
            raise InputError(f"{_braced(body)}: there is no helper {word!r} here", _HINT)
        return self._name(body)

    def _name(self, text: str) -> str:
        path = _PATH.fullmatch(text.strip())
        if not path:
            raise InputError(f"{_braced(text)} is not an expression", _HINT)
        if path["name"] in _NAMES[self.scope]:
            self.names.add(path["name"])
            return path["name"]
        self.unknown.append(path["name"])
        return "''"


@dataclass(slots=True, kw_only=True)
class _Block:
    """A block that waits for its end."""

    name: str
    has_else: bool = False


def nearest_name(name: str) -> str:
    """Return the known name about the run that `name` was probably meant to be, empty when none is near."""
    known = [*sorted(_NAMES[Scope.RUN]), *_DATES[Scope.RUN]]
    near = get_close_matches(name.lower().replace("-", "_"), known, n=1)
    return near[0] if near and near[0] != name else ""


def _zone(called: re.Match[str]) -> str:
    zone = "UTC"
    for option in _OPTION.finditer(called["options"]):
        if option["key"] != "tz":
            raise InputError(
                f"{option['key']!r} is an unknown attribute of {called['name']}", "write tz='Europe/Berlin'"
            )
        zone = _unquoted(option["value"])
    read_zone(zone)
    return zone


def _closed(text: str) -> str:
    if re.search(r"(?<!\\)\{\{", text):
        raise InputError(f"{text!r} opens an expression that is not closed or not understood", _HINT)
    return text.replace(r"\{{", "{{")


def _braced(body: str) -> str:
    return "{{" + body + "}}"


def _literal(text: str) -> str:
    return _braced(_string(text)) if text else ""


def _string(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # Jinja2 reads strings with Python's escapes, which include JSON's


def _unquoted(literal: str) -> str:
    return literal[1:-1].replace("\\" + literal[0], literal[0])
