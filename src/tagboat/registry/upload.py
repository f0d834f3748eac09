"""Blobs on their way in: mount, one PUT, and what is done where that does not work (distribution-spec, "Push")."""

from __future__ import annotations

import re
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import BinaryIO
from urllib.parse import urljoin

from tagboat.errors import NetworkError, RegistryError, TagboatError
from tagboat.net.message import FileBody, HttpReply, HttpRequest
from tagboat.net.retry import is_transient
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.reference import Repository
from tagboat.registry.door import Door
from tagboat.registry.faults import complaints
from tagboat.registry.scope import Access, Scope

_MIB = 1024 * 1024
_RESUMED_FROM_BYTES = 32 * _MIB  # below, starting again costs less than asking how far it came
_MOUNT_FAILURES = 2  # after so many, a host is not asked again
_WAY_REFUSED = {404, 405, 411, 413, 415, 416, 501}
_SESSION_LOST = {"BLOB_UPLOAD_UNKNOWN", "BLOB_UPLOAD_INVALID"}


class Mode(StrEnum):
    """How a blob's bytes travel after the opening POST."""

    PUT = "put"  # all in the closing PUT
    PATCH = "patch"  # all in one PATCH without a range, as docker does
    CHUNK = "chunk"  # several PATCHes with ranges


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A mode with the size of its chunks in bytes."""

    mode: Mode
    chunk_size: int = 0


# From the cheapest to what the pickiest take; GHCR cuts ranges at 4 MiB (rust-oci-client#35).
WAYS = (
    Way(mode=Mode.PUT),
    Way(mode=Mode.PATCH),
    Way(mode=Mode.CHUNK, chunk_size=16 * _MIB),
    Way(mode=Mode.CHUNK, chunk_size=4 * _MIB),
)


class Sent(StrEnum):
    """How a blob came to be in its repository."""

    UPLOADED = "uploaded"
    MOUNTED = "mounted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """What is uploaded where; `open` is called anew for each try."""

    repository: Repository
    descriptor: Descriptor
    open: Callable[[], BinaryIO]

    def part(self, offset: int, size: int) -> FileBody:
        """Return a part of the content."""
        return FileBody(open=self.open, offset=offset, size=size)


class _AgainError(Exception):
    """This try failed in a way that another may not; `reply` or the error says how."""

    def __init__(self, cause: HttpReply | NetworkError) -> None:
        super().__init__(str(cause))
        self.cause = cause


class _OtherWayError(Exception):
    """The host does not take a blob this way."""

    def __init__(self, reply: HttpReply) -> None:
        super().__init__(str(reply.status))
        self.reply = reply


class Uploads:
    """Uploads blobs, and remembers for each registry which way it takes them."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._lock = threading.Lock()
        self._ways: dict[str, int] = {}
        self._mount_failures: Counter[str] = Counter()

    def put(self, blob: Blob, mount_from: Repository | None) -> Sent:
        """Put a blob into a repository, by a mount where `mount_from` (on the same registry) has it.

        Raises `RegistryError`, `CredentialError`, and `NetworkError` after the last try.
        """
        registry, attempt, losses = blob.repository.registry, 0, 0
        while True:
            way = self._ways.get(registry, 0)
            try:
                session = self._open(blob, mount_from)
                if session is None:
                    return Sent.MOUNTED
                session.send(WAYS[way])
            except _OtherWayError as refused:
                if way + 1 == len(WAYS):
                    raise self._fault(refused.reply, blob) from refused
                self._learn(registry, _next_way(way, refused.reply.status))
            except _AgainError as failed:
                attempt += 1
                losses += isinstance(failed.cause, NetworkError)
                if not self._door.http.pause(attempt, failed.cause):
                    raise self._fault(failed.cause, blob) from failed
                if losses > 1 and way + 1 < len(WAYS):
                    self._learn(registry, way + 1)  # some servers say "too big" by hanging up
            else:
                return Sent.UPLOADED

    def _open(self, blob: Blob, mount_from: Repository | None) -> _Session | None:
        """Open an upload; None when the blob was mounted instead."""
        registry = blob.repository.registry
        if mount_from is not None and self._mount_failures[registry] < _MOUNT_FAILURES:
            query = f"?mount={blob.descriptor.digest}&from={mount_from.path}"
            needs = [Scope.on(mount_from, Access.PULL)] if mount_from != blob.repository else []
            reply = self._post(blob, query, *needs)
            if reply.status == HTTPStatus.CREATED:
                return None
            if reply.status == HTTPStatus.ACCEPTED:
                return _Session(self._door, blob, reply)
            with self._lock:
                self._mount_failures[registry] += 1
        reply = self._post(blob, "")
        if reply.status != HTTPStatus.ACCEPTED:
            raise self._fault(reply, blob)
        return _Session(self._door, blob, reply)

    def _post(self, blob: Blob, query: str, *more: Scope) -> HttpReply:
        url = self._door.url(blob.repository, f"blobs/uploads/{query}")
        needs = (Scope.on(blob.repository, Access.PUSH), *more)
        return self._door.send(HttpRequest(method="POST", url=url), blob.repository, needs)

    def _learn(self, registry: str, way: int) -> None:
        with self._lock:
            self._ways[registry] = max(way, self._ways.get(registry, 0))

    def _fault(self, cause: HttpReply | NetworkError, blob: Blob) -> TagboatError:
        if isinstance(cause, NetworkError):
            return cause
        return self._door.fault(cause, f"upload of {blob.descriptor.digest}", blob.repository)


