"""Credentials from the inputs and from what the CI system itself gives a job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tagboat.auth.credential import Credential
from tagboat.auth.host import normal_host
from tagboat.flow.context import System
from tagboat.flow.request import Credentials
from tagboat.secret import Secret

_GITHUB = "https://github.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class InputSource:
    """The inputs `registry`, `username`, `password` and `registry-auth`."""

    credentials: Sequence[Credentials]

    def find(self, registry: str, repository: str) -> Credential | None:  # noqa: ARG002 - they hold for all of a registry
        """Return the credential that the inputs give for this registry."""
        for given in self.credentials:
            if normal_host(given.registry) == registry:
                return Credential.of(given.username, given.password.reveal(), "the inputs username and password")
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class GithubSource:
    """The job's own token, for GitHub's registry."""

    token: Secret
    environ: Mapping[str, str]

    def find(self, registry: str, repository: str) -> Credential | None:  # noqa: ARG002 - as above
        """Return the token for ghcr.io; the registry reads only the token, any user name does.

        The token of another forge, which runs the same workflows, is not for GitHub to see.
        """
        token = self.token.reveal() or self.environ.get("GITHUB_TOKEN", "")
        server = self.environ.get("GITHUB_SERVER_URL", _GITHUB).rstrip("/")
        is_foreign = server != _GITHUB or System.of(self.environ) in {System.GITEA, System.FORGEJO}
        if registry != "ghcr.io" or not token or is_foreign:
            return None
        return Credential.of(self.environ.get("GITHUB_ACTOR") or "github-actions", token, "GITHUB_TOKEN", of_job=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class GitlabSource:
    """The job's own credentials, for GitLab's registry and its dependency proxy."""

    environ: Mapping[str, str]

    def find(self, registry: str, repository: str) -> Credential | None:  # noqa: ARG002 - as above
        """Return the credential of a registry that GitLab's predefined variables name."""
        get = self.environ.get
        if get("CI_REGISTRY") and registry == normal_host(get("CI_REGISTRY", "")):
            if get("CI_REGISTRY_PASSWORD"):
                return Credential.of(
                    get("CI_REGISTRY_USER", ""), get("CI_REGISTRY_PASSWORD", ""), "CI_REGISTRY_PASSWORD"
                )
            if get("CI_JOB_TOKEN"):
                return Credential.of("gitlab-ci-token", get("CI_JOB_TOKEN", ""), "CI_JOB_TOKEN", of_job=True)
        proxy = get("CI_DEPENDENCY_PROXY_SERVER")
        if proxy and _portless(registry) == _portless(proxy) and get("CI_DEPENDENCY_PROXY_PASSWORD"):
            return Credential.of(
                get("CI_DEPENDENCY_PROXY_USER", ""),
                get("CI_DEPENDENCY_PROXY_PASSWORD", ""),
                "CI_DEPENDENCY_PROXY_PASSWORD",
            )
        return None


def _portless(host: str) -> str:
    """Return a host without HTTPS's own port: GitLab writes it for its proxy, people leave it out."""
    return normal_host(host).removesuffix(":443")
