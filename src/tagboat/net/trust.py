"""Which certificates are believed."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path

from tagboat.errors import InputError


def make_trust(ca_file: Path | None, environ: Mapping[str, str]) -> ssl.SSLContext:
    """Return a context that believes the system's authorities and those in `ca_file`.

    `SSL_CERT_FILE` and `SSL_CERT_DIR` replace the system's, as OpenSSL does. Raises `InputError` when a named file
    cannot be used.
    """
    own_file, own_folder = environ.get("SSL_CERT_FILE") or None, environ.get("SSL_CERT_DIR") or None
    if own_file or own_folder:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        _load(context, own_file, own_folder, name="SSL_CERT_FILE" if own_file else "SSL_CERT_DIR")
    else:
        context = _system_trust()
    if ca_file is not None:
        _load(context, str(ca_file), None, name="ca-file")
    return context


def _system_trust() -> ssl.SSLContext:
    """Return the system's trust; slim images come without any, and get the bundle that httpx brings."""
    paths = ssl.get_default_verify_paths()
    if paths.cafile or (paths.capath and any(Path(paths.capath).iterdir())):
        return ssl.create_default_context()
    import certifi

    return ssl.create_default_context(cafile=certifi.where())


def _load(context: ssl.SSLContext, file: str | None, folder: str | None, *, name: str) -> None:
    try:
        context.load_verify_locations(cafile=file, capath=folder)
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror if isinstance(error, FileNotFoundError | PermissionError) else "it holds no certificate"
        raise InputError(f"{name}: {file or folder} cannot be used: {reason}", "name a PEM file") from error
