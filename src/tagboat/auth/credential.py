"""One registry's credential, and the faults that CI systems make of it."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from enum import StrEnum

from tagboat.errors import CredentialError
from tagboat.secret import Secret

_UNEXPANDED = re.compile(r"\$[A-Z_][A-Z0-9_]*|\$\{[A-Za-z_][A-Za-z0-9_]*\}")
_EXPRESSION = re.compile(r"\$\{\{.*\}\}", re.DOTALL)


class Kind(StrEnum):
    """What the secret of a credential is."""

    PASSWORD = "password"
    IDENTITY_TOKEN = "identity token"  # exchanged for access tokens (OAuth 2 refresh token)
    REGISTRY_TOKEN = "registry token"  # an access token, sent as it is


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """What proves who we are; `source` says for people where it was found.

    `of_job` marks the token that the CI system itself gives a job, which may be read-only without anybody's fault.
    """

    kind: Kind
    secret: Secret
    source: str
    username: str = ""
    of_job: bool = False

    @classmethod
    def of(cls, username: str, secret: str, source: str, *, of_job: bool = False) -> Credential:
        """Return the credential of a user name and secret; the name `<token>` marks an identity token.

        A line end after the secret is not part of it, as for `docker login --password-stdin`.
        """
        kind = Kind.IDENTITY_TOKEN if username == "<token>" else Kind.PASSWORD
        text = Secret(secret.rstrip("\r\n"))
        return cls(kind=kind, username=username, secret=text, source=source, of_job=of_job)

    def basic(self) -> str:
        """Return the value of an `Authorization` header of the Basic scheme (RFC 7617)."""
        return "Basic " + base64.b64encode(f"{self.username}:{self.secret.reveal()}".encode()).decode()

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Every text that must not be shown: the secret, and the form it takes in a header."""
        return (self.secret, Secret(self.basic().removeprefix("Basic ")))

    def check(self, registry: str) -> None:
        """Raise `CredentialError` when the secret cannot be one: empty, or a variable that nobody filled in."""
        text = self.secret.reveal()
        if not text.strip():
            raise CredentialError(
                f"{registry}: the {self.kind} from {self.source} is empty",
                "set the secret; runs for forks and Dependabot do not see it, protected variables need a protected ref",
            )
        if _EXPRESSION.fullmatch(text) or _UNEXPANDED.fullmatch(text):
            raise CredentialError(
                f"{registry}: the {self.kind} from {self.source} is the text of a variable that was not filled in",
                "define the variable where this job sees it, and let the CI system expand it",
            )
        if self.kind is Kind.PASSWORD and not self.username:
            raise CredentialError(
                f"{registry}: {self.source} gives a password but no user name", "set the user name too"
            )
