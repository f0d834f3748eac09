"""HTTP as the fake registry speaks it: one request in, faults included, one reply out."""

from __future__ import annotations

import json
import re
import socket
import struct
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from fakes.script import Logged

if TYPE_CHECKING:
    from fakes.registry import FakeRegistry


class ResetError(Exception):
    """The connection is to be reset."""


class Server(ThreadingHTTPServer):
    """A server with a thread a connection, which ends with the test."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: clients hang up in the tests on purpose."""


class Exchange(BaseHTTPRequestHandler):
    """One connection's requests, each logged once and before the client can know its answer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    registry: FakeRegistry
    cut: int = -1

    def log_message(self, *_: object) -> None:
        """Say nothing on stderr."""

    def __getattr__(self, name: str):
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def answer(self) -> None:
        parts = urlsplit(self.path)
        self.url, self.query = parts.path, {key: values[0] for key, values in parse_qs(parts.query).items()}
        self.body, self.cut, self.noted = b"", -1, False
        try:
            fault = self.registry.fault(f"{self.command} {self.path}")
            self.read_body(fault.take if fault else -1)
            if fault and fault.status:
                self.reply(fault.status, fault.body, **fault.headers)
            else:
                self.cut = fault.give if fault else -1
                self.handle_request()
        except ResetError:
            self.reset()
        except (ConnectionError, TimeoutError):
            self.close_connection = True
        except Exception as error:
            self.registry.crashes.append(f"{self.command} {self.path}: {error!r}")
            raise
        finally:
            self.note(0)

    def read_body(self, take: int) -> None:
        assert "Transfer-Encoding" not in self.headers, "a body without its length"
        if self.command in ("POST", "PUT", "PATCH"):
            assert "Content-Length" in self.headers, "a body without its length"
        length = int(self.headers.get("Content-Length") or 0)
        self.body = self.rfile.read(length if take < 0 else min(take, length))
        if take >= 0:
            self.partial()
            raise ResetError

    def partial(self) -> None:
        """Keep what came before the connection breaks."""

    def handle_request(self) -> None:
        raise NotImplementedError

    def reset(self) -> None:
        self.note(0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def note(self, status: int) -> None:
        """Write the request down, once, before the client can know of it."""
        if self.noted:
            return
        self.noted = True
        entry = Logged(
            method=self.command,
            path=self.url,
            query=urlsplit(self.path).query,
            headers={name.lower(): value for name, value in self.headers.items()},
            size=len(self.body),
            status=status,
        )
        with self.registry.lock:
            self.registry.log.append(entry)

    def reply(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.note(status)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers and status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.cut >= 0:
            self.wfile.write(body[: self.cut])
            self.wfile.flush()
            raise ConnectionAbortedError
        self.wfile.write(body)

    def refuse(self, status: int, *errors: tuple[str, object], **headers: str) -> None:
        entries = [
            {"code": code, "message": code.lower().replace("_", " "), "detail": detail} for code, detail in errors
        ]
        body = json.dumps({"errors": entries}).encode()
        self.reply(status, body, Content_Type="application/json", **headers)


def send_blob(exchange: Exchange, content: bytes, digest: str) -> None:
    span = re.fullmatch(r"bytes=(\d+)-", exchange.headers.get("Range", ""))
    if span and exchange.registry.quirks.ranges:
        start = int(span[1])
        total = f"bytes {start}-{len(content) - 1}/{len(content)}"
        return exchange.reply(206, content[start:], Content_Range=total, Content_Type="application/octet-stream")
    return exchange.reply(200, content, Content_Type="application/octet-stream", Docker_Content_Digest=digest)
