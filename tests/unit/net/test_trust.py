"""The laws of believing certificates."""

from __future__ import annotations

import pytest
import trustme

from tagboat.errors import InputError
from tagboat.net.trust import make_trust


@pytest.fixture
def authority(tmp_path):
    """Return the file of an authority."""
    file = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(file)
    return file


def test_an_own_authority_is_added_to_the_system_s(authority):
    """`ca-file` adds to what the system believes."""
    assert len(make_trust(authority, {}).get_ca_certs()) == len(make_trust(None, {}).get_ca_certs()) + 1


def test_the_environment_replaces_the_system_s(authority):
    """`SSL_CERT_FILE` is all that is believed."""
    assert len(make_trust(None, {"SSL_CERT_FILE": str(authority)}).get_ca_certs()) == 1


@pytest.mark.parametrize("content", [None, b"no certificate"])
def test_an_unusable_file_is_named_with_its_input(tmp_path, content):
    """A file that is missing or holds no certificate is an input error that names both."""
    file = tmp_path / "wrong.pem"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(InputError, match=r"ca-file: .*wrong\.pem"):
        make_trust(file, {})
    with pytest.raises(InputError, match=r"SSL_CERT_FILE: .*wrong\.pem"):
        make_trust(None, {"SSL_CERT_FILE": str(file)})
