"""The laws of the upload step, over the fake registry."""

from __future__ import annotations

import pytest

from fakes.images import MemoryImage
from fakes.script import Fault
from tagboat.errors import FaultsError, RegistryError
from tagboat.oci.reference import Reference, Repository
from tagboat.release import move_names
from tagboat.upload import supply_missing, upload_layout

LAYERS = [b"base" * 5000, b"middle" * 900, b"top"]


def names(host: str, *texts: str) -> list[Reference]:
    """Return references on a host."""
    return [Reference.parse(f"{host}/{text}") for text in texts]


def push(image, references, registry, progress):
    """Upload an image and move its names."""
    uploaded = upload_layout(image, image.root, references, registry, jobs=4, progress=progress)
    return uploaded, move_names(uploaded, references, registry, progress=progress)


def test_a_first_push_costs_a_head_two_requests_a_blob_and_a_put(fake, client, progress):
    """A first push under one name is 1 HEAD, 2 requests a blob and 1 PUT, and sends each blob once."""
    server, image = fake(), MemoryImage(LAYERS)
    uploaded, released = push(image, names(server.host, "app:1"), client(), progress)
    assert len(server.log) == 1 + 2 * 4 + 1
    assert server.requests()[0] == "HEAD /v2/app/manifests/1"
    assert server.requests()[-1] == "PUT /v2/app/manifests/1"
    assert server.bodies() == sum(map(len, image.blobs.values()))
    assert server.tags["app", "1"] == image.root.digest
    assert released.names[0].transfer.requests == len(server.log)
    assert uploaded.transfers[Repository.parse(f"{server.host}/app")].bytes_sent == server.bodies()


def test_a_push_of_what_is_there_costs_one_head_a_name(fake, client, progress):
    """Pushing the same image under the same names again is one HEAD a name and nothing else."""
    server, image = fake(), MemoryImage(LAYERS)
    references = names(server.host, "app:1", "app:latest")
    push(image, references, client(), progress)
    server.log.clear()
    uploaded, released = push(image, references, client(), progress)
    assert [entry.method for entry in server.log] == ["HEAD", "HEAD"]
    assert {name.outcome for name in released.names} == {"unchanged"}
    transfer = uploaded.transfers[references[0].repository]
    assert (transfer.bytes_sent, transfer.bytes_skipped) == (0, sum(map(len, image.blobs.values())))


def test_a_second_tag_sends_no_blob(fake, client, progress):
    """A new tag for an image that the repository has sends no byte of a blob."""
    server, image = fake(), MemoryImage(LAYERS)
    push(image, names(server.host, "app:1"), client(), progress)
    server.log.clear()
    push(image, names(server.host, "app:2"), client(), progress)
    assert server.bodies() == 0
    assert server.tags["app", "2"] == image.root.digest


def test_a_new_tag_beside_one_that_is_there_costs_two_heads_and_a_put(fake, client, progress):
    """When one name already has the image, no blob is asked about: the other name is only put."""
    server, image = fake(), MemoryImage(LAYERS)
    push(image, names(server.host, "app:1"), client(), progress)
    server.log.clear()
    push(image, names(server.host, "app:1", "app:2"), client(), progress)
    assert sorted(entry.method for entry in server.log) == ["HEAD", "HEAD", "PUT"]


def test_only_what_the_previous_image_lacks_is_sent(fake, client, progress):
    """One new top layer costs a HEAD, one GET of the manifest there, two blobs and the PUT."""
    server = fake()
    push(MemoryImage(LAYERS), names(server.host, "app:1"), client(), progress)
    server.log.clear()
    push(MemoryImage([*LAYERS, b"new"]), names(server.host, "app:1"), client(), progress)
    assert len(server.log) == 1 + 1 + 2 * 2 + 1


def test_an_index_puts_its_children_by_digest_before_its_name(fake, client, progress):
    """Of an index, blobs go first, then children by digest, then the root under its name alone."""
    server, image = fake(), MemoryImage(LAYERS, ["linux/amd64", "linux/arm64"])
    push(image, names(server.host, "app:1"), client(), progress)
    puts = [text for text in server.requests("PUT") if "/manifests/" in text]
    assert len(server.log) == 1 + 2 * 5 + 2 + 1
    assert [":" in text for text in puts] == [True, True, False]


def test_a_previous_index_proves_its_layers(fake, client, progress):
    """A rebuilt index learns from the one there: one GET, one more a platform, and only configurations are sent."""
    server, platforms = fake(), ["linux/amd64", "linux/arm64"]
    push(MemoryImage(LAYERS, platforms), names(server.host, "app:1"), client(), progress)
    server.log.clear()
    push(MemoryImage([*LAYERS, b"new"], platforms), names(server.host, "app:1"), client(), progress)
    assert len(server.log) == 1 + 3 + 2 * 3 + 2 + 1