class _Session:
    """One upload session: the server's newest address for it, and how far it came."""

    def __init__(self, door: Door, blob: Blob, opened: HttpReply) -> None:
        self._door, self._blob = door, blob
        least = opened.headers.get("oci-chunk-min-length", "")
        self._least_chunk = int(least) if least.isdecimal() else 0
        self._offset = 0
        self._address = ""
        self._follow(opened)

    def send(self, way: Way) -> None:
        """Send the content one way and close the upload, resuming once where that saves much."""
        try:
            self._send(way)
        except _AgainError as failed:
            if not isinstance(failed.cause, NetworkError) or not self._resumed():
                raise
            self._send_rest()

    def _send(self, way: Way) -> None:
        size = self._blob.descriptor.size
        match way.mode:
            case Mode.PUT:
                self._close(self._blob.part(0, size))
            case Mode.PATCH:
                self._patch(size, ranged=False)
                self._close()
            case Mode.CHUNK:
                step = max(way.chunk_size, self._least_chunk)
                while self._offset < size:
                    self._patch(min(step, size - self._offset), ranged=True)
                self._close()

    def _send_rest(self) -> None:
        if self._offset < self._blob.descriptor.size:
            self._patch(self._blob.descriptor.size - self._offset, ranged=True)
        self._close()

    def _patch(self, size: int, *, ranged: bool) -> None:
        # ACR takes only this form of the range, without "bytes" and total (sdk-container-builds#258).
        span = {"Content-Range": f"{self._offset}-{self._offset + size - 1}"} if ranged and size else {}
        reply = self._request("PATCH", self._address, self._blob.part(self._offset, size), span)
        if reply.status not in (HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.ACCEPTED, HTTPStatus.NO_CONTENT):
            raise self._failure(reply)
        # By what was sent: some servers' Range stands still while they store (containers-roadmap#2831).
        self._offset += size
        self._follow(reply)

    def _close(self, body: FileBody | bytes = b"") -> None:
        """PUT the digest; the server's check of it is the only proof that all bytes arrived."""
        separator = "&" if "?" in self._address else "?"
        digest = self._blob.descriptor.digest
        reply = self._request("PUT", f"{self._address}{separator}digest={digest}", body, {})
        if reply.status not in (HTTPStatus.OK, HTTPStatus.CREATED, HTTPStatus.NO_CONTENT):
            raise self._failure(reply)
        confirmed = reply.headers.get("docker-content-digest", digest)
        if confirmed != digest:
            raise RegistryError(
                f"{self._blob.repository}: stored {digest} as {confirmed}", "report this to the registry"
            )

    def _resumed(self) -> bool:
        """Ask how far the upload came; False when starting again is as good."""
        if self._blob.descriptor.size < _RESUMED_FROM_BYTES:
            return False
        request = HttpRequest(method="GET", url=self._address)
        reply = self._door.send(request, self._blob.repository, self._needs)
        came = re.fullmatch(r"(?:bytes=)?0-(\d+)", reply.headers.get("range", ""))
        # "0-0" may mean one byte or none.
        if reply.status != HTTPStatus.NO_CONTENT or came is None or came[1] == "0":
            return False
        self._offset = int(came[1]) + 1
        self._follow(reply)
        return self._offset <= self._blob.descriptor.size

    def _request(self, method: str, url: str, body: FileBody | bytes, headers: dict[str, str]) -> HttpReply:
        request = HttpRequest(
            method=method,
            url=url,
            headers={"Content-Type": "application/octet-stream", **headers},
            body=body,
            repeatable=False,
        )
        try:
            return self._door.send(request, self._blob.repository, self._needs)
        except NetworkError as error:
            raise _AgainError(error) from error

    def _failure(self, reply: HttpReply) -> Exception:
        """Return what follows from a refused PUT or PATCH: the same again, another way, or the end."""
        codes = {complaint.code for complaint in complaints(reply)}
        if is_transient(reply.status) or codes & _SESSION_LOST:
            return _AgainError(reply)
        if reply.status in _WAY_REFUSED:
            return _OtherWayError(reply)
        return self._door.fault(reply, f"upload of {self._blob.descriptor.digest}", self._blob.repository)

    def _follow(self, reply: HttpReply) -> None:
        """Take the newest address; it may be relative, and its query belongs to the server."""
        location = reply.headers.get("location", "")
        if location:
            self._address = urljoin(reply.url, location)
        if not self._address:
            raise RegistryError(f"{self._blob.repository}: the upload has no Location", "report this to the registry")

    @property
    def _needs(self) -> tuple[Scope, ...]:
        return (Scope.on(self._blob.repository, Access.PUSH),)


def _next_way(way: int, status: int) -> int:
    """Return the way after a refusal; what is too big for one PUT is too big for one PATCH."""
    too_big = status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE and WAYS[way].mode is not Mode.CHUNK
    return next(at for at, found in enumerate(WAYS) if found.mode is Mode.CHUNK) if too_big else way + 1
