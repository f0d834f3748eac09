"""The laws of blobs on their way in, over registries that misbehave."""

from __future__ import annotations

import io

import pytest

from fakes.script import Fault
from tagboat.errors import LayoutError, NetworkError, RegistryError
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.reference import Repository
from tagboat.registry.upload import Sent

MIB = 1024 * 1024
SMALL = b"small" * 1000


@pytest.fixture
def big():
    """Return more bytes than are sent again from the start after a loss."""
    return bytes(range(256)) * 4 * 1024 * 40


def put(registry, server, content, name="app", **more):
    """Put a blob and prove that the registry has it."""
    repository = Repository.parse(f"{server.host}/{name}")
    blob = Descriptor.of("", content)
    sent = registry.put_blob(repository, blob, lambda: io.BytesIO(content), **more)
    assert server.blobs[name, blob.digest] == content
    return sent


def methods(server):
    """Return the methods of all requests."""
    return [entry.method for entry in server.log]


@pytest.mark.parametrize("content", [b"", b"x", SMALL])
@pytest.mark.parametrize("relative", [False, True])
def test_a_blob_is_one_post_and_one_put(fake, client, content, relative):
    """Two requests, whatever the size, and the server's address is used as it came."""
    server = fake(relative_location=relative)
    assert put(client(), server, content) is Sent.UPLOADED
    assert methods(server) == ["POST", "PUT"]


def test_what_is_too_big_for_a_put_goes_in_chunks(fake, client):
    """413 leads to chunks that fit, and the next blob takes that way at once."""
    server, registry = fake(put_limit=5 * MIB, patch_limit=4 * MIB), client()
    content = bytes(9 * MIB)
    put(registry, server, content)
    assert [entry.size for entry in server.log if entry.status == 202 and entry.method == "PATCH"] == [
        4 * MIB,
        4 * MIB,
        MIB,
    ]
    server.log.clear()
    put(registry, server, content[1:])
    assert methods(server) == ["POST", "PATCH", "PATCH", "PATCH", "PUT"]


def test_a_server_may_ask_for_larger_chunks(fake, client):
    """`OCI-Chunk-Min-Length` is kept to."""
    server = fake(put_limit=1, least_chunk=20 * MIB)
    put(client(), server, bytes(21 * MIB))
    assert [entry.size for entry in server.log if entry.method == "PATCH"] == [20 * MIB, MIB]


@pytest.mark.parametrize("status", [404, 405, 415, 501])
def test_a_put_with_a_body_that_is_not_understood_becomes_a_patch(fake, client, status):
    """A server that only knows docker's way gets it: one PATCH without a range, and an empty PUT."""
    server, registry = fake(), client()
    server.faults = [Fault(on="PUT", status=status)]
    put(registry, server, SMALL)
    assert methods(server) == ["POST", "PUT", "POST", "PATCH", "PUT"]
    assert "content-range" not in server.log[3].headers


def test_a_server_that_takes_no_way_is_an_error(fake, client):
    """When no way is left the server's last words are the error."""
    server = fake(put_limit=1, patch_status=405)
    with pytest.raises(RegistryError, match="405"):
        put(client(), server, SMALL)


@pytest.mark.parametrize(
    "fault",
    [Fault(on="PUT", take=100), Fault(on="PUT", status=503), Fault(on="PUT", status=429), Fault(on="POST", take=0)],
)
def test_trouble_in_an_upload_begins_it_again(fake, client, clock, fault):
    """A lost connection or a busy server costs a pause and a new upload; nothing is sent twice into one."""
    server = fake()
    server.faults = [fault]
    put(client(), server, SMALL)
    assert clock.slept == [0.5]


def test_a_lost_session_is_opened_again(fake, client):
    """A server that forgot an upload is asked for another, in the same way."""
    server = fake()
    server.faults = [Fault(on="PUT", status=404, body=b'{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}')]
    put(client(), server, SMALL)
    assert methods(server) == ["POST", "PUT", "POST", "PUT"]


