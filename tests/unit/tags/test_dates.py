"""Dates as text."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tagboat.errors import InputError
from tagboat.tags.dates import format_moment, format_strftime, read_zone

ROWS = json.loads((Path(__file__).parents[2] / "fixtures" / "tags" / "date-formats.json").read_text())
NOW = datetime(2020, 1, 10, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['format']} {row['tz']}")
def test_recorded_formats(row):
    """Each recorded row of moment.js comes out the same."""
    assert format_moment(datetime.fromisoformat(row["now"]), row["format"], read_zone(row["tz"])) == row["out"]


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("UTC", "2020-01-10T00:30:00Z"),
        ("Europe/London", "2020-01-10T00:30:00Z"),
        ("Asia/Kolkata", "2020-01-10T06:00:00+05:30"),
    ],
)
def test_empty_format_is_iso(zone, text):
    """The empty format is ISO 8601, with Z where there is no offset."""
    assert format_moment(NOW, "", read_zone(zone)) == text


@pytest.mark.parametrize("name", ["asia/tokyo", "ASIA/TOKYO", "Asia/Tokyo"])
def test_zone_in_any_case(name):
    """The name of a zone is found in any case."""
    assert format_moment(NOW, "HH", read_zone(name)) == "09"


@pytest.mark.parametrize("name", ["", "Nope/Zone", "Europe", "../etc/passwd", "/etc/passwd", "a\0b"])
def test_unknown_zone(name):
    """What is no zone is an input error, wherever a file of that name lies."""
    with pytest.raises(InputError, match="is not a time zone"):
        read_zone(name)


def test_strftime():
    """A strftime pattern is written in the zone."""
    assert format_strftime(NOW, "%Y%m%d-%H%M%S", read_zone("Asia/Tokyo")) == "20200110-093000"
