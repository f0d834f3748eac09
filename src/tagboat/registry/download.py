"""Blobs on their way out: verified, and gone on with where a connection was lost."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from http import HTTPStatus

from tagboat.errors import NetworkError, RegistryError
from tagboat.net.client import Incoming
from tagboat.net.message import HttpReply, HttpRequest
from tagboat.net.retry import is_transient
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.reference import Repository
from tagboat.registry.door import Door
from tagboat.registry.scope import Access, Scope


class Download:
    """One blob; iterating gives its bytes, and fails at the end when they are not the ones asked for."""

    def __init__(self, door: Door, repository: Repository, descriptor: Descriptor) -> None:
        self._door, self._repository, self._descriptor = door, repository, descriptor
        self._offset = 0

    def __iter__(self) -> Iterator[bytes]:
        algorithm = self._descriptor.digest.algorithm
        if algorithm not in hashlib.algorithms_guaranteed:
            raise RegistryError(f"{self._name}: digests of {algorithm} cannot be verified", "use sha256")
        digest = hashlib.new(algorithm)
        for chunk in self._chunks():
            digest.update(chunk)
            yield chunk
        if digest.hexdigest() != self._descriptor.digest.encoded:
            raise RegistryError(
                f"{self._name}: the registry sent other content", "the blob is damaged there: push it again"
            )

    def _chunks(self) -> Iterator[bytes]:
        """Yield the content, opening it again at the offset after a loss; progress sets the tries back."""
        attempt = 0
        while self._offset < self._descriptor.size or attempt == 0:
            before = self._offset
            failure: HttpReply | NetworkError
            try:
                yield from self._part()
            except _BusyError as busy:
                failure = busy.reply
            except NetworkError as error:
                failure = error
            else:
                return
            attempt = 1 if self._offset > before else attempt + 1
            if not self._door.http.pause(attempt, failure):
                raise self._error(failure)

    def _part(self) -> Iterator[bytes]:
        url = self._door.url(self._repository, f"blobs/{self._descriptor.digest}")
        headers = {"Range": f"bytes={self._offset}-"} if self._offset else {}
        needs = (Scope.on(self._repository, Access.PULL),)
        request = HttpRequest(method="GET", url=url, headers=headers)
        with self._door.stream(request, self._repository, needs) as incoming:
            yield from self._counted(incoming)

    def _counted(self, incoming: Incoming) -> Iterator[bytes]:
        """Yield what is new in a reply; a server without ranges sends all from the start."""
        head = incoming.head
        if is_transient(head.status):
            raise _BusyError(incoming.whole())
        if head.status not in (HTTPStatus.OK, HTTPStatus.PARTIAL_CONTENT):
            raise self._door.fault(incoming.whole(), "GET", self._repository)
        known = self._offset if head.status == HTTPStatus.OK else 0
        for chunk in incoming.chunks():
            fresh = chunk[known:]
            known = max(0, known - len(chunk))
            self._offset += len(fresh)
            if self._offset > self._descriptor.size:
                raise RegistryError(f"{self._name}: the registry sends more than {self._descriptor.size} bytes")
            if fresh:
                yield fresh
        if self._offset < self._descriptor.size:
            raise RegistryError(f"{self._name}: the registry sent only {self._offset} bytes of {self._descriptor.size}")

    def _error(self, failure: HttpReply | NetworkError) -> Exception:
        return failure if isinstance(failure, NetworkError) else self._door.fault(failure, "GET", self._repository)

    @property
    def _name(self) -> str:
        return f"{self._repository}@{self._descriptor.digest}"


class _BusyError(Exception):
    """The server asks to come back later."""

    def __init__(self, reply: HttpReply) -> None:
        super().__init__(str(reply.status))
        self.reply = reply