def test_a_second_repository_mounts_what_the_first_got(fake, client, progress):
    """Two repositories of one registry cost the bytes of one."""
    server, image = fake(), MemoryImage(LAYERS)
    push(image, names(server.host, "app:1", "team/copy:1"), client(), progress)
    assert server.bodies() == sum(map(len, image.blobs.values()))
    assert server.tags["team/copy", "1"] == image.root.digest


@pytest.mark.parametrize("status", [202, 400])
def test_a_registry_that_mounts_nothing_still_gets_the_image(fake, client, progress, status):
    """A mount that is refused or ignored ends in an upload."""
    server, image = fake(mount_status=status), MemoryImage(LAYERS)
    push(image, names(server.host, "app:1", "copy:1"), client(), progress)
    assert server.tags["copy", "1"] == image.root.digest


def test_lost_blobs_of_children_are_brought_again(fake, client, progress):
    """A child manifest that the registry refuses for a missing blob is put again after that blob."""
    server, platforms = fake(), ["linux/amd64", "linux/arm64"]
    push(MemoryImage(LAYERS, platforms), names(server.host, "app:1"), client(), progress)
    lost = next(key for key, content in server.blobs.items() if content == LAYERS[0])
    del server.blobs[lost]
    image = MemoryImage([*LAYERS, b"new"], platforms)
    push(image, names(server.host, "app:1"), client(), progress)
    assert server.tags["app", "1"] == image.root.digest
    assert lost in server.blobs


def test_a_lost_blob_of_the_root_is_supplied_at_the_release(fake, client, progress):
    """A root that the registry refuses for a missing blob is put again after that blob, when a supply is given."""
    server = fake()
    push(MemoryImage(LAYERS), names(server.host, "app:1"), client(), progress)
    image, registry, references = MemoryImage([*LAYERS, b"new"]), client(), names(server.host, "app:1")
    uploaded = upload_layout(image, image.root, references, registry, jobs=4, progress=progress)
    server.blobs = {key: content for key, content in server.blobs.items() if content != LAYERS[0]}
    failed = move_names(uploaded, references, registry, progress=progress)
    assert "MANIFEST_BLOB_UNKNOWN" in failed.failed[0].problem
    assert server.tags["app", "1"] != image.root.digest

    def supply(repository, missing):
        supply_missing(image, image.root, repository, missing, registry)

    assert not move_names(uploaded, references, registry, progress=progress, supply=supply).failed
    assert server.tags["app", "1"] == image.root.digest


def test_a_name_without_a_tag_puts_the_root_by_its_digest(fake, client, progress):
    """A repository alone gets the image under its digest, and no tag."""
    server, image = fake(), MemoryImage(LAYERS)
    _, released = push(image, names(server.host, "app"), client(), progress)
    assert ("app", image.root.digest) in server.manifests
    assert server.tags == {}
    assert [name.outcome for name in released.names] == ["pushed"]
    _, again = push(image, names(server.host, "app"), client(), progress)
    assert [name.outcome for name in again.names] == ["unchanged"]


def test_a_failing_repository_does_not_hide_the_others(fake, client, progress):
    """One repository that refuses raises after the others ended, and what was uploaded is said."""
    server, image = fake(), MemoryImage(LAYERS)
    server.faults = [Fault(on="POST /v2/closed/", status=403, times=99)]
    with pytest.raises(RegistryError, match="closed"):
        push(image, names(server.host, "closed:1", "open:1"), client(), progress)
    assert [key for key in server.blobs if key[0] == "open"]
    assert server.tags == {}
    assert "open" in progress.warnings[0]


def test_faults_of_all_repositories_are_raised_together(fake, client, progress):
    """Two repositories that refuse are two faults in one error, however many names they have."""
    server = fake()
    server.faults = [Fault(on="(HEAD|GET) /v2/", status=418, times=99)]
    with pytest.raises(FaultsError) as raised:
        push(MemoryImage(LAYERS), names(server.host, "a:1", "a:2", "b:1"), client(), progress)
    assert len(raised.value.faults) == 2


def test_no_name_moves_in_the_upload(fake, client, progress):
    """After the upload alone every part is there and no tag is."""
    server, image = fake(), MemoryImage(LAYERS, ["linux/amd64", "linux/arm64"])
    references = names(server.host, "app:1")
    uploaded = upload_layout(image, image.root, references, client(), jobs=0, progress=progress)
    assert server.tags == {}
    assert {digest for _, digest in server.blobs} == set(image.blobs)
    assert uploaded.before == {references[0]: None}
