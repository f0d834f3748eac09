"""The laws of registries' names."""

from __future__ import annotations

import pytest

from tagboat.auth.host import lookup_keys, normal_host, server_key


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("", "docker.io"),
        ("docker.io", "docker.io"),
        ("index.docker.io", "docker.io"),
        ("registry-1.docker.io", "docker.io"),
        ("https://index.docker.io/v1/", "docker.io"),
        ("index.docker.io/v1/", "docker.io"),
        ("https://GHCR.io", "ghcr.io"),
        ("https://ghcr.io/v2/", "ghcr.io"),
        ("http://localhost:5000", "localhost:5000"),
        ("quay.io/team", "quay.io/team"),
    ],
)
def test_the_names_of_one_registry_are_one(text, host):
    """Schemes, and paths behind them, do not matter; Docker Hub has many names and is one."""
    assert normal_host(text) == host


def test_namespaces_are_looked_up_first():
    """The longest name wins, the registry comes last."""
    assert lookup_keys("quay.io", "team/app") == ("quay.io/team/app", "quay.io/team", "quay.io")
    assert lookup_keys("quay.io", "") == ("quay.io",)


def test_docker_hub_is_stored_under_its_old_address():
    """Helpers know Docker Hub by the address of its first version."""
    assert server_key("docker.io") == "https://index.docker.io/v1/"
    assert server_key("ghcr.io") == "ghcr.io"
