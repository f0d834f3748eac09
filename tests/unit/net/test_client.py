"""The laws of the HTTP client, over a fake registry."""

from __future__ import annotations

import io
import socket

import pytest

from fakes.script import Fault
from tagboat.errors import LayoutError, NetworkError, RegistryError, StoppedError
from tagboat.net.client import MAX_REPLY_BYTES
from tagboat.net.message import FileBody, HttpRequest


def get(server, path="/v2/app/tags/list", **more):
    """Return a request to a fake registry."""
    return HttpRequest(method="GET", url=f"http://{server.host}{path}", label="app", **more)


def test_trouble_of_the_moment_is_tried_again(fake, connect, clock):
    """Transient statuses and lost connections are tried again, with the delays between, and all are counted."""
    server, http = fake(), connect()
    server.tags["app", "1"] = "sha256:0"
    server.faults = [Fault(on="GET", status=503), Fault(on="GET", take=0), Fault(on="GET", status=500)]
    assert http.send(get(server)).status == 200
    assert clock.slept == [0.5, 1.0, 2.0]
    assert http.sent("app") == 4


def test_the_fifth_try_is_the_last(fake, connect, clock):
    """A server that stays busy is asked five times; its last answer is the reply."""
    server, http = fake(), connect()
    server.faults = [Fault(on="GET", status=503, times=9)]
    assert http.send(get(server)).status == 503
    assert (http.sent("app"), len(clock.slept)) == (5, 4)


def test_the_server_s_wish_is_waited_for(fake, connect, clock):
    """`Retry-After` is obeyed."""
    server, http = fake(), connect()
    server.faults = [Fault(on="GET", status=429, headers={"Retry-After": "11"})]
    http.send(get(server))
    assert clock.slept == [11]


def test_what_must_not_be_repeated_is_sent_once(fake, connect, clock):
    """A request that is not repeatable is sent once, whatever happens to it."""
    server, http = fake(), connect()
    server.faults = [Fault(on="GET", status=503), Fault(on="GET", take=0)]
    assert http.send(get(server, repeatable=False)).status == 503
    with pytest.raises(NetworkError):
        http.send(get(server, repeatable=False))
    assert clock.slept == []


def test_a_body_is_opened_anew_for_each_try(fake, connect):
    """A body from a file is sent whole again after a loss, with its length."""
    server, http, opened = fake(), connect(), []

    def content():
        opened.append(True)
        return io.BytesIO(b"0123456789")

    server.faults = [Fault(on="PUT", take=2)]
    body = FileBody(open=content, offset=2, size=7)
    http.send(HttpRequest(method="PUT", url=f"http://{server.host}/v2/", body=body))
    assert len(opened) == 2
    assert (server.log[-1].size, server.log[-1].headers["content-length"]) == (7, "7")


def test_a_body_that_ends_early_is_a_broken_layout(fake, connect):
    """Content shorter than announced is not sent padded or cut, it is an error of the layout."""
    body = FileBody(open=lambda: io.BytesIO(b"short"), size=9)
    with pytest.raises(LayoutError):
        connect().send(HttpRequest(method="PUT", url=f"http://{fake().host}/v2/", body=body))


def test_redirects_are_followed_without_credentials(fake, connect):
    """A blob behind a redirect is read from the storage, which sees no credentials."""
    server = fake(storage=True)
    server.blobs["app", "sha256:0"] = b"content"
    reply = connect().send(get(server, "/v2/app/blobs/sha256:0", headers={"Authorization": "Basic x"}))
    assert reply.body == b"content"
    assert ["authorization" in entry.headers for entry in server.log] == [True, False]


def test_a_ring_of_redirects_ends(fake, connect):
    """Redirects that lead nowhere end in an error."""
    server = fake()
    server.faults = [Fault(on="GET", status=307, headers={"Location": "/v2/app/tags/list"}, times=99)]
    with pytest.raises(RegistryError, match="redirects"):
        connect().send(get(server))


def test_no_reply_is_read_without_end(fake, connect):
    """A reply that is longer than any manifest may be is refused."""
    server = fake()
    server.blobs["app", "sha256:0"] = bytes(MAX_REPLY_BYTES + 1)
    with pytest.raises(RegistryError, match="longer"):
        connect().send(get(server, "/v2/app/blobs/sha256:0"))


def test_a_closed_port_is_named(connect, clock):
    """A server that is not there is a network error with its address, after all tries."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        port = reserved.getsockname()[1]
        with pytest.raises(NetworkError, match=f"127.0.0.1:{port} refuses"):
            connect().send(HttpRequest(method="GET", url=f"http://127.0.0.1:{port}/"))
    assert len(clock.slept) == 4


def test_a_plain_server_asked_by_tls_is_said(fake, connect, clock):
    """A server without TLS is named as such at once, with `insecure-registries` in the hint."""
    with pytest.raises(NetworkError, match="does not speak TLS") as raised:
        connect().send(HttpRequest(method="GET", url=f"https://{fake().host}/v2/"))
    assert "insecure-registries" in raised.value.hint
    assert clock.slept == []


def test_a_header_that_http_does_not_allow_is_not_shown(fake, connect, clock):
    """A token with a line end in it is an error without the token, and not tried again."""
    with pytest.raises(NetworkError) as raised:
        connect().send(get(fake(), headers={"Authorization": "Bearer hidden\nword"}))
    assert "hidden" not in str(raised.value)
    assert raised.value.__cause__ is None
    assert clock.slept == []


def test_a_stopped_client_sends_nothing_more(fake, connect):
    """After a stop no request begins, and an upload that is on its way ends at the next chunk."""
    server, http = fake(), connect()

    class Content(io.BytesIO):
        def read(self, size=-1):
            http.stop()
            return super().read(size)

    body = FileBody(open=lambda: Content(bytes(1 << 20)), size=1 << 20)
    with pytest.raises(StoppedError):
        http.send(HttpRequest(method="PUT", url=f"http://{server.host}/v2/", body=body))
    with pytest.raises(StoppedError):
        http.send(get(server))


def test_a_proxy_is_asked_for_everything_but_loopback(fake, connect):
    """Requests go through the proxy of the environment, as it is given and not as the process has it."""
    server = fake()
    http = connect(environ={"http_proxy": f"http://{server.host}"})
    http.send(HttpRequest(method="GET", url="http://registry.example/v2/"))
    assert server.log[0].headers["host"] == "registry.example"
