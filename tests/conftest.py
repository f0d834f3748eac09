"""Fixtures for all tests: registries, fake and real, and clients for them."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from fakes.clock import Clock
from fakes.progress import KeptProgress
from fakes.registry import FakeRegistry
from fakes.script import Quirks
from fakes.servers import DISTRIBUTION, JUDGES, missing_programs, serve
from tagboat.auth.inputs import InputSource
from tagboat.auth.keychain import Keychain
from tagboat.flow.request import Credentials
from tagboat.net.client import HttpClient
from tagboat.registry.client import Registry
from tagboat.secret import Secret


@pytest.fixture
def clock():
    """Return a clock that moves only when somebody sleeps."""
    return Clock()


@pytest.fixture
def progress():
    """Return a listener that keeps what it is told."""
    return KeptProgress()


@pytest.fixture
def connect(clock):
    """Make HTTP clients on the still clock, with the longest jitter: `connect(ca_file=…, environ=…)`."""
    with contextlib.ExitStack() as stack:

        def make(**options) -> HttpClient:
            settings = {"environ": {}, "sleep": clock.sleep, "random": lambda: 1.0, "now": clock.now, **options}
            return stack.enter_context(HttpClient(**settings))

        yield make


@pytest.fixture
def fake(clock):
    """Start fake registries: `fake(auth=Auth.BASIC, …)` takes the fields of `Quirks`."""
    with contextlib.ExitStack() as stack:
        yield lambda **quirks: stack.enter_context(FakeRegistry(Quirks(**quirks), now=clock.now))


@pytest.fixture
def client(connect):
    """Make clients for a registry: `client(host, "me", "right")`, anonymous without a name."""

    def make(host="", username="", password="", **options) -> Registry:
        given = Credentials(registry=host, username=username, password=Secret(password))
        return Registry(connect(**options), Keychain([InputSource(credentials=[given] if username else [])]))

    return make


@pytest.fixture(scope="session")
def plain_registry(tmp_path_factory):
    """Debian's docker-registry without TLS and passwords."""
    if missing := missing_programs("docker-registry"):
        pytest.skip(f"not installed: {missing}")
    with serve(tmp_path_factory.mktemp("plain-registry")) as registry:
        yield registry


@pytest.fixture(scope="session")
def tls_registry(tmp_path_factory):
    """Debian's docker-registry with a certificate of our own authority, user `me` and password `right`."""
    if missing := missing_programs("docker-registry", "htpasswd"):
        pytest.skip(f"not installed: {missing}")
    folder = tmp_path_factory.mktemp("tls-registry")
    with serve(folder, tls=certificate(folder)) as registry:
        yield registry


@pytest.fixture(scope="session")
def distribution_registry(tmp_path_factory):
    """Distribution 3, what docker-registry became, with TLS and a password as `tls_registry`."""
    if missing := missing_programs(DISTRIBUTION, "htpasswd"):
        pytest.skip(f"not installed: {missing}; tests/e2e/setup_judges.sh {JUDGES} makes the judges")
    folder = tmp_path_factory.mktemp("distribution-registry")
    with serve(folder, tls=certificate(folder), program=DISTRIBUTION) as registry:
        yield registry


def certificate(folder: Path) -> tuple[Path, Path, Path]:
    """Write a server's certificate, its key and the authority that nobody trusts yet."""
    import trustme

    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1", "localhost")
    files = folder / "server.pem", folder / "server.key", folder / "ca.pem"
    for pem, file in zip((issued.cert_chain_pems[0], issued.private_key_pem, authority.cert_pem), files, strict=True):
        pem.write_to_path(file)
    return files
