"""The laws of showing addresses."""

from __future__ import annotations

import pytest

from tagboat.net.redact import redact_header, redact_text, redact_url
from tagboat.secret import Secret


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://me:secret@example.com/v2/", "https://example.com/v2/"),
        ("https://s3/b?X-Amz-Signature=abc&sig=d%2Fe", "https://s3/b?X-Amz-Signature=***&sig=***"),
        (
            "https://r/v2/a/blobs/uploads/1?_state=abc==&digest=sha256:00",
            "https://r/v2/a/blobs/uploads/1?_state=***&digest=sha256:00",
        ),
        (
            "https://auth/token?service=r&scope=repository:a:pull",
            "https://auth/token?service=r&scope=repository:a:pull",
        ),
        ("https://x/#token=abc", "https://x/"),
    ],
)
def test_an_address_shows_no_secret(url, shown):
    """User names, fragments and all but harmless parameters are not shown."""
    assert redact_url(url) == shown


def test_headers_show_no_secret():
    """Credentials are starred out, an address in a header is redacted, the rest is shown."""
    assert redact_header("Authorization", "Bearer abc") == "***"
    assert redact_header("Location", "https://x/?sig=1") == "https://x/?sig=***"
    assert redact_header("Content-Type", "text/plain") == "text/plain"


def test_a_secret_in_a_server_s_words_is_starred_out():
    """A server that repeats the password gives nothing away; too short a secret would star out the sentence."""
    assert redact_text("no user with pass word1", [Secret("word1"), Secret("")]) == "no user with pass ***"
    assert redact_text("a banana", [Secret("a")]) == "a banana"
