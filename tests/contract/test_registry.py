"""What a registry client may expect, over the fake registry, Debian's docker-registry and distribution 3 alike."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import uuid
from dataclasses import dataclass
from pathlib import Path

import pytest

from fakes.images import MemoryImage
from fakes.script import Auth
from fakes.servers import missing_programs
from tagboat.errors import CredentialError, NetworkError, RegistryError
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.digest import Digest
from tagboat.oci.reference import Reference, Repository, TagName
from tagboat.registry.faults import MissingPartsError
from tagboat.registry.scope import Access
from tagboat.registry.upload import Sent
from tagboat.release import move_names
from tagboat.upload import upload_layout

SERVERS = ["fake", "fake-basic", "fake-bearer", "plain", "tls", "distribution"]
LAYERS = [b"first layer" * 9000, b"second layer"]


@dataclass(frozen=True, kw_only=True)
class Place:
    """A registry to be talked to, and who may write there."""

    host: str
    username: str = ""
    password: str = ""
    ca_file: Path | None = None


@pytest.fixture(params=SERVERS)
def place(request):
    """Each kind of registry in turn."""
    kind = request.param
    if kind.startswith("fake"):
        auth = Auth(kind.partition("-")[2] or "none")
        server = request.getfixturevalue("fake")(auth=auth)
        who = {} if auth is Auth.NONE else {"username": "me", "password": "right"}
        return Place(host=server.host, **who)
    server = request.getfixturevalue(f"{kind}_registry")
    return _place(server)


@pytest.fixture
def registry(place, client):
    """Return a client that may write."""
    return client(place.host, place.username, place.password, ca_file=place.ca_file)


@pytest.fixture
def repository(place):
    """Return a repository that nobody used before."""
    return Repository.parse(f"{place.host}/contract/{uuid.uuid4().hex[:12]}")


def _place(server):
    return Place(host=server.host, username=server.username, password=server.password, ca_file=server.ca_file)


def put_blob(registry, repository, content, **more):
    """Put a blob with this content and return its descriptor and how it came there."""
    blob = Descriptor.of("application/octet-stream", content)
    return blob, registry.put_blob(repository, blob, lambda: io.BytesIO(content), **more)


def push(registry, image, references, progress):
    """Push an image under names."""
    uploaded = upload_layout(image, image.root, references, registry, jobs=4, progress=progress)
    return move_names(uploaded, references, registry, progress=progress)


def test_a_blob_comes_back_as_it_was_put(registry, repository):
    """What was put is read back byte for byte, and so is an empty blob."""
    for content in (b"\0\1content" * 50_000, b""):
        blob, sent = put_blob(registry, repository, content)
        assert sent is Sent.UPLOADED
        with registry.open_blob(repository, blob) as chunks:
            assert b"".join(chunks) == content


def test_a_blob_with_other_content_is_refused(registry, repository):
    """Content that does not have the digest it is announced with is an error of the registry."""
    blob = Descriptor(media_type="", digest=Digest.of(b"announced"), size=4)
    with pytest.raises(RegistryError, match="DIGEST_INVALID"):
        registry.put_blob(repository, blob, lambda: io.BytesIO(b"else"))


def test_a_blob_is_mounted_from_its_neighbour_and_from_itself(registry, repository):
    """A blob that another repository has, or the repository itself, is not sent again."""
    put_blob(registry, repository, b"shared")
    other = Repository(registry=repository.registry, path=repository.path + "-other")
    assert put_blob(registry, other, b"shared", mount_from=repository)[1] is Sent.MOUNTED
    assert put_blob(registry, other, b"shared", mount_from=other)[1] is Sent.MOUNTED


def test_a_blob_that_its_neighbour_lacks_is_sent(registry, repository):
    """A mount that finds nothing goes on as an upload."""
    other = Repository(registry=repository.registry, path=repository.path + "-other")
    put_blob(registry, other, b"something")
    assert put_blob(registry, repository, b"not there", mount_from=other)[1] is Sent.UPLOADED


def test_a_manifest_is_found_by_tag_and_digest(registry, repository, progress):
    """A pushed image is found under its tag and its digest, with its bytes, type, size and digest."""
    image, tag = MemoryImage(LAYERS), repository.tag(TagName("v1"))
    push(registry, image, [tag], progress)
    for reference in (tag, repository.at(image.root.digest)):
        assert registry.head_manifest(reference) == image.root
        document, descriptor = registry.get_manifest(reference)
        assert (document.raw, descriptor) == (image.read(image.root), image.root)


def test_what_is_not_there_is_none_or_an_error(registry, repository, progress):
    """HEAD of an unknown tag is None, GET is an error that names it; an unknown blob is an error."""
    absent = repository.tag(TagName("absent"))
    assert registry.head_manifest(absent) is None
    assert registry.head_manifest(absent, access=Access.PUSH) is None
    with pytest.raises(RegistryError, match="absent does not exist"):
        registry.get_manifest(absent)
    blob = Descriptor.of("", b"never put")
    with pytest.raises(RegistryError, match="BLOB_UNKNOWN"), registry.open_blob(repository, blob) as chunks:
        list(chunks)


def test_a_manifest_without_its_parts_names_them(registry, repository):
    """A manifest put too early is refused with every digest that is missing."""
    image = MemoryImage(LAYERS)
    raw = image.read(image.root)
    with pytest.raises(MissingPartsError) as raised:
        registry.put_manifest(repository, TagName("early"), raw, image.root.media_type)
    assert set(raised.value.missing) == set(image.blobs)


def test_an_index_arrives_whole(registry, repository, progress):
    """An index is pushed with its children, and pushing it again asks once a name."""
    image = MemoryImage(LAYERS, ["linux/amd64", "linux/arm64"])
    references = [repository.tag(TagName("1")), repository.tag(TagName("2"))]
    assert [name.outcome for name in push(registry, image, references, progress).names] == ["pushed", "pushed"]
    spent = registry.requests(repository)
    assert [name.outcome for name in push(registry, image, references, progress).names] == ["unchanged", "unchanged"]
    assert registry.requests(repository) - spent == 2
    index, _ = registry.get_manifest(references[1])
    assert [registry.head_manifest(repository.at(child.digest)).size for child in index.children] == [
        child.size for child in index.children
    ]


def test_pushes_cost_no_request_too_many(place, registry, repository, progress):
    """First push: 1 HEAD, 2 a blob, 1 PUT; again: 1 HEAD; another tag: no bytes. Logging in comes once on top."""
    image = MemoryImage(LAYERS)
    push(registry, image, [repository.tag(TagName("a"))], progress)
    login = {"": 0, "me": 1}[place.username] + (1 if _has_token(registry) else 0)
    assert registry.requests(repository) == login + 1 + 2 * 3 + 1
    push(registry, image, [repository.tag(TagName("a"))], progress)
    assert registry.requests(repository) == login + 9
    released = push(registry, image, [repository.tag(TagName("b"))], progress)
    assert released.names[0].transfer.bytes_sent == 0
    assert registry.requests(repository) == login + 9 + 1 + 3 + 1


def _has_token(registry):
    host = next(iter(registry._door._hosts.values()))
    return bool(host._tokens._tokens)


def test_tags_are_listed(registry, repository, progress):
    """All tags are listed; a repository that does not exist is an error."""
    tags = {TagName(f"t{number}") for number in range(5)}
    push(registry, MemoryImage(LAYERS), [repository.tag(tag) for tag in tags], progress)
    assert set(registry.list_tags(repository)) == tags
    with pytest.raises(RegistryError, match="NAME_UNKNOWN"):
        registry.list_tags(Repository(registry=repository.registry, path=repository.path + "/none"))


def test_a_wrong_password_names_its_source_and_no_secret(place, client, repository):
    """A refused password is a credential error that says where it came from, and not what it is."""
    if not place.username:
        return
    registry = client(place.host, place.username, "hunter-two", ca_file=place.ca_file)
    with pytest.raises(CredentialError) as raised:
        registry.head_manifest(repository.tag(TagName("x")))
    assert "the inputs username and password" in str(raised.value)
    assert "hunter-two" not in str(raised.value)


def test_no_password_where_one_is_wanted_says_so(place, client, repository):
    """An anonymous push to a closed registry is a credential error that says that there was no credential."""
    if not place.username:
        return
    with pytest.raises(CredentialError) as raised:
        put_blob(client(ca_file=place.ca_file), repository, b"x")
    assert "no credential" in raised.value.hint


def test_an_unknown_authority_is_said_with_its_remedy(tls_registry, client, clock):
    """A certificate of an authority that nobody named is a network error, tried once, with `ca-file` in its hint."""
    with pytest.raises(NetworkError) as raised:
        client(tls_registry.host, "me", "right").head_manifest(Reference.parse(f"{tls_registry.host}/x:y"))
    assert "ca-file" in raised.value.hint
    assert clock.slept == []


@pytest.mark.parametrize("kind", ["plain", "tls"])
def test_skopeo_reads_what_was_pushed(kind, request, client, progress, tmp_path):
    """An independent client reads the same digest and layers back."""
    if missing := missing_programs("skopeo"):
        pytest.skip(f"not installed: {missing}")
    server = request.getfixturevalue(f"{kind}_registry")
    registry = client(server.host, server.username, server.password, ca_file=server.ca_file)
    image = MemoryImage(LAYERS, ["linux/amd64", "linux/arm64"])
    tag = Reference.parse(f"{server.host}/skopeo/{uuid.uuid4().hex[:8]}:it")
    push(registry, image, [tag], progress)
    options = ["--src-tls-verify=false", *(["--src-creds=me:right"] if server.username else [])]
    command = [
        "skopeo",
        "copy",
        "--all",
        "--preserve-digests",
        *options,
        f"docker://{tag}",
        f"oci:{tmp_path / 'out'}:it",
    ]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    [entry] = json.loads((tmp_path / "out/index.json").read_text())["manifests"]
    assert entry["digest"] == image.root.digest
    for digest in image.blobs:
        content = (tmp_path / "out/blobs/sha256" / digest.partition(":")[2]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == digest.partition(":")[2]
