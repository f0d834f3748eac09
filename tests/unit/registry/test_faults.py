"""The laws of telling what a registry refused."""

from __future__ import annotations

import json

import pytest

from tagboat.auth.credential import Credential
from tagboat.errors import CredentialError, NetworkError, RegistryError
from tagboat.net.message import HttpReply
from tagboat.oci.digest import Digest
from tagboat.oci.reference import Repository
from tagboat.registry.faults import JobTokenRefusedError, MissingPartsError, complaints, refusal, token_refusal

APP = Repository(registry="ghcr.io", path="me/app")
ME = Credential.of("me", "hidden-word", "the inputs")
JOB = Credential.of("github-actions", "job-token", "GITHUB_TOKEN", of_job=True)


def reply(status, body=b"", **entry):
    """Return a reply with a body, or with the specification's form of one error."""
    if entry:
        body = json.dumps({"errors": [entry]}).encode()
    return HttpReply(status=status, headers={}, url="https://ghcr.io/v2/me/app/x?_state=secret", body=body)


def said(answer, credential=ME):
    """Return the error for a reply."""
    return refusal(answer, asked="PUT", repository=APP, credential=credential)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"errors":[{"code":"DENIED","message":"no"},{"code":"UNSUPPORTED"}]}', ["DENIED: no", "UNSUPPORTED"]),
        (b'{"details":"incorrect username"}', ["incorrect username"]),
        (b'{"message":"AWS says no"}', ["AWS says no"]),
        (b'{"error":"invalid_grant","error_description":"expired"}', ["expired"]),
        (b'{"errors":[{"status":406,"message":"m"}]}', ["m"]),
        (b"404 page not found", ["404 page not found"]),
        (b"<html><h1>Bad\n gateway</h1></html>", ["Bad gateway"]),
        (b'["x"]', ['["x"]']),
        (b"", []),
    ],
)
def test_all_forms_of_error_bodies_are_read(body, words):
    """The specification's form, other JSON, HTML and plain text all give words."""
    assert [str(complaint) for complaint in complaints(reply(400, body))] == words


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, RegistryError), (401, CredentialError), (403, RegistryError), (429, RegistryError), (503, NetworkError)],
)
def test_the_status_decides_the_exit_code(status, kind):
    """Refusals are the registry's, 401 is about credentials, trouble of the moment is the network's."""
    assert type(said(reply(status))) is kind


def test_a_refusal_names_what_was_asked_and_shows_no_secret():
    """The error names repository, method, address, status and words, and stars out what the server repeats."""
    text = str(said(reply(403, code="DENIED", message="not for hidden-word")))
    assert text == "ghcr.io/me/app: PUT https://ghcr.io/v2/me/app/x?_state=***: 403 Forbidden: DENIED: not for ***"


@pytest.mark.parametrize(
    ("status", "message", "hint"),
    [
        (403, "permission_denied: write_package", "packages: write"),
        (403, "installation not allowed to Create organization package", "packages: write"),
        (404, "The repository with name 'x' does not exist in the registry", "ECR"),
        (401, "project x not found", "does not take this password"),
        (403, "project x not found", "Harbor"),
        (429, "slow down", "quota"),
        (400, "the tag is immutable", "another"),
        (403, "requested access to the resource is denied", "write to this repository"),
        (400, "something else", ""),
    ],
)
def test_known_refusals_come_with_their_remedy(status, message, hint):
    """What registries are known to say is answered with the smallest next act."""
    error = said(reply(status, code="X", message=message))
    assert hint in error.hint
    assert bool(hint) == bool(error.hint)


def test_a_refused_password_is_named_by_its_source():
    """Whose credential was refused is said, and when there was none, that."""
    assert "user me, password from the inputs" in str(said(reply(401)))
    assert "no credential for ghcr.io" in said(reply(401), credential=None).hint


def test_missing_parts_are_known_by_their_digests():
    """Details that are digests, or objects with one, are all understood; others are passed over."""
    first, second = Digest.of(b"1"), Digest.of(b"2")
    details = [first, {"digest": second}, {"other": 1}, None]
    body = json.dumps({"errors": [{"code": "MANIFEST_BLOB_UNKNOWN", "detail": detail} for detail in details]})
    error = said(reply(404, body.encode()))
    assert isinstance(error, MissingPartsError)
    assert error.missing == (first, second)


@pytest.mark.parametrize(("status", "kind"), [(400, CredentialError), (403, CredentialError), (502, NetworkError)])
def test_a_token_refused_is_about_credentials(status, kind):
    """A token server's no is about the credential, its trouble is the network's."""
    error = token_refusal(reply(status, b"hidden-word is wrong"), registry="ghcr.io", credential=ME)
    assert type(error) is kind
    assert "hidden-word" not in str(error)


def test_a_job_token_that_may_not_write_is_told_apart():
    """A 403 for the job's own token, from the registry or its token server, may mean no more than a read-only job."""
    denied = reply(403, code="DENIED", message="requested access to the resource is denied")
    assert type(said(denied, JOB)) is JobTokenRefusedError
    assert type(token_refusal(denied, registry="ghcr.io", credential=JOB)) is JobTokenRefusedError
    assert type(said(denied, ME)) is RegistryError


@pytest.mark.parametrize(
    "message",
    ["permission_denied: write_package", "installation not allowed to Create organization package"],
)
def test_what_a_package_forbids_is_no_read_only_token(message):
    """A package that does not know the repository is a fault to be mended, whatever the job may do."""
    error = said(reply(403, code="DENIED", message=message), JOB)
    assert type(error) is RegistryError
    assert "packages: write" in error.hint
