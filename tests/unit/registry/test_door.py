"""The laws of credentials on the way: challenges, tokens, and where they may go."""

from __future__ import annotations

import io
from concurrent.futures import ThreadPoolExecutor

import pytest

from fakes.script import Auth, Fault
from tagboat.auth.credential import Credential, Kind
from tagboat.auth.keychain import Keychain
from tagboat.errors import CredentialError, RegistryError
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.reference import Reference, Repository
from tagboat.registry.client import Registry
from tagboat.registry.scope import Access
from tagboat.secret import Secret


class OneCredential:
    """A source that has one credential for all."""

    def __init__(self, credential):
        self.credential, self.asked = credential, 0

    def find(self, *_):
        """Return it."""
        self.asked += 1
        return self.credential


@pytest.fixture
def holder(connect):
    """Make a registry client that holds one credential of any kind."""

    def make(kind, secret, username=""):
        credential = Credential(kind=kind, secret=Secret(secret), username=username, source="the test")
        return Registry(connect(), Keychain([OneCredential(credential)]))

    return make


def reference(server, text="app:1"):
    """Return a reference on a fake registry."""
    return Reference.parse(f"{server.host}/{text}")


def put(registry, server, name="app", content=b"x", **more):
    """Put a blob into a repository."""
    repository = Repository.parse(f"{server.host}/{name}")
    return registry.put_blob(repository, Descriptor.of("", content), lambda: io.BytesIO(content), **more)


def tokens(server):
    """Return the requests for tokens."""
    return [entry for entry in server.log if entry.path == "/token"]


def test_basic_is_sent_after_one_challenge(fake, client):
    """The first request shows nothing; after its challenge every request shows the password."""
    server = fake(auth=Auth.BASIC)
    registry = client(server.host, "me", "right")
    for _ in range(3):
        registry.head_manifest(reference(server))
    assert [entry.status for entry in server.log] == [401, 404, 404, 404]


def test_a_credential_is_looked_up_when_asked_for_and_once(fake, connect):
    """No source is asked before a challenge, and a helper is not run again for every request."""
    source = OneCredential(Credential.of("me", "right", "the test"))
    public, closed = fake(), fake(auth=Auth.BASIC)
    registry = Registry(connect(), Keychain([source]))
    registry.head_manifest(reference(public))
    assert source.asked == 0
    for _ in range(3):
        registry.head_manifest(reference(closed))
    assert source.asked == 1


def test_a_refusal_hides_behind_no_broken_credential(fake, client):
    """What an open registry refuses is said as it is, though a credential for it would be broken."""
    server = fake()
    with pytest.raises(RegistryError, match="does not exist"):
        client(server.host, "me", "").get_manifest(reference(server))


def test_one_token_serves_all_requests_of_a_push(fake, client):
    """A token asked for with push from the start serves reading and writing."""
    server = fake(auth=Auth.BEARER)
    registry = client(server.host, "me", "right")
    registry.head_manifest(reference(server), access=Access.PUSH)
    put(registry, server)
    registry.head_manifest(reference(server))
    [token] = tokens(server)
    assert "scope=repository%3Aapp%3Apull%2Cpush" in token.query
    assert "service=fake" in token.query


def test_many_threads_fetch_one_token(fake, client):
    """Requests that begin together wait for one challenge and one token."""
    server = fake(auth=Auth.BEARER)
    registry = client(server.host, "me", "right")
    with ThreadPoolExecutor(8) as executor:
        list(executor.map(lambda number: registry.head_manifest(reference(server, f"app:{number}")), range(8)))
    assert len(tokens(server)) == 1
    assert [entry.status for entry in server.log].count(401) == 1


def test_a_token_is_renewed_before_it_ends(fake, client, clock):
    """A token that is about to end is replaced without a refused request."""
    server = fake(auth=Auth.BEARER, token_life_seconds=300)
    registry = client(server.host, "me", "right")
    registry.head_manifest(reference(server))
    clock.time += 239
    registry.head_manifest(reference(server))
    assert len(tokens(server)) == 1
    clock.time += 2
    registry.head_manifest(reference(server))
    assert len(tokens(server)) == 2
    assert [entry.status for entry in server.log].count(401) == 1


