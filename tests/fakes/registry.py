"""A strict registry in this process: the distribution specification, with quirks and faults as data.

It refuses what real ones only mind now and then: a stale upload address, a body without its length, a manifest asked
for without `Accept`, credentials brought to its storage.
"""

from __future__ import annotations

import base64
import itertools
import json
import re
import threading
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler
from typing import Self
from urllib.parse import parse_qs, urlsplit

from fakes.exchange import Exchange, Server, send_blob
from fakes.script import Auth, Fault, Logged, Quirks
from tagboat.oci.digest import Digest

_NAME = r"(?P<name>[a-z0-9][a-z0-9/._-]*?)"
_ROUTES = [
    (re.compile(rf"/v2/{_NAME}/blobs/uploads/"), "opening"),
    (re.compile(rf"/v2/{_NAME}/blobs/uploads/(?P<session>[0-9]+)"), "session"),
    (re.compile(rf"/v2/{_NAME}/blobs/(?P<digest>[^/]+)"), "blob"),
    (re.compile(rf"/v2/{_NAME}/manifests/(?P<reference>[^/]+)"), "manifest"),
    (re.compile(rf"/v2/{_NAME}/tags/list"), "tags"),
]


class FakeRegistry:
    """A registry on loopback; `log` holds its requests, `faults` what goes wrong next, `store` what it has."""

    def __init__(
        self, quirks: Quirks, *, now: Callable[[], float] = lambda: 0.0, users: dict[str, str] | None = None
    ) -> None:
        self.quirks, self.now = quirks, now
        self.users = {"me": "right"} if users is None else users
        self.log: list[Logged] = []
        self.faults: list[Fault] = []
        self.crashes: list[str] = []
        self.blobs: dict[tuple[str, str], bytes] = {}
        self.manifests: dict[tuple[str, str], tuple[str, bytes]] = {}
        self.tags: dict[tuple[str, str], str] = {}
        self.sessions: dict[str, tuple[bytes, int]] = {}  # content so far, and the state that the address must carry
        self.tokens: dict[str, tuple[list[tuple[str, set[str]]], float]] = {}
        self.lock = threading.RLock()
        self.counter = itertools.count(1)
        self._server = Server(("127.0.0.1", 0), _handler(self))
        self._storage = Server(("127.0.0.1", 0), _handler(self, storage=True))
        self.host = f"127.0.0.1:{self._server.server_port}"
        self.storage_host = f"127.0.0.1:{self._storage.server_port}"

    def __enter__(self) -> Self:
        for server in (self._server, self._storage):
            threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        for server in (self._server, self._storage):
            server.shutdown()
            server.server_close()
        assert self.crashes == [], self.crashes

    def requests(self, pattern: str = "") -> list[str]:
        """Return `METHOD PATH` of the requests that match, in order, token requests left out."""
        return [str(entry) for entry in self.log if entry.path != "/token" and re.search(pattern, str(entry))]

    def bodies(self) -> int:
        """Return how many bytes of blobs came in."""
        return sum(entry.size for entry in self.log if "/blobs/uploads/" in entry.path)

    def fault(self, entry: str) -> Fault | None:
        """Return the fault that this request meets, used up by one."""
        with self.lock:
            for fault in self.faults:
                if not re.search(fault.on, entry) or not fault.times:
                    continue
                if fault.skip:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                return fault
        return None


def _handler(registry: FakeRegistry, *, storage: bool = False) -> type[BaseHTTPRequestHandler]:
    return type("Handler", (_Storage if storage else _Handler,), {"registry": registry})


class _Storage(Exchange):
    """Where blobs are redirected to; like S3 it takes no `Authorization` beside its signed address."""

    def handle_request(self) -> None:
        if "Authorization" in self.headers:
            self.registry.crashes.append("credentials were brought to the storage")
        name, _, digest = self.url.removeprefix("/").rpartition("/")
        send_blob(self, self.registry.blobs[name, digest], digest)


