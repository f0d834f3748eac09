"""The laws of trying again."""

from __future__ import annotations

import pytest

from tagboat.net.retry import TRIES, delay_seconds, is_transient


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 0.5), (2, 1.0), (3, 2.0), (4, 4.0)])
def test_the_delay_doubles_and_jitter_only_shortens_it(attempt, seconds):
    """The longest delay doubles from half a second; jitter takes any part of it."""
    assert delay_seconds(attempt, random=1.0, now=0) == seconds
    assert delay_seconds(attempt, random=0.25, now=0) == seconds / 4


def test_the_last_try_is_the_last():
    """After the last try there is no delay, whatever the server wishes."""
    assert delay_seconds(TRIES, random=0, now=0, headers={"retry-after": "1"}) is None


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": " 0 "}, 0),
        ({"retry-after": "Thu, 01 Jan 1970 00:01:50 GMT"}, 10),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:00 GMT"}, 0),
        ({"x-retry-after": "130"}, 30),
        ({"retry-after": "3600"}, None),
        ({"retry-after": "soon"}, 0.5),
        ({"retry-after": "nan"}, 0.5),
    ],
)
def test_the_server_is_obeyed_within_reason(headers, seconds):
    """Seconds, dates and Docker Hub's own header win over our delay; what takes too long ends the tries."""
    assert delay_seconds(1, random=1.0, now=100, headers=headers) == seconds


def test_refusals_are_not_transient():
    """Only trouble of the moment is worth another try."""
    assert [status for status in (200, 400, 401, 403, 404, 408, 413, 429, 500, 501, 503) if is_transient(status)] == [
        408,
        429,
        500,
        503,
    ]
