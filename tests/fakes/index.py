"""A Python package index on loopback that has what is installed here."""

from __future__ import annotations

import contextlib
import io
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import Distribution, distribution


@contextlib.contextmanager
def serve_index(*names: str) -> Iterator[str]:
    """Serve packages without compiled parts, and yield the URL that pip takes as `--index-url` (PEP 503)."""
    pages = {}
    for name in names:
        installed = distribution(name)
        wheel = f"{name}-{installed.version}-py3-none-any.whl"
        pages[f"/simple/{name}/"] = ("text/html", f'<a href="{wheel}">{wheel}</a>'.encode())
        pages[f"/simple/{name}/{wheel}"] = ("application/zip", _wheel(installed))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, body = pages.get(self.path, ("text/plain", b""))
            self.send_response(200 if self.path in pages else 404)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/simple"
        finally:
            server.shutdown()


def _wheel(installed: Distribution) -> bytes:
    """Return an installed package as the wheel that it came from; scripts are made anew from its metadata."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as wheel:
        for path in installed.files or []:
            if ".." not in path.parts and path.suffix != ".pyc" and path.name not in {"INSTALLER", "REQUESTED"}:
                wheel.writestr(str(path), path.read_binary())
    return raw.getvalue()
