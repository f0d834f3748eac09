"""What a registry's refusal means, in our errors: who was asked what, what it said, and what to do."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from tagboat.auth.credential import Credential
from tagboat.errors import CredentialError, InputError, NetworkError, RegistryError, TagboatError
from tagboat.net.message import HttpReply
from tagboat.net.redact import redact_text, redact_url
from tagboat.net.retry import is_transient
from tagboat.oci.digest import Digest
from tagboat.oci.reference import Repository

_SHOWN_CHARACTERS = 500
_PACKAGE_SETTINGS = "write_package|Create organization package"  # actions/runner#1039
# What registries say, and what to do about it; the first that matches counts.
_HINTS = (
    (
        _PACKAGE_SETTINGS,
        "give the job `packages: write`, and the package this repository under Manage Actions access",
    ),
    (r"repository with name .* does not exist", "create the repository in ECR, or a creation template for it"),
    (r"project .* not found", "create the project in Harbor first"),
    (r"TOOMANYREQUESTS|rate limit", "log in for a larger quota, use a mirror, or wait"),
    (r"immutable|cannot be overwritten", "this tag exists and may not move: use another"),
    (r"MANIFEST_BLOB_UNKNOWN", "push again: the registry lost a part of the image"),
    (r"insufficient_scope|DENIED|denied|UNAUTHORIZED", "check that the account may write to this repository"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """One entry of an error body (distribution-spec, "Error Codes")."""

    code: str = ""
    message: str = ""
    detail: Any = None

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.code, self.message)))


class MissingPartsError(RegistryError):
    """The registry does not take a manifest because it lacks what it names: `missing` (empty when it does not say)."""

    def __init__(self, problem: str, hint: str, missing: Iterable[Digest]) -> None:
        super().__init__(problem, hint)
        self.missing = tuple(missing)


class NotThereError(RegistryError):
    """The registry has no such repository, tag or manifest, or does not show it to us."""


class JobTokenRefusedError(CredentialError):
    """The registry does not let the job's own token do this: most often it is read-only by the job's settings."""


def complaints(reply: HttpReply) -> tuple[Complaint, ...]:
    """Return what an error body says, in the specification's form or in another that registries send."""
    try:
        document = json.loads(reply.body)
    except ValueError:
        return (Complaint(message=_plain(reply)),) if reply.body.strip() else ()
    if not isinstance(document, dict):
        return (Complaint(message=_plain(reply)),)
    entries = document.get("errors")
    if isinstance(entries, list) and entries:
        return tuple(_complaint(entry) for entry in entries)
    # Docker Hub's token server says {"details"}, AWS {"message"}, OAuth {"error_description"}.
    texts = [document.get(key) for key in ("details", "message", "error_description", "error")]
    said = next((text for text in texts if isinstance(text, str)), _plain(reply))
    return (Complaint(message=said),)


def refusal(reply: HttpReply, *, asked: str, repository: Repository, credential: Credential | None) -> TagboatError:
    """Return the error for a registry's answer to `asked` (the method, and what was to be done)."""
    said = complaints(reply)
    words = redact_text("; ".join(map(str, said)), credential.secrets if credential else ())
    problem = f"{repository}: {asked} {redact_url(reply.url)}: {reply.status_text}" + (f": {words}" if words else "")
    if reply.status == HTTPStatus.FORBIDDEN and _is_read_only(credential, words):
        return _read_only(problem)
    if reply.status == HTTPStatus.UNAUTHORIZED:
        return _unauthorized(problem, repository.registry, credential)
    if any(complaint.code == "MANIFEST_BLOB_UNKNOWN" for complaint in said):
        return MissingPartsError(problem, _hint(words), _digests(said))
    if is_transient(reply.status) and reply.status != HTTPStatus.TOO_MANY_REQUESTS:
        return NetworkError(problem, "the registry has trouble of its own: run again later")
    hint = _hint(words if reply.status != HTTPStatus.TOO_MANY_REQUESTS else "TOOMANYREQUESTS")
    return RegistryError(problem, hint)


def token_refusal(reply: HttpReply, *, registry: str, credential: Credential | None) -> TagboatError:
    """Return the error for a token server's answer."""
    words = redact_text("; ".join(map(str, complaints(reply))), credential.secrets if credential else ())
    problem = f"{registry}: no token from {redact_url(reply.url)}: {reply.status_text}" + (
        f": {words}" if words else ""
    )
    if is_transient(reply.status):
        return NetworkError(problem, "the token server has trouble of its own: run again later")
    if _is_read_only(credential, words):
        return _read_only(problem)
    return _unauthorized(problem, registry, credential)


def _is_read_only(credential: Credential | None, words: str) -> bool:
    """Say whether a refusal may mean a read-only job token; what the package's own settings forbid is another thing."""
    return credential is not None and credential.of_job and not re.search(_PACKAGE_SETTINGS, words)


def _read_only(problem: str) -> JobTokenRefusedError:
    return JobTokenRefusedError(problem, "give the job the right to write: `permissions: packages: write`")


def _unauthorized(problem: str, registry: str, credential: Credential | None) -> CredentialError:
    if credential is None:
        return CredentialError(
            problem, f"no credential for {registry} was found: set registry, username and password, or log in"
        )
    who = f"user {credential.username}, " if credential.username else ""
    return CredentialError(
        f"{problem} ({who}{credential.kind} from {credential.source})",
        f"{registry} does not take this {credential.kind} here: check that it is right and not expired",
    )


def _complaint(entry: Any) -> Complaint:
    if not isinstance(entry, dict):
        return Complaint(message=str(entry)[:_SHOWN_CHARACTERS])
    code, message = str(entry.get("code") or ""), str(entry.get("message") or "")
    return Complaint(code=code, message=message[:_SHOWN_CHARACTERS], detail=entry.get("detail"))


def _digests(said: Iterable[Complaint]) -> tuple[Digest, ...]:
    """Return the digests that are missing; a detail is the digest itself, or an object that holds it."""
    found = []
    for complaint in said:
        detail = complaint.detail
        text = detail.get("digest") or detail.get("Digest") if isinstance(detail, dict) else detail
        try:
            found.append(Digest.parse(str(text)))
        except InputError:
            continue
    return tuple(found)


def _plain(reply: HttpReply) -> str:
    text = reply.body[: 4 * _SHOWN_CHARACTERS].decode(errors="replace")
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text)).strip()[:_SHOWN_CHARACTERS]


def _hint(words: str) -> str:
    return next((hint for pattern, hint in _HINTS if re.search(pattern, words, re.IGNORECASE)), "")
