"""Lists that come in pages (distribution-spec, "Content Discovery")."""

from __future__ import annotations

import re
from urllib.parse import urljoin

_LINK = re.compile(r"<(?P<target>[^>]*)>(?P<parameters>[^,]*)")
_REL_NEXT = re.compile(r';\s*rel\s*=\s*"?next"?\s*(?:;|$)', re.IGNORECASE)


def next_page(url: str, link: str) -> str | None:
    """Return the address of the page after `url` by its `Link` header (RFC 8288), or None at the end."""
    for found in _LINK.finditer(link):
        if _REL_NEXT.search(found["parameters"]):
            return urljoin(url, str(found["target"]))
    return None