def test_a_token_that_ended_early_is_replaced(fake, client):
    """A refused token is fetched anew and the request is sent again, with its body."""
    server = fake(auth=Auth.BEARER)
    registry = client(server.host, "me", "right")
    registry.head_manifest(reference(server), access=Access.PUSH)
    server.tokens.clear()
    put(registry, server)
    server.faults = [
        Fault(on="PUT", status=401, headers={"WWW-Authenticate": f'Bearer realm="http://{server.host}/token"'})
    ]
    put(registry, server, content=b"second")
    assert b"second" in server.blobs.values()


def test_a_mount_asks_for_both_repositories(fake, client):
    """The token for a mount reads from the source, the target coming first."""
    server = fake(auth=Auth.BEARER)
    registry = client(server.host, "me", "right")
    put(registry, server, "from")
    put(registry, server, "to", mount_from=Repository.parse(f"{server.host}/from"))
    assert tokens(server)[-1].query.index("Ato%3A") < tokens(server)[-1].query.index("Afrom%3A")


def test_a_refused_union_is_asked_for_in_part(fake, client):
    """A token server that takes one repository a token is asked again for the target alone, and only once."""
    server = fake(auth=Auth.BEARER, one_scope_a_token=True)
    registry = client(server.host, "me", "right")
    put(registry, server, "from")
    source = Repository.parse(f"{server.host}/from")
    put(registry, server, "to", mount_from=source)
    count = len(tokens(server))
    put(registry, server, "to", content=b"y", mount_from=source)
    assert len(tokens(server)) == count


def test_an_identity_token_is_exchanged_by_post(fake, holder):
    """An identity token goes in a form, never in the address, and falls back to GET where POST is unknown."""
    server = fake(auth=Auth.BEARER)
    holder(Kind.IDENTITY_TOKEN, "identity", "<token>").head_manifest(reference(server))
    [token] = tokens(server)
    assert (token.method, token.query) == ("POST", "")
    old = fake(auth=Auth.BEARER, token_post=False)
    old.users = {"<token>": "identity"}
    holder(Kind.IDENTITY_TOKEN, "identity", "<token>").head_manifest(reference(old))
    assert [entry.method for entry in tokens(old)] == ["POST", "GET"]


def test_a_registry_token_is_sent_as_it_is(fake, holder, clock):
    """A ready token needs no token server."""
    server = fake(auth=Auth.BEARER)
    server.tokens["ready"] = ([("app", {"pull"})], clock.now() + 60)
    holder(Kind.REGISTRY_TOKEN, "ready").head_manifest(reference(server))
    assert tokens(server) == []


def test_public_images_are_read_by_nobody(fake, client):
    """Without a credential an anonymous token reads, and writing says that there is no credential."""
    server = fake(auth=Auth.BEARER, anonymous_pull=True)
    assert client().head_manifest(reference(server)) is None
    with pytest.raises(CredentialError) as raised:
        put(client(), server)
    assert "no credential" in raised.value.hint


def test_a_wrong_password_is_said_by_its_source(fake, client):
    """A token server that refuses is a credential error with the source and without the password."""
    server = fake(auth=Auth.BEARER)
    with pytest.raises(CredentialError) as raised:
        client(server.host, "me", "wrong-word").head_manifest(reference(server))
    assert "incorrect username or password" in str(raised.value)
    assert "the inputs" in str(raised.value)
    assert "wrong-word" not in str(raised.value)


@pytest.mark.parametrize("realm", ["http://169.254.169.254/token", "ftp://x/", "none", "https://"])
def test_an_odd_token_server_gets_no_password(fake, client, realm):
    """A challenge that points to a place that is no token server is refused before anything is sent there."""
    server = fake(auth=Auth.BEARER, realm=realm)
    with pytest.raises(CredentialError, match="token server"):
        client(server.host, "me", "right").head_manifest(reference(server))


def test_storage_sees_no_credentials(fake, client):
    """A blob that is served by redirect is read without the registry's credentials."""
    server = fake(auth=Auth.BEARER, storage=True)
    registry = client(server.host, "me", "right")
    put(registry, server, content=b"stored")
    repository = Repository.parse(f"{server.host}/app")
    with registry.open_blob(repository, Descriptor.of("", b"stored")) as chunks:
        assert b"".join(chunks) == b"stored"


def test_an_empty_password_is_an_error_only_where_it_is_wanted(fake, client):
    """A broken credential stops where a registry asks for one, and nowhere else."""
    closed, public = fake(auth=Auth.BASIC), fake()
    assert client(public.host, "me", "").head_manifest(reference(public)) is None
    with pytest.raises(CredentialError, match="empty"):
        client(closed.host, "me", "").head_manifest(reference(closed))
