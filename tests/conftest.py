"""Fixtures for all tests: registries, fake and real, and clients for them."""

from __future__ import annotations

import contextlib

import pytest

from fakes.clock import Clock
from fakes.progress import KeptProgress
from fakes.registry import FakeRegistry
from fakes.script import Quirks
from fakes.servers import missing_programs, serve
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
    import trustme

    folder = tmp_path_factory.mktemp("tls-registry")
    authority = trustme.CA()
    issued = authority.issue_cert("127.0.0.1", "localhost")
    certificate, key, ca_file = folder / "server.pem", folder / "server.key", folder / "ca.pem"
    issued.cert_chain_pems[0].write_to_path(certificate)
    issued.private_key_pem.write_to_path(key)
    authority.cert_pem.write_to_path(ca_file)
    with serve(folder, tls=(certificate, key, ca_file)) as registry:
        yield registry
