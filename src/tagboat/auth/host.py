"""The names that one registry goes by in credential files."""

from __future__ import annotations

from tagboat.oci.reference import DOCKER_HUB

HUB_KEY = "https://index.docker.io/v1/"
_HUB_HOSTS = {DOCKER_HUB, "index.docker.io", "registry-1.docker.io", ""}


def normal_host(text: str) -> str:
    """Return the registry that a key or an input names: without scheme, and without path where it had a scheme."""
    text = text.strip().lower()
    host = text.removeprefix("https://").removeprefix("http://")
    host = host.partition("/")[0] if host != text else host.rstrip("/")
    return DOCKER_HUB if host.removesuffix("/v1").removesuffix("/v2") in _HUB_HOSTS else host


def server_key(registry: str) -> str:
    """Return the name that credential helpers store this registry under."""
    return HUB_KEY if registry == DOCKER_HUB else registry


def lookup_keys(registry: str, repository: str) -> tuple[str, ...]:
    """Return the keys that may hold a repository's credential, most specific first (containers-auth.json(5))."""
    parts = repository.split("/") if repository else []
    paths = ["/".join(parts[:count]) for count in range(len(parts), 0, -1)]
    return (*(f"{registry}/{path}" for path in paths), registry)
