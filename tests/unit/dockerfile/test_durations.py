"""Durations."""

from __future__ import annotations

import pytest

from tagboat.dockerfile.durations import parse_duration, show_duration
from tagboat.dockerfile.faults import LanguageError


@pytest.mark.parametrize(
    ("text", "nanoseconds"),
    [
        ("0", 0),
        ("+5s", 5_000_000_000),
        ("-5s", -5_000_000_000),
        ("1h2m3.5s", 3_723_500_000_000),
        (".5s", 500_000_000),
        ("1.s", 1_000_000_000),
        ("10ms", 10_000_000),
        ("7\u00b5s", 7_000),
        ("7us3ns", 7_003),
        ("0.9ns", 0),
    ],
)
def test_a_duration_is_read_as_go_reads_it(text: str, nanoseconds: int):
    """Numbers with units add up; fractions of a nanosecond are cut."""
    assert parse_duration(text) == nanoseconds


@pytest.mark.parametrize("text", ["", "5", "s", "-", "1d", "1 s", "1s ", ".s", "abc", "1e3s", "9999999999h", "\u0661s"])
def test_what_go_refuses_is_refused(text: str):
    """A number without a unit, an unknown unit and what does not fit are errors."""
    with pytest.raises(LanguageError, match="is not a duration"):
        parse_duration(text)


@pytest.mark.parametrize(
    "text", ["0s", "1ns", "1.5\u00b5s", "250ms", "1s", "1.5s", "30s", "1m0s", "5m0s", "1h0m0s", "100h2m3.000000004s"]
)
def test_durations_are_written_as_go_writes_them(text):
    """What is written reads back as the same time, in Go's one form."""
    assert show_duration(parse_duration(text)) == text
