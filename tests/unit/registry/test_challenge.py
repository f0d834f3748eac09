"""The laws of reading challenges."""

from __future__ import annotations

import pytest

from tagboat.registry.challenge import parse_challenges


@pytest.mark.parametrize(
    ("header", "challenges"),
    [
        ("", []),
        ("Basic", [("basic", {})]),
        ('Basic realm="a, b=c"', [("basic", {"realm": "a, b=c"})]),
        (
            'Bearer realm="https://a/token",service="r",scope="repository:x:pull,push"',
            [("bearer", {"realm": "https://a/token", "service": "r", "scope": "repository:x:pull,push"})],
        ),
        ('BEARER Realm="a" , error=insufficient_scope', [("bearer", {"realm": "a", "error": "insufficient_scope"})]),
        ('Negotiate, Basic realm="x"', [("negotiate", {}), ("basic", {"realm": "x"})]),
        ('Negotiate YII/+==, Bearer realm="x"', [("negotiate", {}), ("bearer", {"realm": "x"})]),
        (
            'Basic realm="x", Bearer realm="y", service="z"',
            [("basic", {"realm": "x"}), ("bearer", {"realm": "y", "service": "z"})],
        ),
        (r'Basic realm="say \"x\""', [("basic", {"realm": 'say "x"'})]),
        ('Bearer realm="x",,scope=""', [("bearer", {"realm": "x", "scope": ""})]),
        ('Bearer realm="x", "broken', [("bearer", {"realm": "x"})]),
    ],
)
def test_a_header_is_read_as_its_challenges(header, challenges):
    """Several challenges, quoted commas and equals signs, any case of names; a broken tail hides nothing before it."""
    assert [(found.scheme, dict(found.parameters)) for found in parse_challenges(header)] == challenges


def test_a_parameter_that_is_not_there_is_empty():
    """A challenge answers for each name."""
    assert parse_challenges("Basic")[0]["realm"] == ""
