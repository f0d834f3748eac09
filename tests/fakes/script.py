"""What a fake registry is told to do, and what it writes down: all of it data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Auth(StrEnum):
    """How the registry wants to know who asks."""

    NONE = "none"
    BASIC = "basic"
    BEARER = "bearer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirks:
    """How this registry differs from the plainest one; sizes are bytes, statuses 0 for "as usual"."""

    auth: Auth = Auth.NONE
    anonymous_pull: bool = False
    token_life_seconds: int = 300
    token_post: bool = True
    one_scope_a_token: bool = False  # 400 when asked for two repositories at once
    realm: str = ""  # in place of the registry's own token server
    relative_location: bool = False
    put_limit: int = 0  # a larger body of the closing PUT is 413
    patch_limit: int = 0  # a larger PATCH with a range is 416
    least_chunk: int = 0
    patch_status: int = 202
    mount_status: int = 201  # 202 opens an upload, 4xx refuses
    digest_header: bool = True
    head_status: int = 0
    validates: bool = True
    storage: bool = False  # blobs are served by redirect to another origin
    ranges: bool = True
    page: int = 1000


@dataclass(slots=True, kw_only=True)
class Fault:
    """What happens to the next requests that match `METHOD PATH` (a regular expression), `times` over.

    Either an answer (`status`), or the connection is reset: after `take` bytes of the request's body, or after `give`
    bytes of the reply's.
    """

    on: str
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    take: int = -1
    give: int = -1
    times: int = 1
    skip: int = 0  # so many matching requests pass first


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """One request as it came in, with the status that it got (0: the connection was reset)."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    size: int
    status: int

    def __str__(self) -> str:
        return f"{self.method} {self.path}"
