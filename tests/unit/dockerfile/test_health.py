"""HEALTHCHECK."""

from __future__ import annotations

import pytest

from tagboat.dockerfile import parse_dockerfile
from tagboat.dockerfile.instructions import Healthcheck
from tagboat.errors import DockerfileError


def _one(text: str) -> Healthcheck:
    instruction = (
        parse_dockerfile(f"FROM scratch\nHEALTHCHECK {text}\n".encode(), "Dockerfile").stages[0].instructions[0]
    )
    assert isinstance(instruction, Healthcheck)
    return instruction


@pytest.mark.parametrize(
    ("text", "test"),
    [
        ("NONE", ("NONE",)),
        ("none", ("NONE",)),
        ("CMD a  b", ("CMD-SHELL", "a  b")),
        ('cmd ["a", "b c"]', ("CMD", "a", "b c")),
    ],
)
def test_the_test_has_the_form_of_the_configuration(text: str, test: tuple[str, ...]):
    """NONE, a text for the shell and an array of arguments are told apart."""
    assert _one(text).test == test


def test_times_are_in_nanoseconds():
    """Times have units and become nanoseconds; what is not given is zero."""
    check = _one("--interval=1m30s --timeout=1.5s --start-period=250ms --start-interval=0 --retries=3 CMD true")
    assert (check.interval_ns, check.timeout_ns) == (90_000_000_000, 1_500_000_000)
    assert (check.start_period_ns, check.start_interval_ns, check.retries) == (250_000_000, 0, 3)
    assert _one("CMD true").retries == 0


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "HEALTHCHECK requires at least one argument"),
        ("NONE a", "HEALTHCHECK NONE takes no arguments"),
        ("CMD", "HEALTHCHECK CMD has no command"),
        ("CONNECT TCP 7000", "HEALTHCHECK has no type CONNECT"),
        ("--interval=abc CMD true", "--interval: 'abc' is not a duration"),
        ("--timeout=10us CMD true", "--timeout=10us is shorter than 1ms"),
        ("--timeout=-1s CMD true", "--timeout=-1s is shorter than 1ms"),
        ("--retries=-1 CMD true", "--retries=-1 is not a count"),
        ("--retries=99999999999 CMD true", "is not a count"),
    ],
)
def test_a_wrong_check_is_refused(text: str, problem: str):
    """Wrong kinds, times and counts are errors that name the flag."""
    with pytest.raises(DockerfileError) as caught:
        _one(text)
    assert problem in str(caught.value)
