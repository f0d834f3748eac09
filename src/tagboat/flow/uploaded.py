"""What the upload step leaves: every repository holds the root and all below it by digest; no name has moved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tagboat.oci.descriptor import Descriptor
from tagboat.oci.digest import Digest
from tagboat.oci.reference import Reference, Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """What one repository cost; `bytes_skipped` were there already or mounted."""

    bytes_sent: int = 0
    bytes_skipped: int = 0
    requests: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded:
    """The root's descriptor and bytes, what was sent where, and where each name pointed before (None: nowhere)."""

    root: Descriptor
    raw: bytes
    transfers: Mapping[Repository, Transfer] = field(default_factory=dict)
    before: Mapping[Reference, Digest | None] = field(default_factory=dict)
