"""Parser directives and the frontend that a file asks for."""

from __future__ import annotations

import pytest

from tagboat.dockerfile import parse_dockerfile
from tagboat.dockerfile.directives import Directives, find_syntax, is_own_frontend
from tagboat.errors import FaultsError, TagboatError

_FROM = "\nFROM scratch\n"


def _directives(head: str) -> Directives:
    return parse_dockerfile((head + _FROM).encode(), "Dockerfile").directives


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("# syntax=docker/dockerfile:1 extra", Directives(syntax="docker/dockerfile:1")),
        ("#ESCAPE = `", Directives(escape="`")),
        ("# check=skip=A;error=true\n# escape=`", Directives(check="skip=A;error=true", escape="`")),
        ("# a comment\n# escape=`", Directives()),
        ("\n# escape=`", Directives()),
        ("# unknown=1\n# escape=`", Directives()),
        ("\ufeff# escape=`", Directives(escape="`")),
    ],
)
def test_directives_stand_at_the_very_top(head: str, expected: Directives):
    """A blank line, a comment or an unknown key ends the directives for good."""
    assert _directives(head) == expected


@pytest.mark.parametrize(
    ("head", "problem", "line"),
    [
        ("# escape=\\\n# escape=`", "only one escape parser directive can be used", 2),
        ("# escape=x", "neither", 1),
        ("# syntax=example.com/other/frontend:1", "example.com/other/frontend:1", 1),
        ("// syntax=example.com/f", "example.com/f", 1),
        ("#!/usr/bin/env docker\n# syntax=example.com/f", "example.com/f", 2),
    ],
)
def test_a_wrong_directive_is_an_error_at_its_line(head: str, problem: str, line: int):
    """Doubled and wrong directives, and frontends that are not ours, are refused with their line."""
    with pytest.raises(TagboatError) as caught:
        parse_dockerfile((head + _FROM).encode(), "Dockerfile")
    fault = caught.value.faults[0] if isinstance(caught.value, FaultsError) else caught.value
    assert problem in str(fault)
    assert (fault.location.line, fault.exit_code) == (line, 4)
    assert fault.hint


@pytest.mark.parametrize(
    "image",
    [
        "docker/dockerfile",
        "docker/dockerfile:1",
        "docker/dockerfile:1.7-labs",
        "docker.io/docker/dockerfile:1.4.1",
        "docker/dockerfile:experimental",
        "docker/dockerfile-upstream:master-labs",
        "docker/dockerfile:1@sha256:" + "a" * 64,
    ],
)
def test_the_dockerfile_frontend_is_ourselves(image: str):
    """Every tag of the frontend that this parser stands in for is accepted."""
    assert is_own_frontend(image)


@pytest.mark.parametrize(
    "image", ["docker/dockerfile:2", "mirror.gcr.io/docker/dockerfile:1", "docker/dockerfiles", "me/docker/dockerfile"]
)
def test_any_other_frontend_is_not_ours(image: str):
    """A frontend from elsewhere, or of a grammar to come, is not taken for ours."""
    assert not is_own_frontend(image)


def test_a_json_document_may_name_its_frontend():
    """A file that is a JSON object names its frontend in a member."""
    assert find_syntax(['{"syntax": "example.com/f"}']) == ("example.com/f", 1)
    assert find_syntax(["{", "}"]) == ("", 1)
    assert find_syntax(["{nothing"]) == ("", 1)
