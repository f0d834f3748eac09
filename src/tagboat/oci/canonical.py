"""The one encoder of JSON whose bytes are hashed."""

from __future__ import annotations

import json
from typing import Any


def encode(document: Any) -> bytes:
    """Return the one byte form of a JSON document: sorted keys, no white space, UTF-8.

    Text that came from bytes that are not UTF-8 (surrogate escapes) is written as U+FFFD, as Go's encoder does.
    """
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return "".join("�" if "\ud800" <= character <= "\udfff" else character for character in text).encode()
