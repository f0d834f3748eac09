"""The registry client: what the rest of the program says to registries."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Collection, Iterator
from http import HTTPStatus
from typing import BinaryIO

from tagboat.auth.keychain import Keychain
from tagboat.errors import InputError, RegistryError, TagboatError
from tagboat.net.client import HttpClient
from tagboat.net.message import HttpReply, HttpRequest
from tagboat.oci import mediatype
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.digest import Digest
from tagboat.oci.manifest import Index, Manifest, parse
from tagboat.oci.reference import Reference, Repository, TagName
from tagboat.registry.door import Door
from tagboat.registry.download import Download
from tagboat.registry.faults import NotThereError
from tagboat.registry.paging import next_page
from tagboat.registry.scope import Access, Scope
from tagboat.registry.upload import Blob, Sent, Uploads

# Without it a registry may answer 404 for a manifest that it has.
_ACCEPT = ", ".join([*sorted(mediatype.INDEXES | mediatype.MANIFESTS), mediatype.DOCKER_SCHEMA1])
_HEAD_TELLS_NOTHING = {400, 403, 405, 501}
_PAGE = 1000  # ECR takes no more (ggcr#1091)


class Registry:
    """All registries, by reference; safe to use from several threads."""

    def __init__(self, http: HttpClient, keychain: Keychain, *, insecure_registries: Collection[str] = ()) -> None:
        self._door = Door(http, keychain, insecure_registries=insecure_registries)
        self._uploads = Uploads(self._door)

    def close(self) -> None:
        """Close all connections."""
        self._door.http.close()

    def stop(self) -> None:
        """End what other threads are sending, as an interruption demands; nothing can be sent afterwards."""
        self._door.http.stop()

    def requests(self, repository: Repository) -> int:
        """Return how many HTTP requests this repository has cost so far, tokens and retries included."""
        return self._door.http.sent(str(repository))

    def head_manifest(self, reference: Reference, *, access: Access = Access.PULL) -> Descriptor | None:
        """Return what a tag or digest points to, None when there is nothing.

        With `Access.PUSH`, a registry that will not say counts as nothing: the push itself will tell.
        """
        reply = self._manifest("HEAD", reference, access)
        known = reply.headers.get("docker-content-digest", "")
        if reply.good and known:
            size = int(reply.headers.get("content-length") or 0)
            return _checked(Descriptor(media_type=_type(reply), digest=_digest(known, reference), size=size), reference)
        if reply.status == HTTPStatus.NOT_FOUND:
            return None
        # A HEAD has no body: GET gives the digest where the header lacks, and the reason where it is refused.
        reply = self._manifest("GET", reference, access)
        if reply.good:
            return _checked(Descriptor.of(_type(reply), reply.body), reference)
        unknown = access is Access.PUSH and reply.status in _HEAD_TELLS_NOTHING
        if reply.status == HTTPStatus.NOT_FOUND or unknown:
            return None
        raise self._fault(reply, "HEAD", reference)

    def get_manifest(
        self, reference: Reference, *, access: Access = Access.PULL
    ) -> tuple[Manifest | Index, Descriptor]:
        """Return a manifest or index and its descriptor; raises `NotThereError`, or `RegistryError` if it is broken."""
        reply = self._manifest("GET", reference, access)
        if not reply.good:
            raise self._fault(reply, "GET", reference)
        algorithm = reference.digest.algorithm if reference.digest else "sha256"
        if algorithm != "sha256":
            raise RegistryError(f"{reference}: digests of {algorithm} cannot be verified", "use sha256")
        found = parse(reply.body, _type(reply))
        return found, _checked(found.descriptor, reference)

    @contextlib.contextmanager
    def open_blob(self, repository: Repository, descriptor: Descriptor) -> Iterator[Iterator[bytes]]:
        """Give the content of a blob; reading to the end proves its digest, else raises `RegistryError`."""
        chunks = iter(Download(self._door, repository, descriptor))
        with contextlib.closing(chunks):  # type: ignore[type-var]  # a generator, and so can be closed
            yield chunks

    def put_blob(
        self,
        repository: Repository,
        descriptor: Descriptor,
        open_content: Callable[[], BinaryIO],
        *,
        mount_from: Repository | None = None,
    ) -> Sent:
        """Put a blob into a repository, unless a mount from another of the same registry (or itself) brings it.

        `open_content` returns the content from its start, and is called anew for each try.
        """
        blob = Blob(repository=repository, descriptor=descriptor, open=open_content)
        return self._uploads.put(blob, mount_from)

    def put_manifest(self, repository: Repository, reference: TagName | Digest, raw: bytes, media_type: str) -> Digest:
        """Put a manifest under a tag or its digest and return the digest that the registry confirmed.

        Raises `MissingPartsError` when the registry lacks what the manifest names.
        """
        digest = Digest.of(raw)
        request = HttpRequest(
            method="PUT",
            url=self._door.url(repository, f"manifests/{reference}"),
            headers={"Content-Type": media_type},
            body=raw,
        )
        reply = self._door.send(request, repository, (Scope.on(repository, Access.PUSH),))
        if not reply.good:
            raise self._door.fault(reply, "PUT", repository)
        confirmed = reply.headers.get("docker-content-digest") or self._look(repository, reference)
        if confirmed != digest:
            raise RegistryError(
                f"{repository}: {reference} now is {confirmed or 'nothing'}, not {digest}",
                "somebody else pushes the same name: run again",
            )
        return digest

    def list_tags(self, repository: Repository, *, access: Access = Access.PULL) -> tuple[TagName, ...]:
        """Return all tags of a repository in the registry's order; raises `NotThereError` when it has none."""
        url: str | None = self._door.url(repository, f"tags/list?n={_PAGE}")
        tags: list[TagName] = []
        while url:
            reply = self._door.send(HttpRequest(method="GET", url=url), repository, (Scope.on(repository, access),))
            if not reply.good:
                fault = self._door.fault(reply, "GET", repository)
                is_there = reply.status != HTTPStatus.NOT_FOUND
                raise fault if is_there else NotThereError(fault.problem, "check the name, and that it has a tag")
            tags += _tags(reply, repository)
            url = next_page(reply.url, reply.headers.get("link", ""))
        return tuple(dict.fromkeys(tags))

    def _manifest(self, method: str, reference: Reference, access: Access) -> HttpReply:
        name = reference.digest or reference.tag or "latest"
        url = self._door.url(reference.repository, f"manifests/{name}")
        request = HttpRequest(method=method, url=url, headers={"Accept": _ACCEPT})
        return self._door.send(request, reference.repository, (Scope.on(reference.repository, access),))

    def _look(self, repository: Repository, reference: TagName | Digest) -> Digest | None:
        name = repository.at(reference) if isinstance(reference, Digest) else repository.tag(reference)
        found = self.head_manifest(name, access=Access.PUSH)
        return found.digest if found else None

    def _fault(self, reply: HttpReply, asked: str, reference: Reference) -> TagboatError:
        if reply.status == HTTPStatus.NOT_FOUND:
            return NotThereError(f"{reference} does not exist", "check the name, and that the account may see it")
        return self._door.fault(reply, asked, reference.repository)


def _type(reply: HttpReply) -> str:
    """Return the media type without parameters."""
    return reply.headers.get("content-type", "").partition(";")[0].strip()


def _digest(text: str, reference: Reference) -> Digest:
    try:
        return Digest.parse(text)
    except InputError as error:
        raise RegistryError(f"{reference}: the registry's digest {text!r} is none", "the registry is broken") from error


def _checked(descriptor: Descriptor, reference: Reference) -> Descriptor:
    """Return the descriptor, which a reference by digest must match."""
    if reference.digest and reference.digest != descriptor.digest:
        raise RegistryError(f"{reference}: the registry sent {descriptor.digest}", "the registry is broken")
    return descriptor


def _tags(reply: HttpReply, repository: Repository) -> list[TagName]:
    """Return the tags of one page; a repository without any may say null."""
    try:
        return [TagName.parse(str(tag)) for tag in json.loads(reply.body).get("tags") or ()]
    except (ValueError, AttributeError, TypeError, TagboatError) as error:
        raise RegistryError(f"{repository}: its list of tags cannot be read") from error
