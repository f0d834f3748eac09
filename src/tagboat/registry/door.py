"""The door to registries: addresses, what each wants to see first, and the replay after a challenge."""

from __future__ import annotations

import contextlib
import dataclasses
import threading
from collections.abc import Collection, Iterator
from http import HTTPStatus

from tagboat.auth.credential import Credential, Kind
from tagboat.auth.keychain import Keychain
from tagboat.errors import TagboatError
from tagboat.net.client import HttpClient, Incoming
from tagboat.net.message import HttpReply, HttpRequest
from tagboat.net.probe import speaks_tls
from tagboat.net.redirect import check_target, is_loopback, origin
from tagboat.oci.reference import DOCKER_HUB, Repository
from tagboat.registry.bearer import BearerTokens, check_realm
from tagboat.registry.challenge import Challenge, parse_challenges
from tagboat.registry.faults import refusal
from tagboat.registry.scope import Scope, union

_HUB_HOST = "registry-1.docker.io"
_REPLAYS = 2  # one for the challenge, one for a token that expired or lacked a scope


class Host:
    """One registry's address and what it was learned to want; created at the first request to it."""

    def __init__(self, registry: str, *, plain_allowed: bool, http: HttpClient, keychain: Keychain) -> None:
        self.registry = registry
        name = _HUB_HOST if registry == DOCKER_HUB else registry
        self.address = f"{_scheme(name, plain_allowed=plain_allowed)}://{name}"
        self._keychain, self._tokens = keychain, BearerTokens(registry, http)
        self._credentials: dict[Repository, Credential | None] = {}
        self._looking_up = threading.Lock()
        self._challenge: Challenge | None = None
        self._meeting, self._met = threading.Lock(), threading.Event()

    @contextlib.contextmanager
    def first_contact(self) -> Iterator[None]:
        """Let one request go ahead until the registry has answered: the others then know what it wants."""
        if self._met.is_set():
            yield
            return
        with contextlib.ExitStack() as stack:
            stack.enter_context(self._meeting)
            if self._met.is_set():
                stack.close()
            yield
            self._met.set()

    def credential(self, repository: Repository) -> Credential | None:
        """Return who we are for this repository; raises `CredentialError` for one that cannot be right.

        Looked up once, as it may mean to run a credential helper.
        """
        with self._looking_up:
            if repository not in self._credentials:
                self._credentials[repository] = self._keychain.credential(self.registry, repository.path)
            return self._credentials[repository]

    def used_credential(self, repository: Repository) -> Credential | None:
        """Return the credential that this repository has been shown, if any."""
        return self._credentials.get(repository)

    def authorization(self, repository: Repository, needs: tuple[Scope, ...]) -> str:
        """Return the `Authorization` header that is wanted by what is known so far; empty: none."""
        if self._challenge is None:
            return ""
        credential = self.credential(repository)
        if self._challenge.scheme == "basic":
            return credential.basic() if credential else ""
        if credential is not None and credential.kind is Kind.REGISTRY_TOKEN:
            return f"Bearer {credential.secret.reveal()}"
        return "Bearer " + self._tokens.token(needs, self._challenge, credential, label=str(repository))

    def learn(self, reply: HttpReply, sent: str, repository: Repository) -> tuple[Scope, ...] | None:
        """Take in a challenge; return the scopes that it adds, or None when a replay would be the same again.

        `sent` is the `Authorization` header that was refused.
        """
        offered = {found.scheme: found for found in parse_challenges(reply.headers.get("www-authenticate", ""))}
        challenge = offered.get("bearer") or offered.get("basic")
        denied = challenge is not None and challenge["error"] == "insufficient_scope"
        if challenge is None or not (reply.status == HTTPStatus.UNAUTHORIZED or denied):
            return None
        if challenge.scheme == "bearer":
            check_realm(challenge, registry=self.registry, address=self.address)
            self._tokens.drop(sent.removeprefix("Bearer "))
        elif sent.startswith("Basic ") or self.credential(repository) is None:
            return None
        self._challenge = challenge
        return Scope.parse(challenge["scope"])


