"""Files from the web, as ADD takes them: downloaded once, with the time that the server gives them."""

from __future__ import annotations

import hashlib
import posixpath
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from tagboat.errors import DockerfileError, NetworkError
from tagboat.net.client import HttpClient
from tagboat.net.message import HttpReply, HttpRequest
from tagboat.net.redact import redact_url
from tagboat.net.retry import is_transient
from tagboat.oci.digest import Digest

_UNNAMED = "__unnamed__"  # BuildKit's name for a URL without a path


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A downloaded file: `modified` is Last-Modified in seconds since the epoch, None where the server says none."""

    path: Path
    name: str
    size: int
    digest: Digest
    modified: int | None


def fetch_file(url: str, path: Path, http: HttpClient) -> Fetched:
    """Download `url` into the file `path`, from the start again where the connection is lost.

    Raises `DockerfileError` when the server has no such file, `NetworkError` after the last try.
    """
    request = HttpRequest(method="GET", url=url)
    attempt = 0
    while True:
        attempt += 1
        try:
            return _fetched(request, path, http)
        except _BusyError as busy:
            if not http.pause(attempt, busy.reply):
                raise NetworkError(f"{redact_url(url)}: {busy.reply.status_text}", "try again later") from busy
        except NetworkError as error:
            if not http.pause(attempt, error):
                raise


def _fetched(request: HttpRequest, path: Path, http: HttpClient) -> Fetched:
    digest, size = hashlib.sha256(), 0
    with http.stream(request) as incoming, path.open("wb") as file:
        head = incoming.head
        if is_transient(head.status):
            raise _BusyError(head)
        if not head.good:
            raise DockerfileError(f"{redact_url(request.url)}: {head.status_text}", "check the URL")
        for chunk in incoming.chunks():
            digest.update(chunk)
            size += len(chunk)
            file.write(chunk)
    return Fetched(
        path=path,
        name=posixpath.basename(unquote(urlsplit(request.url).path)) or _UNNAMED,
        size=size,
        digest=Digest("sha256:" + digest.hexdigest()),
        modified=_modified(head),
    )


class _BusyError(Exception):
    def __init__(self, reply: HttpReply) -> None:
        super().__init__(reply.status)
        self.reply = reply


def _modified(reply: HttpReply) -> int | None:
    try:
        return int(parsedate_to_datetime(reply.headers["last-modified"]).timestamp())
    except (KeyError, ValueError):
        return None
