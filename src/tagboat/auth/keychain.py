"""The keychain: credentials by registry, from the first source that has one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, Self

from tagboat.auth.credential import Credential
from tagboat.auth.docker_config import ConfigSource
from tagboat.auth.helpers import Run
from tagboat.auth.inputs import GithubSource, GitlabSource, InputSource
from tagboat.flow.request import Credentials
from tagboat.secret import Secret


class Source(Protocol):
    """A place where credentials may be found."""

    def find(self, registry: str, repository: str) -> Credential | None:
        """Return the credential for `registry` (as in references, `docker.io` for the Hub), or None; broken raises."""


class Keychain:
    """Credentials from ordered sources, looked up when a registry asks."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = tuple(sources)

    @classmethod
    def usual(
        cls,
        *,
        credentials: Sequence[Credentials],
        github_token: Secret,
        environ: Mapping[str, str],
        home: Path | None,
        uid: int,
        run: Run,
    ) -> Self:
        """Return the keychain of a run: the inputs, then the CI system's own, then the files on this machine."""
        return cls(
            (
                InputSource(credentials=credentials),
                GithubSource(token=github_token, environ=environ),
                GitlabSource(environ=environ),
                ConfigSource(environ=environ, run=run, home=home, uid=uid),
            )
        )

    def credential(self, registry: str, repository: str = "") -> Credential | None:
        """Return the first source's credential, None when there is none: the caller is anonymous.

        Raises `CredentialError` when the first that has one has a broken one; it is never passed over.
        """
        for source in self._sources:
            found = source.find(registry, repository)
            if found is not None:
                found.check(registry)
                return found
        return None
