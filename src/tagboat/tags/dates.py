"""Dates as text: moment.js formats in English for `{{date}}`, strftime for `type=timestamp`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo

from tagboat.errors import InputError

_TOKEN = re.compile(
    r"(\[[^\[]*\])|\\?([Hh]mm(?:ss)?|Mo|MM?M?M?|Do|DDDo|DD?D?D?|ddd?d?|do?|w[ow]?|W[oW]?|Qo?|N{1,5}|YYYYYY|YYYYY|YYYY|YY"
    r"|y{2,4}|yo?|gg(?:ggg?)?|GG(?:GGG?)?|e|E|a|A|hh?|HH?|kk?|mm?|ss?|S{1,9}|x|X|zz?|ZZ?|.)"
)
_LONG_TOKEN = re.compile(r"(\[[^\[]*\])|\\?(?:LTS|LT|LL?L?L?|l{1,4})")
_LONG_FORMATS = {
    "LTS": "h:mm:ss A",
    "LT": "h:mm A",
    "L": "MM/DD/YYYY",
    "LL": "MMMM D, YYYY",
    "LLL": "MMMM D, YYYY h:mm A",
    "LLLL": "dddd, MMMM D, YYYY h:mm A",
    "l": "M/D/YYYY",
    "ll": "MMM D, YYYY",
    "lll": "MMM D, YYYY h:mm A",
    "llll": "ddd, MMM D, YYYY h:mm A",
}
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")


def read_zone(name: str) -> tzinfo:
    """Return the time zone `name`, in any case (`UTC` and `Asia/Tokyo`); raises `InputError`."""
    from zoneinfo import ZoneInfo, available_timezones

    if name.upper() == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ValueError, KeyError, OSError):  # OSError: the name of a folder of zones
        known = {zone.lower(): zone for zone in available_timezones()}
    if name.lower() not in known:
        raise InputError(f"{name!r} is not a time zone", "write an IANA name, such as UTC or Europe/Berlin")
    return ZoneInfo(known[name.lower()])


def format_moment(when: datetime, pattern: str, zone: tzinfo) -> str:
    """Write `when` in a moment.js format; the empty format is ISO 8601 to the second."""
    local = when.astimezone(zone)
    if not pattern:
        pattern = "YYYY-MM-DDTHH:mm:ssZ" if local.utcoffset() else "YYYY-MM-DDTHH:mm:ss[Z]"
    values = dict(_values(local))
    expanded = _LONG_TOKEN.sub(lambda token: _LONG_FORMATS.get(token[0], token[0]), pattern)
    return "".join(values.get(token[0], _literal(token[0])) for token in _TOKEN.finditer(expanded))


def format_strftime(when: datetime, pattern: str, zone: tzinfo) -> str:
    """Write `when` in a strftime pattern."""
    return when.astimezone(zone).strftime(pattern)


def _literal(token: str) -> str:
    if token.startswith("[") and len(token) > 1:
        return token[1:-1]
    return token.replace("\\", "")


def _values(when: datetime) -> Iterator[tuple[str, str]]:
    yield from _year_and_quarter(when)
    yield from _month_and_day(when)
    yield from _week(when)
    yield from _time(when)
    yield from _instant_and_zone(when)


def _year_and_quarter(when: datetime) -> Iterator[tuple[str, str]]:
    year, quarter = when.year, (when.month + 2) // 3
    yield from (("YY", f"{year % 100:02}"), ("YYYY", f"{year:04}"), ("YYYYY", f"{year:05}"), ("YYYYYY", f"+{year:06}"))
    yield from (("Y", f"{year:04}"), ("y", f"{year}"), ("yo", _ordinal(year)))
    yield from (("yy", f"{year:02}"), ("yyy", f"{year:03}"), ("yyyy", f"{year:04}"))
    yield from (("N", "AD"), ("NN", "AD"), ("NNN", "AD"), ("NNNN", "Anno Domini"), ("NNNNN", "AD"))
    yield from (("Q", f"{quarter}"), ("Qo", _ordinal(quarter)))


def _month_and_day(when: datetime) -> Iterator[tuple[str, str]]:
    month, name, ordinal_day = when.month, _MONTHS[when.month - 1], when.timetuple().tm_yday
    yield from (("M", f"{month}"), ("Mo", _ordinal(month)), ("MM", f"{month:02}"), ("MMM", name[:3]), ("MMMM", name))
    yield from (("D", f"{when.day}"), ("Do", _ordinal(when.day)), ("DD", f"{when.day:02}"))
    yield from (("DDD", f"{ordinal_day}"), ("DDDo", _ordinal(ordinal_day)), ("DDDD", f"{ordinal_day:03}"))


def _week(when: datetime) -> Iterator[tuple[str, str]]:
    """Give the day of the week and both weeks: `w` begins on Sunday, week 1 holds 1 January; `W` is ISO 8601's."""
    day = when.isoweekday() % 7
    name = _DAYS[day]
    yield from (("d", f"{day}"), ("do", _ordinal(day)), ("dd", name[:2]), ("ddd", name[:3]), ("dddd", name))
    yield from (("e", f"{day}"), ("E", f"{when.isoweekday()}"))
    saturday = when + timedelta(days=6 - day)
    week = (saturday.timetuple().tm_yday - 1) // 7 + 1
    iso = when.isocalendar()
    for letter, number, year in (("w", week, saturday.year), ("W", iso.week, iso.year)):
        yield from ((letter, f"{number}"), (letter + "o", _ordinal(number)), (letter * 2, f"{number:02}"))
        year_letter = "g" if letter == "w" else "G"
        yield from ((year_letter * 2, f"{year % 100:02}"), (year_letter * 4, f"{year:04}"))
        yield year_letter * 5, f"{year:05}"


def _time(when: datetime) -> Iterator[tuple[str, str]]:
    minute, second, half = when.minute, when.second, "AM" if when.hour < 12 else "PM"
    for letter, hour in (("H", when.hour), ("h", when.hour % 12 or 12), ("k", when.hour or 24)):
        yield from ((letter, f"{hour}"), (letter * 2, f"{hour:02}"))
        yield from ((f"{letter}mm", f"{hour}{minute:02}"), (f"{letter}mmss", f"{hour}{minute:02}{second:02}"))
    yield from (("m", f"{minute}"), ("mm", f"{minute:02}"), ("s", f"{second}"), ("ss", f"{second:02}"))
    yield from (("A", half), ("a", half.lower()))
    milliseconds = f"{when.microsecond // 1000:03}"
    yield from (("S" * digits, milliseconds.ljust(digits, "0")[:digits]) for digits in range(1, 10))


def _instant_and_zone(when: datetime) -> Iterator[tuple[str, str]]:
    seconds = int(when.replace(microsecond=0).timestamp())
    yield from (("X", f"{seconds}"), ("x", f"{seconds * 1000 + when.microsecond // 1000}"))
    offset, name = when.strftime("%z")[:5], when.tzname() or ""
    yield from (("ZZ", offset), ("Z", f"{offset[:3]}:{offset[3:]}"), ("z", name), ("zz", name))


def _ordinal(number: int) -> str:
    suffix = "th" if number // 10 % 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"