class _Handler(Exchange):
    def handle_request(self) -> None:
        if self.url == "/token":
            return self.token()
        for pattern, kind in _ROUTES:
            if found := pattern.fullmatch(self.url):
                self.name = found["name"]
                if "Accept" in self.headers and kind != "manifest":
                    return self.refuse(406, ("UNSUPPORTED", None))
                if not self.allowed():
                    return None
                with self.registry.lock:
                    rest = [text for key, text in found.groupdict().items() if key != "name"]
                    return getattr(self, kind)(*rest)
        return self.reply(404, b"404 page not found", Content_Type="text/plain")

    # ---- who asks

    def allowed(self) -> bool:
        """Answer with a challenge where the request does not show what is wanted."""
        quirks, sent = self.registry.quirks, self.headers.get("Authorization", "")
        if quirks.auth is Auth.NONE:
            return True
        if quirks.auth is Auth.BASIC:
            if self.user() is not None:
                return True
            self.refuse(401, ("UNAUTHORIZED", None), WWW_Authenticate='Basic realm="fake"')
            return False
        wanted = {"pull"} if self.command in ("GET", "HEAD") else {"pull", "push"}
        scopes, until = self.registry.tokens.get(sent.removeprefix("Bearer "), ([], 0.0))
        if self.registry.now() < until and any(name == self.name and actions >= wanted for name, actions in scopes):
            return True
        realm = quirks.realm or f"http://{self.registry.host}/token"
        scope = f"repository:{self.name}:{','.join(sorted(wanted))}"
        challenge = f'Bearer realm="{realm}",service="fake",scope="{scope}"'
        self.refuse(401, ("UNAUTHORIZED", None), WWW_Authenticate=challenge)
        return False

    def user(self) -> str | None:
        scheme, _, encoded = self.headers.get("Authorization", "").partition(" ")
        if scheme != "Basic":
            return None
        name, _, password = base64.b64decode(encoded).decode().partition(":")
        return name if self.registry.users.get(name) == password else None

    def token(self) -> None:
        quirks = self.registry.quirks
        form = {key: values[0] for key, values in parse_qs(self.body.decode()).items()}
        if self.command == "POST" and not quirks.token_post:
            return self.reply(405)
        known = self.user() is not None or form.get("refresh_token") == "identity"
        if "Authorization" in self.headers and not known:
            return self.reply(401, b'{"details": "incorrect username or password"}')
        asked = form.get("scope", "").split() or parse_qs(urlsplit(self.path).query).get("scope", [])
        if quirks.one_scope_a_token and len(asked) > 1:
            return self.refuse(400, ("NAME_INVALID", None))
        if not known and not quirks.anonymous_pull:
            return self.refuse(401, ("UNAUTHORIZED", None))
        scopes = [(name, set(actions.split(","))) for _, name, actions in (scope.split(":") for scope in asked)]
        if not known:
            scopes = [(name, actions & {"pull"}) for name, actions in scopes]
        text = f"token-{next(self.registry.counter)}"
        self.registry.tokens[text] = (scopes, self.registry.now() + quirks.token_life_seconds)
        document = {"token": text, "expires_in": quirks.token_life_seconds}
        return self.reply(200, json.dumps(document).encode(), Content_Type="application/json")

    # ---- blobs

    def opening(self) -> None:
        if self.command != "POST":
            return self.reply(405)
        quirks, digest = self.registry.quirks, self.query.get("mount", "")
        if digest:
            if quirks.mount_status >= 400:
                return self.refuse(quirks.mount_status, ("NAME_INVALID", None))
            content = self.registry.blobs.get((self.query["from"], digest))
            if content is not None and quirks.mount_status == 201:
                self.registry.blobs[self.name, digest] = content
                return self.reply(201, Location=f"/v2/{self.name}/blobs/{digest}")
        session = str(next(self.registry.counter))
        self.registry.sessions[session] = (b"", 0)
        chunk = {"OCI_Chunk_Min_Length": str(quirks.least_chunk)} if quirks.least_chunk else {}
        return self.located(202, session, **chunk)

    def located(self, status: int, session: str, **headers: str) -> None:
        """Reply with the address for the next step, which is another after each."""
        content, state = self.registry.sessions[session]
        state += 1
        self.registry.sessions[session] = (content, state)
        path = f"/v2/{self.name}/blobs/uploads/{session}?_state={base64.b64encode(bytes([state, 255, 254])).decode()}"
        location = path if self.registry.quirks.relative_location else f"http://{self.registry.host}{path}"
        self.reply(status, Location=location, Range=f"0-{max(0, len(content) - 1)}", **headers)

    def partial(self) -> None:
        found = _ROUTES[1][0].fullmatch(self.url)
        if found and self.command in ("PUT", "PATCH"):
            with self.registry.lock:
                content, state = self.registry.sessions[found["session"]]
                self.registry.sessions[found["session"]] = (content + self.body, state)

    def session(self, session: str) -> None:
        content, state = self.registry.sessions.get(session, (b"", -1))
        given = self.query.get("_state", "").replace(" ", "+")
        if state < 0:
            return self.refuse(404, ("BLOB_UPLOAD_UNKNOWN", None))
        if given != base64.b64encode(bytes([state, 255, 254])).decode():
            return self.refuse(404, ("BLOB_UPLOAD_INVALID", None))
        match self.command:
            case "GET":
                return self.located(204, session)
            case "DELETE":
                del self.registry.sessions[session]
                return self.reply(204)
            case "PATCH":
                return self.patch(session, content, state)
            case "PUT":
                return self.close(session, content)
        return self.reply(405)

    def patch(self, session: str, content: bytes, state: int) -> None:
        quirks, span = self.registry.quirks, self.headers.get("Content-Range", "")
        if quirks.patch_status >= 400:
            return self.refuse(quirks.patch_status, ("UNSUPPORTED", None))
        if span and span != f"{len(content)}-{len(content) + len(self.body) - 1}":
            return self.refuse(416, ("RANGE_INVALID", span))
        if span and quirks.patch_limit and len(self.body) > quirks.patch_limit:
            return self.refuse(416, ("RANGE_INVALID", "exceeds the maximum"))
        if not span and quirks.put_limit and len(self.body) > quirks.put_limit:
            return self.refuse(413, ("SIZE_INVALID", None))
        self.registry.sessions[session] = (content + self.body, state)
        return self.located(quirks.patch_status, session)

    def close(self, session: str, content: bytes) -> None:
        quirks, digest = self.registry.quirks, self.query["digest"]
        if quirks.put_limit and len(self.body) > quirks.put_limit:
            return self.refuse(413, ("SIZE_INVALID", None))
        content += self.body
        del self.registry.sessions[session]
        if Digest.of(content) != digest:
            return self.refuse(400, ("DIGEST_INVALID", None))
        self.registry.blobs[self.name, digest] = content
        return self.reply(201, Location=f"/v2/{self.name}/blobs/{digest}", Docker_Content_Digest=digest)

    def blob(self, digest: str) -> None:
        content = self.registry.blobs.get((self.name, digest))
        if content is None:
            return self.refuse(404, ("BLOB_UNKNOWN", digest))
        if self.registry.quirks.storage:
            return self.reply(307, Location=f"http://{self.registry.storage_host}/{self.name}/{digest}?sig=hidden")
        return send_blob(self, content, digest)

    # ---- manifests and tags

    def manifest(self, reference: str) -> None:
        if self.command == "PUT":
            return self.put_manifest(reference)
        if self.command == "HEAD" and self.registry.quirks.head_status:
            return self.reply(self.registry.quirks.head_status)
        digest = self.registry.tags.get((self.name, reference), reference)
        found = self.registry.manifests.get((self.name, digest))
        if found is None or found[0] not in self.headers.get("Accept", ""):
            return self.refuse(404, ("MANIFEST_UNKNOWN", None))
        if self.command == "DELETE":
            del self.registry.manifests[self.name, digest]
            return self.reply(202)
        confirmed = {"Docker_Content_Digest": digest} if self.registry.quirks.digest_header else {}
        return self.reply(200, found[1], Content_Type=found[0] + "; charset=utf-8", **confirmed)

    def put_manifest(self, reference: str) -> None:
        digest, document = Digest.of(self.body), json.loads(self.body)
        if document.get("mediaType") != self.headers["Content-Type"]:
            return self.refuse(400, ("MANIFEST_INVALID", "mediaType"))
        if ":" in reference and reference != digest:
            return self.refuse(400, ("DIGEST_INVALID", None))
        missing = self.missing(document) if self.registry.quirks.validates else []
        if missing:
            return self.refuse(404, *(("MANIFEST_BLOB_UNKNOWN", entry) for entry in missing))
        self.registry.manifests[self.name, digest] = (document["mediaType"], self.body)
        if ":" not in reference:
            self.registry.tags[self.name, reference] = digest
        confirmed = {"Docker_Content_Digest": digest} if self.registry.quirks.digest_header else {}
        return self.reply(201, Location=f"/v2/{self.name}/manifests/{digest}", **confirmed)

    def missing(self, document: dict) -> Sequence[object]:
        """Return what a manifest names and the repository lacks; a detail is a text here and an object there."""
        if "manifests" in document:
            children = [entry["digest"] for entry in document["manifests"]]
            return [digest for digest in children if (self.name, digest) not in self.registry.manifests]
        blobs = [entry["digest"] for entry in (document["config"], *document["layers"])]
        return [{"digest": digest} for digest in blobs if (self.name, digest) not in self.registry.blobs]

    def tags(self) -> None:
        names = [tag for name, tag in self.registry.tags if name == self.name]
        if not names:
            return self.refuse(404, ("NAME_UNKNOWN", None))
        start = names.index(self.query["last"]) + 1 if "last" in self.query else 0
        page = names[start : start + self.registry.quirks.page]
        more = {}
        if start + len(page) < len(names):
            more = {"Link": f'</v2/{self.name}/tags/list?n={self.registry.quirks.page}&last={page[-1]}>; rel="next"'}
        return self.reply(200, json.dumps({"name": self.name, "tags": page}).encode(), **more)
