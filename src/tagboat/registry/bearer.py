"""Tokens: fetched from the server that a challenge names, kept until shortly before they expire."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from tagboat.auth.credential import Credential, Kind
from tagboat.errors import CredentialError, RegistryError
from tagboat.net.client import HttpClient
from tagboat.net.message import HttpReply, HttpRequest
from tagboat.net.redirect import check_target
from tagboat.registry.challenge import Challenge
from tagboat.registry.faults import token_refusal
from tagboat.registry.scope import Scope

_SHORTEST_LIFE_SECONDS = 60.0  # also what a server that names none means (distribution's token specification)
_SPARE_SECONDS = 30.0
_CLIENT_ID = "tagboat"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Token:
    text: str
    scopes: tuple[Scope, ...]
    best_before: float

    def covers(self, needs: tuple[Scope, ...], now: float) -> bool:
        return now < self.best_before and all(any(scope.covers(need) for scope in self.scopes) for need in needs)


class BearerTokens:
    """The tokens of one registry; one is fetched at a time, and whoever waited for it uses it too."""

    def __init__(self, registry: str, http: HttpClient) -> None:
        self._registry, self._http = registry, http
        self._tokens: list[_Token] = []
        self._fetching = threading.Lock()

    def token(
        self, needs: tuple[Scope, ...], challenge: Challenge, credential: Credential | None, *, label: str
    ) -> str:
        """Return a token for these scopes, most important first; raises `CredentialError` when there is none to get."""
        with self._fetching:
            now = self._http.now()
            for token in self._tokens:
                if token.covers(needs, now):
                    return token.text
            fresh = self._fetch(needs, challenge, credential, label)
            self._tokens = [token for token in self._tokens if now < token.best_before] + [fresh]
            return fresh.text

    def drop(self, text: str) -> None:
        """Forget a token that the registry refused."""
        with self._fetching:
            self._tokens = [token for token in self._tokens if token.text != text]

    def _fetch(
        self, needs: tuple[Scope, ...], challenge: Challenge, credential: Credential | None, label: str
    ) -> _Token:
        reply = self._ask(needs, challenge, credential, label)
        if reply.status in (400, 401, 403) and len(needs) > 1:
            # Docker Hub refuses all for one foreign name (ggcr#1679); without leave to mount a blob is uploaded.
            reply = self._ask(needs[:1], challenge, credential, label)
        if not reply.good:
            raise token_refusal(reply, registry=self._registry, credential=credential)
        text, life_seconds = _read(reply, self._registry)
        best_before = self._http.now() + min(0.8 * life_seconds, life_seconds - _SPARE_SECONDS)
        return _Token(text=text, scopes=needs, best_before=best_before)

    def _ask(
        self, needs: tuple[Scope, ...], challenge: Challenge, credential: Credential | None, label: str
    ) -> HttpReply:
        if credential is not None and credential.kind is Kind.IDENTITY_TOKEN:
            reply = self._http.send(_post(needs, challenge, credential, label))
            if reply.status not in (HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED):
                return reply
        return self._http.send(_get(needs, challenge, credential, label))


def check_realm(challenge: Challenge, *, registry: str, address: str) -> None:
    """Raise `CredentialError` when a credential must not be sent to the token server that a challenge names."""
    if not challenge["realm"].startswith(("https://", "http://")):
        raise CredentialError(f"{registry}: its challenge names no token server", "tell whoever runs the registry")
    try:
        check_target(challenge["realm"], source=address)
    except RegistryError as error:
        raise CredentialError(f"{registry}: its token server is not to be trusted: {error}", error.hint) from error


def _get(needs: tuple[Scope, ...], challenge: Challenge, credential: Credential | None, label: str) -> HttpRequest:
    """Return the request of distribution's own token protocol."""
    query = [("service", challenge["service"])] if challenge["service"] else []
    query += [("scope", str(need)) for need in needs]
    if credential is not None and credential.kind is Kind.PASSWORD:
        query.append(("account", credential.username))
    realm = challenge["realm"]
    separator = "&" if "?" in realm else "?"
    headers = {"Authorization": credential.basic()} if credential else {}
    return HttpRequest(method="GET", url=f"{realm}{separator}{urlencode(query)}", headers=headers, label=label)


def _post(needs: tuple[Scope, ...], challenge: Challenge, credential: Credential, label: str) -> HttpRequest:
    """Return the request of the OAuth 2 form, which takes an identity token."""
    form = {
        "grant_type": "refresh_token",
        "refresh_token": credential.secret.reveal(),
        "service": challenge["service"],
        "client_id": _CLIENT_ID,
        "scope": " ".join(map(str, needs)),
    }
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return HttpRequest(
        method="POST", url=challenge["realm"], headers=headers, body=urlencode(form).encode(), label=label
    )


def _read(reply: HttpReply, registry: str) -> tuple[str, float]:
    """Return the token and its life in seconds, counted from receipt: clocks differ."""
    try:
        document: Any = json.loads(reply.body)
        text = document.get("token") or document.get("access_token")
        life = float(document.get("expires_in") or 0)
    except (ValueError, AttributeError, TypeError) as error:
        raise CredentialError(f"{registry}: its token server gave no token that can be read") from error
    if not isinstance(text, str) or not text:
        raise CredentialError(f"{registry}: its token server gave no token")
    return text, max(life, _SHORTEST_LIFE_SECONDS)
