"""Registries on loopback, Debian's docker-registry and its successor: the real servers that the fake is measured by."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DEBIAN = "docker-registry"
# Other people's clients and their registry, made by tests/e2e/setup_judges.sh.
JUDGES = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tagboat-tests" / "judges"
DISTRIBUTION = str(JUDGES / "registry")
USER, PASSWORD = "me", "right"


@dataclass(frozen=True, slots=True, kw_only=True)
class RealRegistry:
    """A running server; `ca_file` and the credentials are empty for the plain one."""

    host: str
    folder: Path
    ca_file: Path | None = None
    username: str = ""
    password: str = ""


@contextlib.contextmanager
def serve(folder: Path, *, tls: tuple[Path, Path, Path] | None = None, program: str = DEBIAN) -> Iterator[RealRegistry]:
    """Run a registry that keeps its data in `folder`; `tls` names its certificate, its key and their authority."""
    port = _free_port()
    lines = [
        "version: 0.1",
        "log: {level: error, accesslog: {disabled: true}}",
        f"storage: {{filesystem: {{rootdirectory: {folder / 'data'}}}, delete: {{enabled: true}}}}",
        f"http: {{addr: '127.0.0.1:{port}'" + (f", tls: {{certificate: {tls[0]}, key: {tls[1]}}}" if tls else "") + "}",
    ]
    if tls:
        passwords = folder / "htpasswd"
        _htpasswd(passwords)
        lines.append(f"auth: {{htpasswd: {{realm: test, path: {passwords}}}}}")
    config = folder / "config.yml"
    config.write_text("\n".join(lines) + "\n")
    with (folder / "log").open("wb") as log:
        # Distribution 3 would send traces to a collector.
        env = {**os.environ, "OTEL_TRACES_EXPORTER": "none"}
        process = subprocess.Popen([program, "serve", str(config)], stdout=log, stderr=log, env=env)
        try:
            _wait(port, process, folder / "log")
            yield RealRegistry(
                host=f"127.0.0.1:{port}",
                folder=folder,
                ca_file=tls[2] if tls else None,
                username=USER if tls else "",
                password=PASSWORD if tls else "",
            )
        finally:
            process.terminate()
            process.wait(10)


def missing_programs(*programs: str) -> str:
    """Return the programs that are not installed, for the reason of a skip."""
    return ", ".join(program for program in programs if shutil.which(program) is None)


def _htpasswd(file: Path) -> None:
    done = subprocess.run(["htpasswd", "-nbB", "-C", "4", USER, PASSWORD], capture_output=True, check=True)
    file.write_bytes(done.stdout)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(200):
        if process.poll() is not None:
            break
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"the registry did not start: {log.read_text(errors='replace')}")
