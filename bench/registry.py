"""A registry of our own on loopback that counts the requests made to it: Debian's docker-registry."""

from __future__ import annotations

import re
import socket
import subprocess
import time
from pathlib import Path
from typing import Self

PROGRAM = "docker-registry"
_ANSWERED = re.compile(rb'HTTP/1\.[01]" [0-9]{3} ')
_START_SECONDS = 10.0


class Registry:
    """An empty registry, on a port of its own so that no client remembers what an earlier one held."""

    def __init__(self, folder: Path) -> None:
        self.host = f"127.0.0.1:{_free_port()}"
        self._log = folder / "registry.log"
        self._configuration = folder / "registry.yml"
        self._configuration.write_text(
            "version: 0.1\n"
            "log: {level: error, accesslog: {disabled: false}}\n"
            f"storage: {{filesystem: {{rootdirectory: {folder / 'registry'}}}}}\n"
            f"http: {{addr: '{self.host}'}}\n"
        )

    def __enter__(self) -> Self:
        with self._log.open("wb") as log:
            argv = [PROGRAM, "serve", str(self._configuration)]
            self._process = subprocess.Popen(argv, stdout=log, stderr=subprocess.STDOUT)
        until = time.monotonic() + _START_SECONDS
        while not self._listens():
            if time.monotonic() > until or self._process.poll() is not None:
                self.__exit__()
                raise OSError(f"{PROGRAM} does not listen: {self._log.read_text()[-2000:]}")
            time.sleep(0.01)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()

    def count_requests(self) -> int:
        """Return how many requests it has answered, by its access log."""
        return len(_ANSWERED.findall(self._log.read_bytes()))

    def _listens(self) -> bool:
        host, _, port = self.host.partition(":")
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            return False
        return True


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
