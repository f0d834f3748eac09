"""Pushes through trouble: whatever goes wrong on the way, no name ever points to an image that is not all there."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.clock import Clock
from fakes.images import MemoryImage
from fakes.progress import KeptProgress
from fakes.registry import FakeRegistry
from fakes.script import Fault, Quirks
from tagboat.auth.keychain import Keychain
from tagboat.errors import TagboatError
from tagboat.net.client import HttpClient
from tagboat.oci.reference import Reference
from tagboat.registry.client import Registry
from tagboat.release import move_names
from tagboat.upload import upload_layout

LAYERS = st.lists(st.binary(min_size=1, max_size=64).map(lambda seed: seed * 500), min_size=1, max_size=4)
PLATFORMS = st.sampled_from([["linux/amd64"], ["linux/amd64", "linux/arm64", "linux/arm/v7"]])
NAMES = st.lists(st.sampled_from(["a:1", "a:2", "b/c:1", "b/d:1"]), min_size=1, max_size=4, unique=True)
FAULTS = st.lists(
    st.builds(
        Fault,
        on=st.sampled_from(["HEAD", "GET", "POST", "PUT .*uploads", "PATCH", "PUT .*manifests", ""]),
        status=st.sampled_from([0, 400, 403, 404, 413, 429, 500, 503]),
        take=st.sampled_from([-1, 0, 7]),
        times=st.integers(1, 7),
        skip=st.integers(0, 5),
    ),
    max_size=4,
)
QUIRKS = st.builds(
    Quirks,
    relative_location=st.booleans(),
    put_limit=st.sampled_from([0, 1000]),
    mount_status=st.sampled_from([201, 202, 400]),
    digest_header=st.booleans(),
    validates=st.booleans(),
    head_status=st.sampled_from([0, 405]),
)


def push(server, image, names):
    """Push an image and say whether all of it went well."""
    clock, progress = Clock(), KeptProgress()
    with HttpClient(environ={}, sleep=clock.sleep, random=lambda: 0.0, now=clock.now) as http:
        registry = Registry(http, Keychain([]))
        references = [Reference.parse(f"{server.host}/{name}") for name in names]
        try:
            uploaded = upload_layout(image, image.root, references, registry, jobs=4, progress=progress)
        except TagboatError:
            return False
        return not move_names(uploaded, references, registry, progress=progress).failed


def is_whole(server, name, digest):
    """Say whether a repository has a manifest and all below it."""
    found = server.manifests.get((name, digest))
    if found is None:
        return False
    document = json.loads(found[1])
    if "manifests" in document:
        return all(is_whole(server, name, child["digest"]) for child in document["manifests"])
    return all((name, blob["digest"]) in server.blobs for blob in (document["config"], *document["layers"]))


@settings(max_examples=40, deadline=None)
@given(first=LAYERS, more=LAYERS, platforms=PLATFORMS, names=NAMES, quirks=QUIRKS, faults=FAULTS)
def test_no_name_points_to_a_part(first, more, platforms, names, quirks, faults):
    """After pushes through any faults every tag is whole; once the faults are over, a push gets everything there."""
    with FakeRegistry(quirks) as server:
        push(server, MemoryImage(first, platforms), names[:1])
        image = MemoryImage([*first, *more], platforms)
        server.faults = faults
        went_well = push(server, image, names)
        assert all(is_whole(server, name, digest) for (name, _), digest in server.tags.items())
        if went_well:
            assert {server.tags[tuple(name.split(":"))] for name in names} == {image.root.digest}
        server.faults = []
        assert push(server, image, names)
        assert {server.tags[tuple(name.split(":"))] for name in names} == {image.root.digest}
