"""What a failed connection means, in our errors."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

from tagboat.errors import NetworkError
from tagboat.net.message import HttpRequest
from tagboat.net.redirect import origin


class ConnectionLostError(NetworkError):
    """The connection failed in a way that may not happen again."""


def network_error(error: Exception, request: HttpRequest) -> NetworkError:
    """Return our error for one of httpx's; only a `ConnectionLostError` is worth another try."""
    for cause in _causes(error):
        if known := _known(cause, request):
            return known
    return ConnectionLostError(f"{request}: {str(error) or type(error).__name__}", "check the network, then run again")


def _known(cause: BaseException, request: HttpRequest) -> NetworkError | None:
    """Return what one link of a chain of exceptions means, None for those that say nothing in particular."""
    _, host, port = origin(request.url)
    match cause:
        case ssl.SSLCertVerificationError():
            return NetworkError(
                f"{host}: the certificate is not trusted: {cause.verify_message}",
                "name the authority's PEM file in ca-file",
            )
        case ssl.SSLError() if cause.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE"):
            return NetworkError(
                f"{host}:{port} does not speak TLS",
                f"if it may be plain HTTP, add {host}:{port} to insecure-registries",
            )
        case socket.gaierror() if cause.errno == socket.EAI_NONAME:
            return NetworkError(f"{host}: there is no host of this name", "check the registry's name and the DNS")
        case ConnectionRefusedError():
            return ConnectionLostError(f"{host}:{port} refuses connections", "check that the registry runs")
        case _:
            return None


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
