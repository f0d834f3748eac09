"""Credentials from Docker's config.json and the containers tools' auth.json."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tagboat.auth.credential import Credential, Kind
from tagboat.auth.helpers import Run, ask_helper
from tagboat.auth.host import lookup_keys, normal_host
from tagboat.errors import CredentialError
from tagboat.secret import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigSource:
    """The files and the variable that Docker and the containers tools keep credentials in, Docker's first.

    `home` may be None where there is none; `uid` names the run-time folder of the containers tools.
    """

    environ: Mapping[str, str]
    run: Run
    home: Path | None
    uid: int

    def find(self, registry: str, repository: str) -> Credential | None:
        """Return the first file's credential; raises `CredentialError` for a file or an entry that is broken."""
        for name, text in self._documents():
            found = self._in_document(_parse(text, name), name, registry, repository)
            if found is not None:
                return found
        return None

    def _documents(self) -> Iterator[tuple[str, str]]:
        """Yield name and text of each place that exists, in order of rank."""
        if text := self.environ.get("DOCKER_AUTH_CONFIG"):
            yield "DOCKER_AUTH_CONFIG", text
        for path in config_paths(self.environ, self.home, self.uid):
            try:
                yield str(path), path.read_text(encoding="utf-8")
            except (FileNotFoundError, NotADirectoryError):
                continue
            except (OSError, UnicodeDecodeError) as error:
                raise CredentialError(f"{path} cannot be read: {error}", "mend or remove it") from error

    def _in_document(self, document: Mapping[str, Any], name: str, registry: str, repository: str) -> Credential | None:
        """Look as Docker does: the registry's own helper, else the common one, else the file itself."""
        helpers = {normal_host(key): value for key, value in _object(document, "credHelpers", name).items()}
        helper = helpers.get(registry) or document.get("credsStore")
        if helper:
            return ask_helper(str(helper), registry, run=self.run, environ=self.environ)
        entries = {normal_host(key): entry for key, entry in _object(document, "auths", name).items()}
        for key in lookup_keys(registry, repository):
            found = _credential(entries.get(key), key, name)
            if found is not None:
                return found
        return None


def config_paths(environ: Mapping[str, str], home: Path | None, uid: int) -> tuple[Path, ...]:
    """Return the files that may hold credentials, first of rank first; they need not exist."""
    paths = []
    if folder := environ.get("DOCKER_CONFIG"):
        paths.append(Path(folder, "config.json"))
    elif home:
        paths.append(home / ".docker/config.json")
    if file := environ.get("REGISTRY_AUTH_FILE"):
        paths.append(Path(file))
    runtime = environ.get("XDG_RUNTIME_DIR")
    paths.append(Path(runtime or f"/run/containers/{uid}", "containers/auth.json" if runtime else "auth.json"))
    settings = environ.get("XDG_CONFIG_HOME") or (home / ".config" if home else None)
    if settings:
        paths.append(Path(settings, "containers/auth.json"))
    return tuple(paths)


def _parse(text: str, name: str) -> Mapping[str, Any]:
    try:
        document = json.loads(text) if text.strip() else {}
    except ValueError as error:
        raise CredentialError(f"{name} is not JSON: {error}", "mend or remove it") from error
    if not isinstance(document, Mapping):
        raise CredentialError(f"{name} is not a JSON object", "mend or remove it")
    return document


def _object(document: Mapping[str, Any], member: str, name: str) -> Mapping[str, Any]:
    value = document.get(member) or {}
    if not isinstance(value, Mapping):
        raise CredentialError(f"{name}: {member} is not an object", "mend or remove it")
    return value


def _credential(entry: Any, key: str, name: str) -> Credential | None:
    """Return what one entry of `auths` holds; an empty one only marks that a helper has it."""
    if not entry:
        return None
    source = f"{name} ({key})"
    if not isinstance(entry, Mapping):
        raise CredentialError(f"{source} is not an object", "mend or remove it")
    if token := entry.get("registrytoken"):
        return Credential(kind=Kind.REGISTRY_TOKEN, secret=Secret(str(token).strip()), source=source)
    if token := entry.get("identitytoken"):
        return Credential(kind=Kind.IDENTITY_TOKEN, secret=Secret(str(token)), source=source, username="<token>")
    if entry.get("auth"):
        username, password = _decode(str(entry["auth"]), source)
        return Credential.of(username, password, source)
    if "username" in entry or "password" in entry:
        return Credential.of(str(entry.get("username") or ""), str(entry.get("password") or ""), source)
    return None


def _decode(auth: str, source: str) -> tuple[str, str]:
    """Return user name and password of an `auth` member; the password may hold colons, and ends in no NUL."""
    try:
        username, colon, password = base64.b64decode(auth, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise CredentialError(f"{source}: auth is not base64", "log in again") from error
    if not colon:
        raise CredentialError(f"{source}: auth holds no NAME:PASSWORD", "log in again")
    return username, password.rstrip("\0")
