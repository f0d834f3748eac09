"""The laws of following redirects."""

from __future__ import annotations

import pytest

from tagboat.errors import RegistryError
from tagboat.net.message import HttpRequest
from tagboat.net.redirect import check_target, origin, redirected


def request(method="GET", url="https://r.example/v2/a", body=b""):
    """Return a request with credentials."""
    headers = {"Authorization": "Basic x", "Content-Type": "a/b", "Accept": "c/d"}
    return HttpRequest(method=method, url=url, body=body, headers=headers)


@pytest.mark.parametrize(
    ("location", "kept"),
    [
        ("/v2/b", True),
        ("https://r.example:443/x", True),
        ("https://r.example:444/x", False),
        ("https://storage.example/x", False),
    ],
)
def test_authorization_stays_with_its_origin(location, kept):
    """Credentials follow only to the same scheme, host and port."""
    onward = redirected(request(), 307, {"location": location})
    assert ("Authorization" in onward.headers) is kept
    assert onward.headers["Accept"] == "c/d"


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_body_goes_along(status):
    """Method and body are sent again where the redirect leads."""
    onward = redirected(request("PUT", body=b"x"), status, {"location": "https://other.example/"})
    assert (onward.method, onward.body) == ("PUT", b"x")


def test_see_other_is_a_get():
    """After 303 the rest is read with GET, without a body."""
    onward = redirected(request("POST", body=b"x"), 303, {"location": "/done"})
    assert (onward.method, onward.url, onward.body) == ("GET", "https://r.example/done", b"")
    assert "Content-Type" not in onward.headers


@pytest.mark.parametrize(("status", "headers"), [(200, {"location": "/x"}), (304, {"location": "/x"}), (307, {})])
def test_other_replies_are_final(status, headers):
    """What is no redirect, or does not say where to, is the answer."""
    assert redirected(request(), status, headers) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://r.example/",
        "ftp://r.example/",
        "https://169.254.169.254/latest",
        "https://127.0.0.1/",
        "https://localhost/",
        "https://[::1]/",
        "https:///nowhere",
    ],
)
def test_nobody_leads_us_astray(url):
    """A server may lead neither to plain text nor into this machine or its cloud's metadata."""
    with pytest.raises(RegistryError):
        check_target(url, source="https://r.example/")


@pytest.mark.parametrize(
    ("url", "source"),
    [
        ("https://10.0.0.7/minio", "https://r.example/"),
        ("http://127.0.0.1:9/x", "http://127.0.0.1:5/"),
        ("http://127.0.0.1:9/x", "http://localhost:5/"),
    ],
)
def test_neighbours_may_be_led_to(url, source):
    """Storage in a private network, and this machine's own servers among each other, are fine."""
    check_target(url, source=source)


def test_metadata_services_are_nobody_s_neighbours():
    """Not even a server on this machine leads to a cloud's metadata."""
    with pytest.raises(RegistryError):
        check_target("http://169.254.169.254/", source="http://127.0.0.1:5/")


def test_an_origin_has_its_port():
    """The default port is the same as the one written out."""
    assert origin("https://a/") == origin("https://a:443/x") != origin("http://a/")
