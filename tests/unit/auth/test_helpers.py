"""The laws of credential helpers, with helpers that are real programs."""

from __future__ import annotations

import pytest

from tagboat.auth.helpers import ask_helper
from tagboat.errors import CredentialError
from tagboat.proc import run


@pytest.fixture
def ask(tmp_path):
    """Write a helper as a shell script and ask it."""

    def make(script, registry="r.example"):
        program = tmp_path / "docker-credential-test"
        program.write_text(f"#!/bin/sh\nread -r key || true\n{script}\n")
        program.chmod(0o755)
        return ask_helper("test", registry, run=run, environ={"PATH": f"{tmp_path}:/usr/bin:/bin"})

    return make


def test_a_helper_is_asked_by_docker_s_protocol(ask):
    """The registry goes to the helper's input, user name and secret come from its output."""
    found = ask('printf \'{"ServerURL":"x","Username":"%s %s","Secret":"s"}\' "$1" "$key"', "docker.io")
    assert found.username == "get https://index.docker.io/v1/"
    assert (found.secret.reveal(), found.source) == ("s", "docker-credential-test")


@pytest.mark.parametrize(
    "script", ["echo credentials not found in native keychain; exit 1", """echo '{"Username":"","Secret":""}'"""]
)
def test_a_helper_that_holds_nothing_is_no_error(ask, script):
    """Both ways to say "none" mean that there is no credential."""
    assert ask(script) is None


@pytest.mark.parametrize(
    ("script", "said"),
    [("echo locked >&2; exit 1", "locked"), ("echo '{'", "no user name"), ("echo '[]'", "no user name")],
)
def test_a_helper_that_fails_is_an_error(ask, script, said):
    """Any other failure is an error with what the helper said."""
    with pytest.raises(CredentialError, match=said):
        ask(script)


def test_a_missing_helper_is_named():
    """A helper that is not installed is an error that names it and the registry."""
    with pytest.raises(CredentialError, match="r: docker-credential-nowhere is not installed"):
        ask_helper("nowhere", "r", run=run, environ={"PATH": "/nowhere"})
