"""Texts with expressions, evaluated by a sandboxed Jinja2; the only door to it for rules and labels."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from tagboat.tags.dates import format_moment, read_zone
from tagboat.tags.handlebars import Scope, Translation

_RAW_ALONE = re.compile(r"\s*\{\{\{?~?\s*raw\s*~?\}?\}\}\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A checked text with expressions: rendering it cannot fail.

    `jinja` is its translation, None for a text without expressions. `names` are the known names and dates that it
    uses, `unknown` the names that its scope lacks and that give nothing.
    """

    source: str
    jinja: str | None = None
    names: frozenset[str] = frozenset()
    unknown: tuple[str, ...] = ()

    @classmethod
    def parse(cls, source: str, scope: Scope = Scope.RUN) -> Template:
        """Check `source` and translate it; raises `InputError` for what cannot be understood."""
        if "{{" not in source:
            return cls(source=source)
        found = Translation.of(source, scope)
        return cls(source=source, jinja=found.jinja, names=frozenset(found.names), unknown=tuple(found.unknown))

    def render(self, values: Mapping[str, object], dates: Mapping[str, datetime]) -> str:
        """Return the text with `values` put in as they are, never escaped; `dates` answer `date` and `commit_date`."""
        if self.jinja is None:
            return self.source
        from jinja2.sandbox import ImmutableSandboxedEnvironment

        environment = ImmutableSandboxedEnvironment(autoescape=False, finalize=_shown)
        calls = {name: _formatter(when) for name, when in dates.items()}
        return environment.from_string(self.jinja).render({**values, **calls})

    @property
    def is_raw_alone(self) -> bool:
        """Tell whether the text is the one expression `{{raw}}`, which prereleases keep."""
        return _RAW_ALONE.fullmatch(self.source) is not None


def _shown(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


def _formatter(when: datetime) -> Callable[[str, str], str]:
    return lambda pattern, zone: format_moment(when, pattern, read_zone(zone))
