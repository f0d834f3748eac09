"""Calendar versions, by the tokens of calver.org."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches

from tagboat.errors import InputError

_COUNTER = "MICRO"
_PART = re.compile(r"YYYY|0[YMWD]|[A-Z]+|[^A-Z0]+|0")
_SIGN = re.compile(r"[A-Za-z0-9._-]")
_FORMS = {
    "YYYY": "[0-9]{4}",
    "YY": "[0-9]{1,3}",
    "0Y": "[0-9]{2,3}",
    "MM": "(?:[1-9]|1[0-2])",
    "0M": "(?:0[1-9]|1[0-2])",
    "WW": "(?:[1-9]|[1-4][0-9]|5[0-3])",
    "0W": "(?:0[1-9]|[1-4][0-9]|5[0-3])",
    "DD": "(?:[1-9]|[12][0-9]|3[01])",
    "0D": "(?:0[1-9]|[12][0-9]|3[01])",
    _COUNTER: "(?P<counter>0|[1-9][0-9]{0,8})",
}
_YEARS = ("YYYY", "YY", "0Y")
_EPOCH_YEAR = 2000  # calver.org: YY is 6 for 2006, 106 for 2106


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarPattern:
    """A pattern such as `YYYY.0M.MICRO`, in its parts: tokens, and what stands between them."""

    parts: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> CalendarPattern:
        """Read a pattern of YYYY YY 0Y MM 0M WW 0W DD 0D MICRO; raises `InputError`."""
        parts = tuple(_PART.findall(text))
        known = ", ".join(_FORMS)
        for part in parts:
            if re.fullmatch("[A-Z]+", part) and part not in _FORMS:
                near = get_close_matches(part, _FORMS, n=1)
                raise InputError(
                    f"{part} is no token of a calendar version",
                    f"did you mean {near[0]}?" if near else f"the tokens are {known}",
                )
        if bad := [sign for part in parts for sign in part if not _SIGN.fullmatch(sign)]:
            raise InputError(f"{bad[0]!r} cannot be in a calendar version", "part the tokens with a dot")
        if not any(part in _YEARS for part in parts) or parts.count(_COUNTER) > 1:
            raise InputError(f"pattern={text} needs a year, and {_COUNTER} once at most", "write YYYY.0M.MICRO")
        return cls(parts=parts)

    def __str__(self) -> str:
        return "".join(self.parts)

    @property
    def has_counter(self) -> bool:
        """Tell whether versions of one date are counted."""
        return _COUNTER in self.parts

    def write(self, when: datetime, counter: int) -> str:
        """Return the version of a date; with a week in the pattern the year is that of the ISO 8601 week."""
        return self._filled(when, str, str(counter))

    def version_in(self, text: str) -> str | None:
        """Return the version of this pattern that a git tag's text is, without its `v`; None when it is none."""
        form = "".join(_FORMS.get(part, re.escape(part)) for part in self.parts)
        return next((found for found in (text, text.removeprefix("v")) if re.fullmatch(form, found)), None)

    def counter_of(self, version: str, when: datetime) -> int | None:
        """Return what a version of this date was counted as; None for one of another date."""
        found = re.fullmatch(self._filled(when, re.escape, _FORMS[_COUNTER]), version)
        return int(found["counter"]) if found and self.has_counter else None

    def _filled(self, when: datetime, literal: Callable[[str], str], counter: str) -> str:
        by_week = {"WW", "0W"} & set(self.parts)
        week = when.isocalendar()
        year = week.year if by_week else when.year
        short = year - _EPOCH_YEAR
        values = {"YYYY": f"{year:04}", "YY": f"{short}", "0Y": f"{short:02}", _COUNTER: counter}
        for letter, number in (("M", when.month), ("W", week.week), ("D", when.day)):
            values |= {letter * 2: f"{number}", f"0{letter}": f"{number:02}"}
        return "".join(values.get(part, literal(part)) for part in self.parts)
