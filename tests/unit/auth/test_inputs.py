"""The laws of credentials from inputs and from the CI system."""

from __future__ import annotations

import pytest

from tagboat.auth.inputs import GithubSource, GitlabSource, InputSource
from tagboat.flow.request import Credentials
from tagboat.secret import Secret

GITLAB = {
    "CI_REGISTRY": "registry.example:5050",
    "CI_REGISTRY_USER": "ci",
    "CI_REGISTRY_PASSWORD": "p",
    "CI_JOB_TOKEN": "j",
    "CI_DEPENDENCY_PROXY_SERVER": "gitlab.example:443",
    "CI_DEPENDENCY_PROXY_USER": "d",
    "CI_DEPENDENCY_PROXY_PASSWORD": "q",
}


def shown(credential):
    """Return user name and secret, or None."""
    return credential and (credential.username, credential.secret.reveal())


def test_the_inputs_hold_for_their_registry_alone():
    """A credential of the inputs is found under each name of its registry, and under no other."""
    source = InputSource(
        credentials=[
            Credentials(registry="", username="hub", password=Secret("h")),
            Credentials(registry="https://ghcr.io", username="git", password=Secret("g")),
        ]
    )
    assert shown(source.find("docker.io", "library/alpine")) == ("hub", "h")
    assert shown(source.find("ghcr.io", "me/app")) == ("git", "g")
    assert source.find("quay.io", "me/app") is None


@pytest.mark.parametrize(
    ("token", "environ", "found"),
    [
        ("", {}, None),
        ("", {"GITHUB_TOKEN": ""}, None),
        ("", {"GITHUB_TOKEN": "t", "GITHUB_ACTOR": "octocat"}, ("octocat", "t")),
        ("input", {"GITHUB_TOKEN": "t"}, ("github-actions", "input")),
    ],
)
def test_github_s_token_is_for_github_s_registry(token, environ, found):
    """The job's token serves ghcr.io and nothing else; an empty one is none."""
    source = GithubSource(token=Secret(token), environ=environ)
    assert shown(source.find("ghcr.io", "me/app")) == found
    assert source.find("docker.io", "me/app") is None


@pytest.mark.parametrize(
    "environ",
    [
        {"GITHUB_SERVER_URL": "https://codeberg.org"},
        {"GITHUB_SERVER_URL": "https://github.example.com"},
        {"GITHUB_ACTIONS": "true", "GITEA_ACTIONS": "true"},
        {"GITHUB_ACTIONS": "true", "FORGEJO_ACTIONS": "true"},
    ],
)
def test_another_forge_s_token_is_not_for_github(environ):
    """The job's token of Gitea, Forgejo or GitHub Enterprise Server is never shown to ghcr.io."""
    assert GithubSource(token=Secret("t"), environ=environ).find("ghcr.io", "me/app") is None


def test_gitlab_s_variables_name_their_registries():
    """GitLab's registry and proxy are found by their variables; without a password the job's token serves."""
    source = GitlabSource(environ=GITLAB)
    assert shown(source.find("registry.example:5050", "a")) == ("ci", "p")
    assert shown(source.find("gitlab.example:443", "a")) == ("d", "q")
    assert shown(source.find("gitlab.example", "group/dependency_proxy/containers/alpine")) == ("d", "q")
    assert source.find("docker.io", "a") is None
    bare = GitlabSource(environ={**GITLAB, "CI_REGISTRY_PASSWORD": ""})
    assert shown(bare.find("registry.example:5050", "a")) == ("gitlab-ci-token", "j")
    assert GitlabSource(environ={}).find("", "") is None
