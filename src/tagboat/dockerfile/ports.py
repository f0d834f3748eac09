"""The ports of EXPOSE."""

from __future__ import annotations

import ipaddress
import re

from tagboat.dockerfile.faults import LanguageError

_PROTOCOLS = ("tcp", "udp", "sctp")
_LARGEST_PORT = 65535
_HINT = "write PORT, PORT-PORT or PORT/tcp, udp or sctp"


def parse_ports(word: str) -> tuple[str, ...]:
    """Return the `port/protocol` texts that one expanded word of EXPOSE names, a range in full.

    The word is `[[IP:]HOST:]PORT[-PORT][/PROTOCOL]`; the host's part is checked and dropped. Raises `LanguageError`.
    """
    published, _, container = word.rpartition(":")
    ports, _, protocol = container.partition("/")
    protocol = protocol.lower() or "tcp"
    if protocol not in _PROTOCOLS:
        raise LanguageError(f"{word}: {protocol!r} is not a protocol", f"write one of {', '.join(_PROTOCOLS)}")
    first, last = _range(word, ports)
    _check_published(word, published, first, last)
    return tuple(f"{port}/{protocol}" for port in range(first, last + 1))


def _range(word: str, text: str) -> tuple[int, int]:
    first, dash, last = text.partition("-")
    numbers = (first, last if dash else first)
    if not all(re.fullmatch(r"[0-9]{1,5}", number) and int(number) <= _LARGEST_PORT for number in numbers):
        raise LanguageError(f"{word!r} names no port from 0 to {_LARGEST_PORT}", _HINT)
    if int(numbers[1]) < int(numbers[0]):
        raise LanguageError(f"{word}: the range {text} runs backwards", _HINT)
    return int(numbers[0]), int(numbers[1])


def _check_published(word: str, published: str, first: int, last: int) -> None:
    """Check the address and port of the host, which EXPOSE takes but does not keep."""
    if not published:
        return
    address, colon, host = published.rpartition(":")
    if not colon:
        address, host = "", published
    if host:
        low, high = _range(word, host)
        if high - low != last - first and first != last:
            raise LanguageError(f"{word}: the ranges are not of one length", _HINT)
    if not address:
        return
    try:
        ipaddress.ip_address(address.removeprefix("[").removesuffix("]"))
    except ValueError as error:
        raise LanguageError(f"{word}: {address} is not an IP address", _HINT) from error
