"""Whether a server speaks TLS, asked with one connection and no HTTP request."""

from __future__ import annotations

import contextlib
import socket
import ssl

_TIMEOUT_SECONDS = 5
_TLS_RECORDS = (b"\x15", b"\x16")  # alert, handshake: RFC 8446 §5.1


def speaks_tls(host: str, port: int) -> bool:
    """Say whether what listens there answers a TLS greeting in kind; nobody there is a no."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    greeting = ssl.MemoryBIO()
    handshake = context.wrap_bio(ssl.MemoryBIO(), greeting, server_hostname=host)
    with contextlib.suppress(ssl.SSLWantReadError):
        handshake.do_handshake()
    try:
        with socket.create_connection((host, port), timeout=_TIMEOUT_SECONDS) as connection:
            # The line ends make a server that reads HTTP lines answer, instead of waiting for the rest.
            connection.sendall(greeting.read() + b"\r\n\r\n")
            return connection.recv(1) in _TLS_RECORDS
    except OSError:
        return False
