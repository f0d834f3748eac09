"""The laws of the keychain."""

from __future__ import annotations

import json

import pytest

from tagboat.auth.keychain import Keychain
from tagboat.errors import CredentialError
from tagboat.flow.request import Credentials
from tagboat.proc import run
from tagboat.secret import Secret


def usual(home, *, credentials=(), environ=None):
    """Return the keychain of a run with this home folder."""
    return Keychain.usual(
        credentials=credentials, github_token=Secret(""), environ=environ or {}, home=home, uid=1, run=run
    )


def test_the_inputs_come_before_the_ci_and_the_ci_before_files(tmp_path):
    """The first source that has a credential gives it."""
    (tmp_path / ".docker").mkdir()
    entry = {"auths": {"ghcr.io": {"username": "file", "password": "f"}}}
    (tmp_path / ".docker/config.json").write_text(json.dumps(entry))
    given = Credentials(registry="ghcr.io", username="input", password=Secret("i"))
    environ = {"GITHUB_TOKEN": "t", "GITHUB_ACTOR": "actor"}
    found = [
        usual(tmp_path, credentials=[given], environ=environ),
        usual(tmp_path, environ=environ),
        usual(tmp_path),
    ]
    assert [keychain.credential("ghcr.io", "me/app").username for keychain in found] == ["input", "actor", "file"]


def test_nothing_is_anonymous(tmp_path):
    """Where no source has a credential there is none."""
    assert usual(tmp_path).credential("ghcr.io", "me/app") is None


def test_a_broken_credential_is_not_passed_over(tmp_path):
    """An empty password from the inputs is an error, even where the CI has another; other registries go on."""
    given = Credentials(registry="ghcr.io", username="me", password=Secret(""))
    keychain = usual(tmp_path, credentials=[given], environ={"GITHUB_TOKEN": "t"})
    with pytest.raises(CredentialError, match="empty"):
        keychain.credential("ghcr.io", "me/app")
    assert keychain.credential("docker.io", "me/app") is None
