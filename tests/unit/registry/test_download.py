"""The laws of blobs on their way out."""

from __future__ import annotations

import pytest

from fakes.script import Fault
from tagboat.errors import NetworkError, RegistryError
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.digest import Digest
from tagboat.oci.reference import Repository

CONTENT = bytes(range(256)) * 4000


def read(registry, server, blob, stored=None):
    """Read a blob that a fake registry holds."""
    server.blobs["app", blob.digest] = CONTENT if stored is None else stored
    with registry.open_blob(Repository.parse(f"{server.host}/app"), blob) as chunks:
        return b"".join(chunks)


@pytest.mark.parametrize("ranges", [True, False])
@pytest.mark.parametrize("storage", [True, False])
def test_a_broken_download_goes_on(fake, client, ranges, storage):
    """After a loss the rest is read, with a range or, where there are none, by passing over what is known."""
    server = fake(ranges=ranges, storage=storage)
    path = "GET /app/" if storage else "GET /v2/"
    server.faults = [Fault(on=path, give=700_000), Fault(on=path, status=503)]
    assert read(client(), server, Descriptor.of("", CONTENT)) == CONTENT
    assert any("range" in entry.headers for entry in server.log)


def test_progress_sets_the_tries_back(fake, client):
    """A connection that breaks often but brings something each time gets there."""
    server = fake()
    server.faults = [Fault(on="GET", give=100_000, times=9)]
    assert read(client(), server, Descriptor.of("", CONTENT)) == CONTENT


def test_a_connection_that_brings_nothing_is_given_up(fake, client, clock):
    """Five tries without progress are the end."""
    server = fake()
    server.faults = [Fault(on="GET", take=0, times=99)]
    with pytest.raises(NetworkError):
        read(client(), server, Descriptor.of("", CONTENT))
    assert len(clock.slept) == 4


@pytest.mark.parametrize(
    ("stored", "said"), [(CONTENT[::-1], "other content"), (CONTENT + b"x", "more than"), (CONTENT[:-1], "only")]
)
def test_other_content_is_not_believed(fake, client, stored, said):
    """Content with another digest or another length is an error."""
    with pytest.raises(RegistryError, match=said):
        read(client(), fake(), Descriptor.of("", CONTENT), stored)


def test_an_unknown_digest_is_not_trusted(fake, client):
    """A digest that cannot be verified is refused before the content is used."""
    blob = Descriptor(media_type="", digest=Digest("blake9:abc"), size=1)
    with pytest.raises(RegistryError, match="blake9"):
        read(client(), fake(), blob)


def test_a_reader_may_stop_early(fake, client):
    """Leaving the block before the end is no error."""
    server, blob = fake(), Descriptor.of("", CONTENT)
    server.blobs["app", blob.digest] = CONTENT
    registry = client()
    with registry.open_blob(Repository.parse(f"{server.host}/app"), blob) as chunks:
        assert next(chunks)
