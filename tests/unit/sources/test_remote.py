"""Downloads for ADD."""

from __future__ import annotations

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tagboat.errors import DockerfileError, NetworkError
from tagboat.net.client import HttpClient
from tagboat.oci.digest import Digest
from tagboat.sources import fetch_file


@pytest.fixture
def serve(clock, tmp_path):
    """Return a function that starts a server with scripted replies and downloads from it."""
    with contextlib.ExitStack() as stack:

        def start(*replies, path="/d/f%20x.txt"):
            todo = list(replies)

            class Handler(BaseHTTPRequestHandler):
                def do_GET(self):
                    status, headers, body = todo.pop(0)
                    self.send_response(status)
                    for name, value in headers.items():
                        self.send_header(name, value)
                    self.send_header("Content-Length", str(len(body) + headers.get("X-Short", 0)))
                    self.end_headers()
                    self.wfile.write(body)
                    self.close_connection = True

                def log_message(self, *_arguments):
                    """Say nothing."""

            server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            stack.callback(server.server_close)
            stack.callback(server.shutdown)
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
            http = stack.enter_context(HttpClient(environ={}, sleep=clock.sleep, random=lambda: 0.0, now=clock.now))
            return fetch_file(f"http://127.0.0.1:{server.server_port}{path}", tmp_path / "got", http)

        yield start


def test_a_file_comes_with_name_size_digest_and_time(serve):
    """The name is the last part of the path, decoded; the time is Last-Modified."""
    fetched = serve((200, {"Last-Modified": "Thu, 01 Jan 1970 00:01:39 GMT"}, b"hello"))
    assert (fetched.name, fetched.size, fetched.modified) == ("f x.txt", 5, 99)
    assert fetched.digest == Digest.of(b"hello")
    assert fetched.path.read_bytes() == b"hello"


@pytest.mark.parametrize("value", ["", "yesterday"])
def test_a_time_that_is_none_is_none(serve, value):
    """A server that says no time, or nonsense, has none."""
    assert serve((200, {"Last-Modified": value} if value else {}, b"")).modified is None


def test_a_url_without_a_path_has_a_name(serve):
    """BuildKit's name for it is ours."""
    assert serve((200, {}, b""), path="/").name == "__unnamed__"


def test_a_redirect_is_followed_and_keeps_the_first_name(serve):
    """Release pages send one on to a storage with a name of its own."""
    fetched = serve((302, {"Location": "/storage/123"}, b""), (200, {}, b"hello"))
    assert (fetched.name, fetched.size) == ("f x.txt", 5)


@pytest.mark.parametrize("trouble", [(503, {}, b"busy"), (200, {"X-Short": 5}, b"hel")])
def test_trouble_of_the_moment_is_tried_again_from_the_start(serve, trouble):
    """A busy server and a lost connection cost a second try, and leave no half file."""
    assert serve(trouble, (200, {}, b"hello")).path.read_bytes() == b"hello"


def test_a_missing_file_is_the_dockerfiles_error(serve):
    """404 is not tried again; the status is said."""
    with pytest.raises(DockerfileError, match="404 Not Found"):
        serve((404, {}, b"no"))


def test_lasting_trouble_is_the_networks_error(serve):
    """After the last try the status is said."""
    with pytest.raises(NetworkError, match="503"):
        serve(*[(503, {}, b"")] * 9)
