"""Addresses and texts without the secrets in them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit

from tagboat.secret import Secret

# An allow-list: signed storage addresses hide credentials under ever new names (sig, _state, X-Amz-Credential, …).
_HARMLESS = {"artifactType", "digest", "from", "last", "mount", "n", "scope", "service", "tag"}
_PARAMETER = re.compile(r"(?P<name>[^=&]*)=(?P<value>[^&]*)")
_SECRET_HEADERS = {"authorization", "cookie", "proxy-authorization", "set-cookie"}
_SHORTEST_SECRET = 4


def redact_url(url: str) -> str:
    """Return the address without user name, password, fragment and the values of all but harmless parameters."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    query = _PARAMETER.sub(
        lambda found: found[0] if found["name"] in _HARMLESS else f"{found['name']}=***", parts.query
    )
    return urlunsplit((parts.scheme, host, parts.path, query, ""))


def redact_header(name: str, value: str) -> str:
    """Return the value of a header as it may be shown."""
    if name.lower() in _SECRET_HEADERS:
        return "***"
    return redact_url(value) if name.lower() == "location" else value


def redact_text(text: str, secrets: Iterable[Secret]) -> str:
    """Return the text with each of the secrets starred out: servers repeat in their errors what they were sent."""
    for secret in secrets:
        # A shorter one would star out half of every sentence and hide nothing.
        if len(secret.reveal()) >= _SHORTEST_SECRET:
            text = text.replace(secret.reveal(), "***")
    return text
