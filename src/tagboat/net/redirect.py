"""Where a redirect leads, and what of the request may go there: pure."""

from __future__ import annotations

import dataclasses
import ipaddress
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urljoin, urlsplit

from tagboat.errors import RegistryError
from tagboat.net.message import HttpRequest
from tagboat.net.redact import redact_url

_REDIRECTS = {
    HTTPStatus.MOVED_PERMANENTLY,
    HTTPStatus.FOUND,
    HTTPStatus.SEE_OTHER,
    HTTPStatus.TEMPORARY_REDIRECT,
    HTTPStatus.PERMANENT_REDIRECT,
}
_PORTS = {"http": 80, "https": 443}


def origin(url: str) -> tuple[str, str, int]:
    """Return scheme, host and port of an address: what credentials are bound to."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)


def check_target(url: str, *, source: str) -> None:
    """Raise `RegistryError` when a server at `source` must not lead us to `url`.

    Not from TLS to plain text, and not from elsewhere to this machine or a cloud's metadata service.
    """
    scheme, host, _ = origin(url)
    source_scheme, source_host, _ = origin(source)
    if scheme not in _PORTS or not host or (source_scheme == "https" and scheme == "http"):
        raise RegistryError(
            f"{source_host} leads to {redact_url(url)}, which is not HTTPS",
            "a registry behind a proxy needs X-Forwarded-Proto, or its own external address configured",
        )
    if host != source_host and _is_forbidden(host, source_host):
        raise RegistryError(
            f"{source_host} leads to {redact_url(url)}, an address inside this machine", "that looks like an attack"
        )


def redirected(request: HttpRequest, status: int, headers: Mapping[str, str]) -> HttpRequest | None:
    """Return the request that follows a redirect, or None when the reply is no redirect.

    The method and the body stay, but for 303 (RFC 9110 §15.4.4); `Authorization` stays with its origin.
    """
    location = headers.get("location", "")
    if status not in _REDIRECTS or not location:
        return None
    url = urljoin(request.url, location)
    check_target(url, source=request.url)
    kept = dict(request.headers)
    if origin(url) != origin(request.url):
        kept = {name: value for name, value in kept.items() if name.lower() not in ("authorization", "cookie")}
    if status == HTTPStatus.SEE_OTHER and request.method != "HEAD":
        kept = {name: value for name, value in kept.items() if not name.lower().startswith("content-")}
        return dataclasses.replace(request, method="GET", url=url, headers=kept, body=b"")
    return dataclasses.replace(request, url=url, headers=kept)


def _is_forbidden(host: str, source_host: str) -> bool:
    """Say whether a host is a cloud's metadata service, or this machine while the source is another."""
    if is_loopback(host):
        return not is_loopback(source_host)
    try:
        return ipaddress.ip_address(host).is_link_local
    except ValueError:
        return False


def is_loopback(host: str) -> bool:
    """Say whether a host is this machine, by name or address (RFC 6761 §6.3)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
