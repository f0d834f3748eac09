"""Which proxy an address is reached through, by the usual environment variables: pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from tagboat.net.redirect import is_loopback, origin


def proxy_for(url: str, environ: Mapping[str, str]) -> str | None:
    """Return the proxy's address, or None to go straight; loopback is never asked of a proxy."""
    scheme, host, port = origin(url)
    if is_loopback(host) or any(_matches(entry, host, port) for entry in _variable("no_proxy", environ).split(",")):
        return None
    proxy = _variable(f"{scheme}_proxy", environ) or _variable("all_proxy", environ)
    if not proxy:
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _variable(name: str, environ: Mapping[str, str]) -> str:
    return (environ.get(name) or environ.get(name.upper()) or "").strip()


def _matches(entry: str, host: str, port: int) -> bool:
    """Say whether one `NO_PROXY` entry covers the host: `*`, a name with its subdomains, an address or a network."""
    entry = entry.strip().lower()
    if entry in ("", "*"):
        return entry == "*"
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        pass  # one of them is a name
    name, _, only_port = entry.partition(":")
    suffix = name.removeprefix("*").removeprefix(".")
    return (host == suffix or host.endswith(f".{suffix}")) and only_port in ("", str(port))
