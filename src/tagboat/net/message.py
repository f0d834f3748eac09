"""HTTP requests and replies as values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import BinaryIO

from tagboat.errors import LayoutError
from tagboat.net.redact import redact_url

_CHUNK_SIZE_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class FileBody:
    """`size` bytes of a content from `offset` on; it is opened anew for each try."""

    open: Callable[[], BinaryIO]
    size: int
    offset: int = 0

    def chunks(self) -> Iterator[bytes]:
        """Yield the bytes; raises `LayoutError` when the content ends early."""
        with self.open() as stream:
            # Read, not sought: a stream that verifies what passes through it must see every byte.
            for _ in _read(stream, self.offset):
                pass
            yield from _read(stream, self.size)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """A request; `repeatable` says that sending it twice does no harm, `label` is what it is counted under."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | FileBody = b""
    repeatable: bool = True
    label: str = ""

    def __str__(self) -> str:
        return f"{self.method} {redact_url(self.url)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReply:
    """A reply; header names are lower-case, several of one name are joined by `, `; `url` is the one that answered."""

    status: int
    headers: Mapping[str, str]
    url: str
    body: bytes = b""

    @property
    def good(self) -> bool:
        """Whether the status is one of success."""
        return 200 <= self.status < 300

    @property
    def status_text(self) -> str:
        """The status with its standard phrase, such as `404 Not Found`."""
        try:
            return f"{self.status} {HTTPStatus(self.status).phrase}"
        except ValueError:
            return str(self.status)


def _read(stream: BinaryIO, size: int) -> Iterator[bytes]:
    left = size
    while left:
        chunk = stream.read(min(left, _CHUNK_SIZE_BYTES))
        if not chunk:
            raise LayoutError(f"a blob is {left} bytes shorter than its descriptor says", "build it again")
        left -= len(chunk)
        yield chunk