class Door:
    """Sends requests to registries with what each of them wants to see; safe to use from several threads."""

    def __init__(self, http: HttpClient, keychain: Keychain, *, insecure_registries: Collection[str] = ()) -> None:
        self.http = http
        self._keychain, self._insecure = keychain, frozenset(insecure_registries)
        self._hosts: dict[str, Host] = {}
        self._lock = threading.Lock()

    def url(self, repository: Repository, path: str) -> str:
        """Return the address of something below a repository."""
        return f"{self._host(repository.registry).address}/v2/{repository.path}/{path}"

    def send(self, request: HttpRequest, repository: Repository, needs: tuple[Scope, ...]) -> HttpReply:
        """Send a request and return the reply, whatever its status but 401, which is a `CredentialError`."""
        with self._host(repository.registry).first_contact():
            reply, learned = self._exchange(request, repository, needs)
            for _ in range(_REPLAYS):
                if learned is None:
                    break
                needs = union(needs, learned)
                reply, learned = self._exchange(request, repository, needs)
        if reply.status == HTTPStatus.UNAUTHORIZED:
            raise self.fault(reply, request.method, repository)
        return reply

    @contextlib.contextmanager
    def stream(self, request: HttpRequest, repository: Repository, needs: tuple[Scope, ...]) -> Iterator[Incoming]:
        """Send a request once and yield the reply while its body comes in; a 401 is a `CredentialError`."""
        for attempt in range(_REPLAYS + 1):
            dressed = self._dressed(request, repository, needs)
            with self.http.stream(dressed) as incoming:
                if incoming.head.status not in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
                    yield incoming
                    return
                reply = incoming.whole()
            scopes = self._learned(reply, dressed, repository) if attempt < _REPLAYS else None
            if scopes is None:
                raise self.fault(reply, request.method, repository)
            needs = union(needs, scopes)

    def fault(self, reply: HttpReply, asked: str, repository: Repository) -> TagboatError:
        """Return the error that a reply to `asked` means."""
        credential = self._host(repository.registry).used_credential(repository)
        return refusal(reply, asked=asked, repository=repository, credential=credential)

    def _exchange(
        self, request: HttpRequest, repository: Repository, needs: tuple[Scope, ...]
    ) -> tuple[HttpReply, tuple[Scope, ...] | None]:
        """Send a request once; return the reply, and the scopes to add when a replay has a chance."""
        dressed = self._dressed(request, repository, needs)
        reply = self.http.send(dressed)
        return reply, self._learned(reply, dressed, repository)

    def _dressed(self, request: HttpRequest, repository: Repository, needs: tuple[Scope, ...]) -> HttpRequest:
        """Return the request with its `Authorization`, which no other origin than the registry's ever sees."""
        host = self._host(repository.registry)
        check_target(request.url, source=host.address)
        authorization = host.authorization(repository, needs) if origin(request.url) == origin(host.address) else ""
        headers = {**request.headers, **({"Authorization": authorization} if authorization else {})}
        return dataclasses.replace(request, headers=headers, label=str(repository))

    def _learned(self, reply: HttpReply, sent: HttpRequest, repository: Repository) -> tuple[Scope, ...] | None:
        """Take in what the registry itself demands; storage that it redirects to has no say."""
        host = self._host(repository.registry)
        if origin(reply.url) != origin(host.address):
            return None
        return host.learn(reply, sent.headers.get("Authorization", ""), repository)

    def _host(self, registry: str) -> Host:
        with self._lock:
            if registry not in self._hosts:
                self._hosts[registry] = Host(
                    registry,
                    plain_allowed=registry in self._insecure or is_loopback(origin(f"http://{registry}")[1]),
                    http=self.http,
                    keychain=self._keychain,
                )
            return self._hosts[registry]


def _scheme(name: str, *, plain_allowed: bool) -> str:
    """Return `https`, but `http` where that is allowed and the server speaks nothing better."""
    if not plain_allowed:
        return "https"
    _, host, port = origin(f"http://{name}")
    return "https" if speaks_tls(host, port) else "http"
