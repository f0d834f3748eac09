"""What the inputs mean that say how RUN is run."""

from __future__ import annotations

import ipaddress
import re
from decimal import Decimal

from tagboat.errors import InputError
from tagboat.flow.plan import Network
from tagboat.settings.given import Given

_ENTITLEMENTS = ("network.host", "security.insecure")
_SIZE = re.compile(r"([0-9]{1,15}(?:\.[0-9]{1,3})?) ?([kmgt]?)(?:i?b)?", re.IGNORECASE)
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?")


def network(word: str) -> Network | None:
    """Return the network that a word names, None for `default`."""
    return None if word == "default" else Network(word)


def add_hosts(given: Given) -> tuple[tuple[str, str], ...]:
    """Return names with their addresses, of `HOST:IP` and `HOST=IP` items; brackets around an IPv6 address go."""
    return tuple(_host(item) for item in given.items(commas=True))


def shm_size_bytes(given: Given) -> int:
    """Return the bytes that a size means, as docker reads it: `k`, `m`, `g` and `t` are powers of 1024."""
    text = given.one()
    size = _SIZE.fullmatch(text)
    if not size:
        raise InputError(f"{text!r} is no size", "write bytes, or a number with k, m or g, such as 256m")
    return int(Decimal(size[1]) * 1024 ** " kmgt".index(size[2].lower() or " "))


def entitlements(given: Given) -> frozenset[str]:
    """Return what RUN may ask for beyond the usual."""
    items = given.items(commas=True)
    for item in items:
        if item not in _ENTITLEMENTS:
            raise InputError(f"{item!r} is no entitlement", f"known are {' and '.join(_ENTITLEMENTS)}")
    return frozenset(items)


def _host(item: str) -> tuple[str, str]:
    name, _, address = item.partition("=" if "=" in item else ":")
    if address == "host-gateway":
        raise InputError(
            f"{item!r}: there is no gateway to the machine", f"write {name}:127.0.0.1: RUN has its network"
        )
    try:
        found = ipaddress.ip_address(address.removeprefix("[").removesuffix("]"))
    except ValueError as error:
        raise InputError(f"{item!r} has no IP address", "write HOST:IP, such as db:10.0.0.5") from error
    if not _HOST.fullmatch(name):
        raise InputError(f"{item!r} has no host name", "write HOST:IP, such as db:10.0.0.5")
    return name, str(found)
