"""The laws of finding out who speaks TLS."""

from __future__ import annotations

import socket

from tagboat.net.probe import speaks_tls


def port_of(host):
    """Return the port of `host:port`."""
    return int(host.rpartition(":")[2])


def test_servers_are_told_apart(fake, plain_registry, tls_registry):
    """A server with TLS is found, one without is not, whatever it is written in."""
    found = [speaks_tls("127.0.0.1", port_of(server.host)) for server in (fake(), plain_registry, tls_registry)]
    assert found == [False, False, True]


def test_nobody_there_speaks_nothing():
    """A closed port is no error: the request that follows will say it better."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        assert not speaks_tls("127.0.0.1", reserved.getsockname()[1])
