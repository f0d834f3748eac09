"""A registry that dies at any request of a push: a fault of the network, no name is wrong, and what moved is said."""

from __future__ import annotations

import json

import pytest

from fakes.images import MemoryImage
from fakes.progress import KeptProgress
from fakes.script import Fault
from tagboat.errors import TagboatError
from tagboat.oci.reference import Reference
from tagboat.release import move_names
from tagboat.upload import upload_layout

FOREVER = 1_000_000
REQUESTS = 22  # of a push that nothing disturbs
NAMES = ["app:1", "app:2", "other:1"]


@pytest.fixture
def image():
    return MemoryImage([b"base" * 5000, b"top"], ["linux/amd64", "linux/arm64"])


def push(server, client, image, progress):
    """Push under several names, one request after the other, and return the exit code."""
    references = [Reference.parse(f"{server.host}/{name}") for name in NAMES]
    registry = client()
    try:
        uploaded = upload_layout(image, image.root, references, registry, jobs=1, progress=progress)
    except TagboatError as error:
        return error.exit_code
    failed = move_names(uploaded, references, registry, progress=progress).failed
    return failed[0].exit_code if failed else 0


def is_whole(server, name, digest):
    """Say whether a repository has a manifest and all below it."""
    document = json.loads(server.manifests[name, digest][1])
    if "manifests" in document:
        return all(is_whole(server, name, child["digest"]) for child in document["manifests"])
    return all((name, blob["digest"]) in server.blobs for blob in (document["config"], *document["layers"]))


def test_a_push_takes_so_many_requests(fake, client, image, progress):
    """The number that the tests below count to is that of a push that goes well."""
    server = fake()
    assert push(server, client, image, progress) == 0
    assert len(server.log) == REQUESTS
    assert len(server.tags) == len(NAMES)


@pytest.mark.parametrize("answered", range(REQUESTS))
def test_a_registry_dies(fake, client, image, answered):
    """Whatever it answered before, the exit code is 10, each tag is whole, and each name's fate is told."""
    server, progress = fake(), KeptProgress()
    server.faults = [Fault(on="", take=0, times=FOREVER, skip=answered)]
    code = push(server, client, image, progress)
    told = "\n".join([*progress.lines, *progress.warnings])

    assert code == 10
    assert all(is_whole(server, name, digest) for (name, _), digest in server.tags.items())
    if "is now" not in told and "was not moved" not in told:
        assert server.tags == {}
        assert "no name was moved" in told
    else:
        for name in NAMES:
            moved = tuple(name.split(":")) in server.tags
            assert f"{server.host}/{name} {'is now' if moved else 'was not moved'}" in told


def test_there_is_no_registry(fake, client, image, progress):
    """An address where nothing listens is a fault of the network."""
    with fake() as server:
        pass
    assert push(server, client, image, progress) == 10


def test_an_interrupted_upload_says_so(fake, client, progress):
    """Whoever stops an upload is told that no name was moved."""

    class Stopped(MemoryImage):
        def open_blob(self, _descriptor):
            raise KeyboardInterrupt

    server, image = fake(), Stopped([b"base"])
    with pytest.raises(KeyboardInterrupt):
        upload_layout(image, image.root, [Reference.parse(f"{server.host}/app:1")], client(), jobs=1, progress=progress)
    assert server.tags == {}
    assert f"interrupted while uploading: no name was moved to {image.root.digest}" in progress.warnings[0]
