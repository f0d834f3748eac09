"""The laws of one credential."""

from __future__ import annotations

import pytest

from tagboat.auth.credential import Credential, Kind
from tagboat.errors import CredentialError
from tagboat.secret import Secret


@pytest.mark.parametrize("secret", ["", "  ", "$REGISTRY_PASSWORD", "${TOKEN}", "${{ secrets.TOKEN }}"])
def test_a_secret_that_nobody_filled_in_is_said_with_its_source(secret):
    """Empty text and the text of a variable are no passwords; the error names the registry and the source."""
    with pytest.raises(CredentialError, match=r"ghcr\.io: the password from the inputs") as raised:
        Credential.of("me", secret, "the inputs").check("ghcr.io")
    assert raised.value.hint


@pytest.mark.parametrize("secret", ["$ecret", "pa$$WORD", "${x", "a:b", "$1"])
def test_odd_passwords_are_passwords(secret):
    """A dollar sign alone does not make a variable."""
    Credential.of("me", secret, "the inputs").check("ghcr.io")


def test_a_password_wants_a_user_name():
    """A password without a user name is said, a token needs none."""
    with pytest.raises(CredentialError, match="no user name"):
        Credential.of("", "right", "the inputs").check("r.example")
    Credential(kind=Kind.REGISTRY_TOKEN, secret=Secret("token"), source="a file").check("r.example")


def test_a_line_end_is_no_part_of_a_secret():
    """What an editor added to a secret's file is taken off; blanks, which may be meant, are not."""
    assert Credential.of("me", " right \r\n", "a file").secret.reveal() == " right "


def test_the_name_token_marks_an_identity_token():
    """Docker's user name `<token>` says that the password is an identity token."""
    assert Credential.of("<token>", "x", "a file").kind is Kind.IDENTITY_TOKEN
    assert Credential.of("me", "x", "a file").kind is Kind.PASSWORD


def test_a_credential_shows_no_secret():
    """Neither the secret nor its form in a header is shown, and both are known as secret."""
    credential = Credential.of("me", "hidden", "a file")
    assert "hidden" not in repr(credential)
    assert credential.basic() == "Basic bWU6aGlkZGVu"
    assert {secret.reveal() for secret in credential.secrets} == {"hidden", "bWU6aGlkZGVu"}
