"""The files that ADD takes from the web, each once, also when several platforms need it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from tagboat.errors import DockerfileError, Location
from tagboat.flow.plan import RemoteFile
from tagboat.sources import Fetched

Fetch = Callable[[str, Path], Fetched]


class Downloads:
    """Files by URL; `folder` is a temporary one that outlives the writing of the layers."""

    def __init__(self, fetch: Fetch, folder: Path) -> None:
        self._fetch = fetch
        self._folder = folder
        self._known: dict[str, Fetched] = {}

    def get(self, remote: RemoteFile, location: Location) -> Fetched:
        """Return a file, downloaded if need be; raises `DockerfileError` when it has not the checksum asked for."""
        if remote.url not in self._known:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._known[remote.url] = self._fetch(remote.url, self._folder / f"download-{len(self._known)}")
        found = self._known[remote.url]
        if remote.checksum is not None and found.digest != remote.checksum:
            raise DockerfileError(
                f"ADD {remote.url}: its checksum is {found.digest}, not {remote.checksum}",
                "the file there has changed, or is not the one meant: look at it before you change --checksum",
                location=location,
            )
        return found
