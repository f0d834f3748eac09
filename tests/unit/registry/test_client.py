"""The laws of manifests and tags, over registries that misbehave."""

from __future__ import annotations

import pytest

from fakes.images import MemoryImage
from fakes.script import Fault
from tagboat.errors import LayoutError, NetworkError, RegistryError
from tagboat.oci import mediatype
from tagboat.oci.digest import Digest
from tagboat.oci.reference import Reference, Repository, TagName
from tagboat.registry.scope import Access


@pytest.fixture
def image():
    """Return an image of one layer."""
    return MemoryImage([b"layer"])


def place(server, image, tag="1"):
    """Put an image's manifest straight into a fake registry and return its reference."""
    server.manifests["app", image.root.digest] = (image.root.media_type, image.read(image.root))
    server.tags["app", tag] = image.root.digest
    return Reference.parse(f"{server.host}/app:{tag}")


@pytest.mark.parametrize("quirks", [{"digest_header": False}, {"head_status": 405}, {"head_status": 403}])
def test_a_head_that_does_not_say_is_followed_by_a_get(fake, client, image, quirks):
    """A registry that knows no HEAD, or gives no digest, is read."""
    server = fake(**quirks)
    reference = place(server, image)
    assert client().head_manifest(reference) == image.root
    assert [entry.method for entry in server.log] == ["HEAD", "GET"]


def test_a_digest_that_is_none_is_the_registry_s_fault(fake, client, image):
    """A header that holds no digest is an error of the registry, not of the user's input."""
    server = fake()
    server.faults = [Fault(on="HEAD", status=200, headers={"Docker-Content-Digest": "md5"})]
    with pytest.raises(RegistryError, match="md5"):
        client().head_manifest(place(server, image))


def test_a_refused_look_is_unknown_to_a_push_and_an_error_to_a_reader(fake, client, image):
    """Some registries answer 403 for what is not there: a push goes on, a reader is told."""
    server = fake()
    reference = place(server, image)
    server.faults = [Fault(on="manifests", status=403, times=99)]
    assert client().head_manifest(reference, access=Access.PUSH) is None
    with pytest.raises(RegistryError, match="403"):
        client().head_manifest(reference)


def test_a_manifest_by_digest_is_verified(fake, client, image):
    """Other bytes under a digest are refused; so is a HEAD that speaks of another digest."""
    server = fake()
    place(server, image)
    wrong = Digest.of(b"other")
    server.manifests["app", wrong] = server.manifests["app", image.root.digest]
    reference = Repository.parse(f"{server.host}/app").at(wrong)
    with pytest.raises(RegistryError, match="the registry sent"):
        client().get_manifest(reference)
    server.faults = [Fault(on="HEAD", status=200, headers={"Docker-Content-Digest": image.root.digest})]
    with pytest.raises(RegistryError, match="the registry sent"):
        client().head_manifest(reference)


def test_a_manifest_of_another_type_than_announced_is_refused(fake, client, image):
    """A document that calls itself differently than the registry does is broken."""
    server = fake()
    reference = place(server, image)
    server.manifests["app", image.root.digest] = (mediatype.DOCKER_MANIFEST, image.read(image.root))
    with pytest.raises(LayoutError):
        client().get_manifest(reference)


def test_no_tag_means_latest(fake, client, image):
    """A bare repository is read at `latest`."""
    server = fake()
    place(server, image, "latest")
    assert client().head_manifest(Reference.parse(f"{server.host}/app")) == image.root


@pytest.mark.parametrize("header", [True, False])
def test_a_put_is_confirmed(fake, client, image, header):
    """The digest in the reply confirms a PUT, else one HEAD."""
    server = fake(validates=False, digest_header=header)
    repository = Repository.parse(f"{server.host}/app")
    put = client().put_manifest(repository, TagName("1"), image.read(image.root), image.root.media_type)
    assert put == image.root.digest
    assert [entry.method for entry in server.log] == (["PUT"] if header else ["PUT", "HEAD", "GET"])


def test_a_put_that_somebody_else_overtook_is_an_error(fake, client, image):
    """A tag that points elsewhere after the PUT is not taken for moved."""
    server = fake(validates=False)
    server.faults = [Fault(on="PUT", status=201, headers={"Docker-Content-Digest": Digest.of(b"other")})]
    with pytest.raises(RegistryError, match="1 now is"):
        client().put_manifest(
            Repository.parse(f"{server.host}/app"), TagName("1"), image.read(image.root), image.root.media_type
        )


def test_a_put_in_trouble_is_tried_again(fake, client, image, clock):
    """A manifest may be put twice, so trouble of the moment costs a pause; lasting trouble is the network's."""
    server = fake(validates=False)
    repository = Repository.parse(f"{server.host}/app")
    server.faults = [Fault(on="PUT", status=429, headers={"Retry-After": "3"})]
    client().put_manifest(repository, TagName("1"), image.read(image.root), image.root.media_type)
    assert clock.slept == [3]
    server.faults = [Fault(on="PUT", status=503, times=99)]
    with pytest.raises(NetworkError, match="503"):
        client().put_manifest(repository, TagName("1"), image.read(image.root), image.root.media_type)


def test_all_pages_of_tags_are_read(fake, client, image):
    """A list in pages comes whole, in the registry's order."""
    server = fake(page=2)
    for number in range(5):
        place(server, image, f"t{number}")
    tags = client().list_tags(Repository.parse(f"{server.host}/app"))
    assert tags == tuple(f"t{number}" for number in range(5))
    assert len(server.log) == 3


@pytest.mark.parametrize(("body", "tags"), [(b'{"tags": null}', ()), (b'{"tags": ["a", "a"]}', ("a",)), (b"{}", ())])
def test_odd_lists_of_tags_are_read(fake, client, body, tags):
    """No tags may be null or missing; a tag listed twice is one."""
    server = fake()
    server.faults = [Fault(on="tags", status=200, body=body)]
    assert client().list_tags(Repository.parse(f"{server.host}/app")) == tags


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"tags": ["/"]}', b'{"tags": 7}'])
def test_a_broken_list_of_tags_is_an_error(fake, client, body):
    """What cannot be read, or holds no legal tags, is the registry's fault."""
    server = fake()
    server.faults = [Fault(on="tags", status=200, body=body)]
    with pytest.raises(RegistryError):
        client().list_tags(Repository.parse(f"{server.host}/app"))
