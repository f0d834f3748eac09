"""The laws of choosing a proxy."""

from __future__ import annotations

import pytest

from tagboat.net.proxies import proxy_for

PROXIES = {"HTTPS_PROXY": "http://secure:1", "http_proxy": "plain:2", "NO_PROXY": "inside.example,.lan,10.0.0.0/8,h:7"}


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("https://ghcr.io/", "http://secure:1"),
        ("http://ghcr.io/", "http://plain:2"),
        ("https://inside.example/", None),
        ("https://a.inside.example/", None),
        ("https://notinside.example/", "http://secure:1"),
        ("https://r.lan/", None),
        ("https://10.1.2.3/", None),
        ("https://11.1.2.3/", "http://secure:1"),
        ("https://h:7/", None),
        ("https://h:8/", "http://secure:1"),
        ("http://localhost:5000/", None),
        ("http://127.0.0.1:5000/", None),
        ("http://[::1]:5000/", None),
        ("http://r.localhost/", None),
    ],
)
def test_a_proxy_is_chosen_by_scheme_and_exceptions(url, proxy):
    """The scheme chooses the proxy, NO_PROXY and loopback go straight."""
    assert proxy_for(url, PROXIES) == proxy


def test_all_proxy_is_for_the_rest_and_a_star_for_nothing():
    """ALL_PROXY stands in for both schemes, and NO_PROXY=* turns all off."""
    assert proxy_for("https://a/", {"ALL_PROXY": "http://p"}) == "http://p"
    assert proxy_for("https://a/", {"ALL_PROXY": "http://p", "no_proxy": "*"}) is None
    assert proxy_for("https://a/", {}) is None
