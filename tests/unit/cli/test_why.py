"""The command `why`, from its line to its answer."""

from __future__ import annotations

import io
import json

import pytest

from tagboat.cli.arguments import read_arguments
from tagboat.cli.execute import execute
from tagboat.errors import InputError
from tagboat.report.console import open_console

RULES = (
    "--images=ghcr.io/me/app",
    "--tags=type=semver,pattern={{version}}",
    "--tags=type=semver,pattern={{major}}.{{minor}}",
    "--tags=type=ref,event=pr",
    "--tags=type=ref,event=branch",
)
TAGGED = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_EVENT_NAME": "push",
    "GITHUB_REF": "refs/tags/v1.2.3",
    "GITHUB_SHA": "a" * 40,
}


@pytest.fixture
def ask(tmp_path):
    """Ask about a tag in an empty folder; gives what is printed."""

    def run(*line: str, env: dict[str, str] | None = None) -> str:
        stdout, stderr = io.StringIO(), io.StringIO()
        environ = {"PATH": "/usr/bin:/bin", **(env or {})}
        console = open_console(environ, stderr, token=lambda: "word", now=lambda: 0.0)
        assert (
            execute(read_arguments(["why", *line, *RULES, f"--context={tmp_path}"]), environ, tmp_path, console, stdout)
            == 0
        )
        return stdout.getvalue()

    return run


def _asked(ask, *line, **more):
    return json.loads(ask(*line, "--json", **more))


def test_a_name_that_is_made(ask):
    """The rule that gives the name is told with the variable and the value that decided."""
    found = _asked(ask, "1.2", env=TAGGED)
    assert (found["tag"], found["made"]) == ("1.2", True)
    (decision,) = found["decisions"]
    assert decision["rule"] == "type=semver,pattern={{major}}.{{minor}}"
    assert decision["reason"].startswith("GITHUB_REF is refs/tags/v1.2.3, a semantic version")
    assert "1.2 is made here" in ask("1.2", env=TAGGED)


@pytest.mark.parametrize(
    ("tag", "event"),
    [("2.0", "tag:v2.0.0"), ("pr-5", "pull_request:5"), ("main", "push:main"), ("latest", "tag:v1.0.0")],
)
def test_a_name_of_another_event(ask, tag, event):
    """Where no rule gives the name, each says why, and the event on which one does is told."""
    found = _asked(ask, tag, env={**TAGGED, "GITHUB_REF": "refs/heads/x"})
    assert not found["made"]
    assert all(decision["reason"] for decision in found["decisions"])
    assert event in [entry["event"] for entry in found["events"]]
    assert event in found["tried"]
    assert f"--event {event}" in ask(tag)


def test_a_name_of_no_event(ask):
    """Where no event gives the name, those that were tried are told."""
    found = _asked(ask, "sha256-" + "a" * 64)
    assert (found["made"], found["events"]) == (False, [])
    assert "schedule" in found["tried"]
    assert "No rule gives it on these events either" in ask("sha256-" + "a" * 64)


def test_a_simulated_event(ask):
    """The question may be about an event that is acted out."""
    assert _asked(ask, "3.1", "--event=tag:v3.1.4")["made"]


def test_a_name_with_an_image(ask):
    """A full name is made only where its image is named."""
    assert _asked(ask, "ghcr.io/me/app:1.2.3", env=TAGGED)["made"]
    assert not _asked(ask, "ghcr.io/me/other:1.2.3", env=TAGGED)["made"]


def test_a_withheld_name(ask):
    """A name that is kept from a branch is told with that reason."""
    found = _asked(ask, "9.9.9", "--event=push:9.9.9")
    assert [decision["outcome"] for decision in found["decisions"]] == ["withheld"]


@pytest.mark.parametrize("words", [[], ["a", "b"], ["a b"]])
def test_a_wrong_question(ask, words):
    """Without a tag, with two or with an illegal one the command is refused."""
    with pytest.raises(InputError):
        ask(*words)
