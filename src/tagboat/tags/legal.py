"""How any text becomes a tag that every registry takes."""

from __future__ import annotations

import hashlib
import re

from tagboat.oci.reference import TagName

_ILLEGAL = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 128  # distribution-spec
_HASH_DIGITS = 8


def legal_tag(text: str) -> TagName | None:
    """Return the tag nearest to `text`, None when no legal character is left.

    Each run of illegal characters becomes one `-`, a leading `-` or `.` goes, and what is longer than 128
    characters ends in a hash of the whole, so that two long names stay two.
    """
    tag = _ILLEGAL.sub("-", text).lstrip("-.")
    if len(tag) > _LONGEST:
        suffix = hashlib.sha256(tag.encode()).hexdigest()[:_HASH_DIGITS]
        tag = f"{tag[: _LONGEST - _HASH_DIGITS - 1].rstrip('-.')}-{suffix}"
    return TagName.parse(tag) if tag else None
