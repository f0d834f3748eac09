"""Credential helpers: programs that keep credentials (docker-credential-helpers' protocol)."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from tagboat.auth.credential import Credential
from tagboat.auth.host import server_key
from tagboat.errors import CredentialError, MachineError
from tagboat.proc import Finished

_TIMEOUT_SECONDS = 30
_NOT_FOUND = b"credentials not found"


Run = Callable[..., Finished]  # proc.run


def ask_helper(suffix: str, registry: str, *, run: Run, environ: Mapping[str, str]) -> Credential | None:
    """Return what `docker-credential-<suffix>` holds for a registry, None when it holds nothing.

    Raises `CredentialError` when the helper is missing, fails or says what cannot be read.
    """
    program = f"docker-credential-{suffix}"
    try:
        done = run([program, "get"], env=environ, stdin=server_key(registry).encode(), timeout_seconds=_TIMEOUT_SECONDS)
    except MachineError as error:
        raise CredentialError(f"{registry}: {error.problem}", error.hint or "take it out of config.json") from error
    if done.status != 0:
        said = (done.stdout or done.stderr).strip()
        if _NOT_FOUND in said.lower():
            return None
        raise CredentialError(f"{registry}: {program} failed: {said.decode(errors='replace')[:500]}")
    return _read(done.stdout, program, registry)


def _read(output: bytes, program: str, registry: str) -> Credential | None:
    try:
        document: Any = json.loads(output)
        username, secret = str(document["Username"]), str(document["Secret"])
    except (ValueError, KeyError, TypeError) as error:
        raise CredentialError(f"{registry}: {program} gave no user name and secret") from error
    return Credential.of(username, secret, program) if username or secret else None
