#!/usr/bin/env python3
"""A service that tells the newest of some versions: GET /newest?of=1.9.0&of=1.10.0."""

from __future__ import annotations

import sys
import urllib.request
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from semver import Version

PORT = 8080


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    def do_GET(self) -> None:
        """Answer /health and /newest."""
        url = urlsplit(self.path)
        match url.path:
            case "/health":
                self.answer(HTTPStatus.OK, "well")
            case "/newest":
                self.answer(*newest(parse_qs(url.query).get("of", [])))
            case _:
                self.answer(HTTPStatus.NOT_FOUND, "there is /newest?of=1.9.0&of=1.10.0")

    def answer(self, status: HTTPStatus, text: str) -> None:
        """Send a line of text."""
        body = f"{text}\n".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def newest(versions: list[str]) -> tuple[HTTPStatus, str]:
    """Return the newest version, or what is wrong with the question."""
    try:
        return HTTPStatus.OK, str(max(map(Version.parse, versions)))
    except ValueError as error:
        return HTTPStatus.BAD_REQUEST, str(error)


def main() -> None:
    """Serve, or with --check ask the service that runs beside whether it is well."""
    if "--check" in sys.argv:
        urllib.request.urlopen(f"http://127.0.0.1:{PORT}/health", timeout=5)
    else:
        ThreadingHTTPServer(("", PORT), Handler).serve_forever()


if __name__ == "__main__":
    main()