def test_a_big_blob_goes_on_where_it_broke(fake, client, big):
    """After a loss the server is asked how far it came, and only the rest is sent."""
    server = fake()
    server.faults = [Fault(on="PUT", take=30 * MIB)]
    put(client(), server, big)
    assert methods(server) == ["POST", "PUT", "GET", "PATCH", "PUT"]
    assert server.bodies() == len(big)


def test_a_big_blob_whose_session_is_gone_begins_again(fake, client, big):
    """Where the server cannot say how far it came, the upload begins anew."""
    server = fake()
    server.faults = [Fault(on="PUT", take=30 * MIB), Fault(on="GET", status=404)]
    put(client(), server, big)
    assert methods(server) == ["POST", "PUT", "GET", "POST", "PUT"]


def test_a_server_that_always_hangs_up_is_tried_other_ways(fake, client):
    """After two losses the next way is tried; five tries are all."""
    server, registry = fake(), client()
    server.faults = [Fault(on="PUT .*digest", take=10, times=2)]
    put(registry, server, SMALL)
    assert methods(server)[-3:] == ["POST", "PATCH", "PUT"]
    server.faults = [Fault(on="PATCH", take=10, times=99)]
    with pytest.raises(NetworkError):
        put(registry, server, SMALL + b"x")


def test_a_wrong_digest_is_not_tried_again(fake, client):
    """Content that does not have its digest is refused once."""
    server = fake()
    blob = Descriptor.of("", SMALL)
    other = io.BytesIO(SMALL[::-1])
    with pytest.raises(RegistryError, match="DIGEST_INVALID"):
        client().put_blob(Repository.parse(f"{server.host}/app"), blob, lambda: other)
    assert methods(server) == ["POST", "PUT"]


def test_content_that_ends_early_is_a_broken_layout(fake, client):
    """A blob shorter than its descriptor is not the network's fault and not tried again."""
    server = fake()
    blob = Descriptor.of("", SMALL)
    with pytest.raises(LayoutError):
        client().put_blob(Repository.parse(f"{server.host}/app"), blob, lambda: io.BytesIO(b"short"))


def test_a_mount_is_one_request(fake, client):
    """What another repository has costs one POST and no byte."""
    server, registry = fake(), client()
    put(registry, server, SMALL, "other")
    server.log.clear()
    source = Repository.parse(f"{server.host}/other")
    assert put(registry, server, SMALL, mount_from=source) is Sent.MOUNTED
    assert methods(server) == ["POST"]
    assert server.log[0].query.endswith("&from=other")


def test_an_ignored_mount_uses_the_upload_it_opened(fake, client):
    """A registry that does not mount answers with an upload, which is used."""
    server, registry = fake(mount_status=202), client()
    source = Repository.parse(f"{server.host}/other")
    assert put(registry, server, SMALL, mount_from=source) is Sent.UPLOADED
    assert methods(server) == ["POST", "PUT"]


def test_a_registry_that_refuses_mounts_is_not_asked_for_ever(fake, client):
    """Two refused mounts are enough to ask for plain uploads."""
    server, registry = fake(mount_status=400), client()
    source = Repository.parse(f"{server.host}/other")
    for number in range(4):
        put(registry, server, bytes([number]), mount_from=source)
    assert len([entry for entry in server.log if "mount=" in entry.query]) == 2


def test_a_refused_upload_says_what_was_refused(fake, client):
    """A refusal names the blob's repository and the server's words."""
    server = fake()
    server.faults = [Fault(on="POST", status=403, body=b'{"errors":[{"code":"DENIED","message":"write_package"}]}')]
    with pytest.raises(RegistryError, match="DENIED: write_package") as raised:
        put(client(), server, SMALL)
    assert "packages: write" in raised.value.hint


def test_an_upload_is_not_led_away(fake, client):
    """An address inside this machine's cloud is refused, and nothing is sent there."""
    server = fake()
    server.faults = [Fault(on="POST", status=202, headers={"Location": "http://169.254.169.254/x"})]
    with pytest.raises(RegistryError, match="inside this machine"):
        put(client(), server, SMALL)
