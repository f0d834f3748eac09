"""The laws of lists in pages."""

from __future__ import annotations

import pytest

from tagboat.registry.paging import next_page


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("", None),
        ('</v2/a/tags/list?n=2&last=x>; rel="next"', "https://r/v2/a/tags/list?n=2&last=x"),
        ("<https://r/next>; rel=next", "https://r/next"),
        ('<?last=y>; title="a"; rel="next"', "https://r/v2/a/tags/list?last=y"),
        ('</first>; rel="first", </second>; rel="next"', "https://r/second"),
        ('</first>; rel="first"', None),
    ],
)
def test_the_next_page_is_where_the_link_says(link, address):
    """Only `next` counts, relative or not, alone or among others."""
    assert next_page("https://r/v2/a/tags/list?n=2", link) == address
