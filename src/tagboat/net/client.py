"""The HTTP client: one pool of connections, redirects by hand, retries, and a count of what was sent."""

from __future__ import annotations

import contextlib
import ssl
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from tagboat.errors import NetworkError, RegistryError, StoppedError
from tagboat.net import retry
from tagboat.net.faults import ConnectionLostError, network_error
from tagboat.net.message import FileBody, HttpReply, HttpRequest
from tagboat.net.proxies import proxy_for
from tagboat.net.redact import redact_url
from tagboat.net.redirect import origin, redirected
from tagboat.net.trust import make_trust

if TYPE_CHECKING:
    import httpx

_CONNECTIONS = 32
_CONNECT_SECONDS, _READ_SECONDS, _WRITE_SECONDS = 10, 300, 60  # servers hash a blob after its last byte
_MAX_REDIRECTS = 10
_LINE_END = "look for a line end in a token or a user name"
MAX_REPLY_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """A reply whose body is still on its way."""

    head: HttpReply
    chunks: Callable[[], Iterator[bytes]]

    def whole(self) -> HttpReply:
        """Return the reply with its body; raises `RegistryError` when that is longer than any manifest may be."""
        body = bytearray()
        for chunk in self.chunks():
            body += chunk
            if len(body) > MAX_REPLY_BYTES:
                raise RegistryError(f"{redact_url(self.head.url)}: the reply is longer than {MAX_REPLY_BYTES} bytes")
        return HttpReply(status=self.head.status, headers=self.head.headers, url=self.head.url, body=bytes(body))


class HttpClient:
    """HTTP/1.1 with keep-alive; may be used from several threads, and is closed by leaving its block.

    `environ` gives proxies and `SSL_CERT_FILE`; `random` returns a number in [0, 1), `now` Unix time.
    """

    def __init__(
        self,
        *,
        environ: Mapping[str, str],
        random: Callable[[], float],
        now: Callable[[], float],
        sleep: Callable[[float], object] | None = None,
        ca_file: Path | None = None,
        user_agent: str = "tagboat",
    ) -> None:
        self.now = now
        self._environ, self._random = environ, random
        self._ca_file, self._user_agent = ca_file, user_agent
        self._lock = threading.Lock()
        self._pools: dict[tuple[str, str | None], httpx.Client] = {}
        self._sent: Counter[str] = Counter()
        self._stopped = threading.Event()
        self._sleep = sleep or self._stopped.wait  # so that `stop` also ends a pause

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            for pool in self._pools.values():
                pool.close()
            self._pools.clear()

    def stop(self) -> None:
        """Let no further request begin and no upload go on; safe to call from any thread."""
        self._stopped.set()

    def sent(self, label: str) -> int:
        """Return how many requests went out under this label, retries and redirects included."""
        return self._sent[label]

    def send(self, request: HttpRequest) -> HttpReply:
        """Send a request and return its reply, whatever the status; raises `NetworkError` after the last try.

        Lost connections and transient statuses are tried again when the request is repeatable.
        """
        attempt = 0
        while True:
            attempt += 1
            try:
                with self.stream(request) as incoming:
                    reply = incoming.whole()
            except NetworkError as error:
                if not request.repeatable or not self.pause(attempt, error):
                    raise
            else:
                if not request.repeatable or not retry.is_transient(reply.status) or not self.pause(attempt, reply):
                    return reply

    def pause(self, attempt: int, failure: HttpReply | NetworkError) -> bool:
        """Wait as long as try number `attempt` (from 1) demands; False: there is no sense in another."""
        if isinstance(failure, NetworkError) and not isinstance(failure, ConnectionLostError):
            return False
        headers = failure.headers if isinstance(failure, HttpReply) else {}
        delay = retry.delay_seconds(attempt, random=self._random(), now=self.now(), headers=headers)
        if delay is not None:
            self._sleep(delay)
        return delay is not None

    @contextlib.contextmanager
    def stream(self, request: HttpRequest) -> Iterator[Incoming]:
        """Send a request once, follow redirects, and yield the reply while its body comes in."""
        for _ in range(_MAX_REDIRECTS + 1):
            response = self._exchange(request)
            with contextlib.closing(response):
                onward = redirected(request, response.status_code, _flat(response.headers))
                if onward is None:
                    yield _incoming(response, request)
                    return
            request = onward
        raise RegistryError(f"{request}: more than {_MAX_REDIRECTS} redirects", "check the registry's proxy")

    def _exchange(self, request: HttpRequest) -> httpx.Response:
        import httpx

        self._check_running()
        with self._lock:
            self._sent[request.label] += 1
        body = request.body
        size = body.size if isinstance(body, FileBody) else len(body)
        headers = {"Accept-Encoding": "identity", **request.headers}
        if size or request.method not in ("GET", "HEAD", "DELETE"):
            headers["Content-Length"] = str(size)
        try:
            pool = self._pool(request.url)
            content = self._chunks(body) if isinstance(body, FileBody) else body
            prepared = pool.build_request(request.method, request.url, headers=headers, content=content)
            return pool.send(prepared, stream=True)
        except httpx.LocalProtocolError:
            # From nothing: the library's message holds the header, which may be a credential.
            raise NetworkError(f"{request}: a header holds what HTTP does not allow", _LINE_END) from None
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise NetworkError(f"{request}: this address cannot be used: {error}") from error
        except httpx.HTTPError as error:
            raise network_error(error, request) from error

    def _chunks(self, body: FileBody) -> Iterator[bytes]:
        for chunk in body.chunks():
            self._check_running()
            yield chunk

    def _check_running(self) -> None:
        if self._stopped.is_set():
            raise StoppedError("the transfer was stopped")

    def _pool(self, url: str) -> httpx.Client:
        key = origin(url)[0], proxy_for(url, self._environ)
        with self._lock:
            if key not in self._pools:
                self._pools[key] = self._new_pool(*key)
            return self._pools[key]

    def _new_pool(self, scheme: str, proxy: str | None) -> httpx.Client:
        import httpx

        # Reading the system's authorities takes longer than a push to this machine; a bare context believes nobody.
        plain = scheme == "http"
        trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if plain else make_trust(self._ca_file, self._environ)
        pool = httpx.Client(
            verify=trust,
            proxy=proxy,
            trust_env=False,
            follow_redirects=False,
            headers={"User-Agent": self._user_agent},
            timeout=httpx.Timeout(None, connect=_CONNECT_SECONDS, read=_READ_SECONDS, write=_WRITE_SECONDS),
            limits=httpx.Limits(max_connections=_CONNECTIONS, max_keepalive_connections=_CONNECTIONS),
        )
        # Artifactory answers 406 to an Accept where it expects none (dotnet/sdk-container-builds#382).
        del pool.headers["Accept"]
        return pool


def _flat(headers: httpx.Headers) -> dict[str, str]:
    return {name.lower(): headers[name] for name in headers}


def _incoming(response: httpx.Response, request: HttpRequest) -> Incoming:
    def chunks() -> Iterator[bytes]:
        import httpx

        try:
            yield from response.iter_raw()
        except httpx.HTTPError as error:
            raise network_error(error, request) from error

    head = HttpReply(status=response.status_code, headers=_flat(response.headers), url=request.url)
    return Incoming(head=head, chunks=chunks)
