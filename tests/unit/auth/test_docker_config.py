"""The laws of credential files."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from tagboat.auth.credential import Kind
from tagboat.auth.docker_config import ConfigSource, config_paths
from tagboat.errors import CredentialError
from tagboat.proc import Finished


def auth(text):
    """Return the `auth` entry of NAME:PASSWORD."""
    return {"auth": base64.b64encode(text.encode()).decode()}


@pytest.fixture
def home(tmp_path):
    """Return a home folder and a function that writes a file in it."""

    def write(name, document):
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(document if isinstance(document, str) else json.dumps(document))

    return tmp_path, write


def find(home, registry, repository="", environ=(), run=None):
    """Return what the files below a home folder hold."""
    source = ConfigSource(environ={"XDG_RUNTIME_DIR": str(home / "run"), **dict(environ)}, run=run, home=home, uid=1)
    return source.find(registry, repository)


@pytest.mark.parametrize(
    ("entry", "kind", "username", "secret"),
    [
        (auth("me:pa:ss"), Kind.PASSWORD, "me", "pa:ss"),
        (auth("me:pass\0\0"), Kind.PASSWORD, "me", "pass"),
        (auth("<token>:id"), Kind.IDENTITY_TOKEN, "<token>", "id"),
        ({"username": "me", "password": "pass"}, Kind.PASSWORD, "me", "pass"),
        ({**auth("me:"), "identitytoken": "id"}, Kind.IDENTITY_TOKEN, "<token>", "id"),
        ({"registrytoken": "ready"}, Kind.REGISTRY_TOKEN, "", "ready"),
    ],
)
def test_each_form_of_an_entry_is_read(home, entry, kind, username, secret):
    """All forms that Docker and its peers write are read, and say where they were found."""
    folder, write = home
    write(".docker/config.json", {"auths": {"r.example": entry}})
    found = find(folder, "r.example")
    assert (found.kind, found.username, found.secret.reveal()) == (kind, username, secret)
    assert found.source == f"{folder}/.docker/config.json (r.example)"


@pytest.mark.parametrize("key", ["https://index.docker.io/v1/", "docker.io", "index.docker.io", "registry-1.docker.io"])
def test_docker_hub_is_found_under_all_its_names(home, key):
    """Whatever a tool called Docker Hub when it wrote the file, the entry is found."""
    folder, write = home
    write(".docker/config.json", {"auths": {key: auth("me:pass")}})
    assert find(folder, "docker.io", "library/alpine").username == "me"


def test_the_most_specific_entry_wins(home):
    """An entry for a namespace is taken before that of its registry, and only there."""
    folder, write = home
    write(".config/containers/auth.json", {"auths": {"quay.io": auth("all:x"), "quay.io/team": auth("team:x")}})
    assert find(folder, "quay.io", "team/app").username == "team"
    assert find(folder, "quay.io", "teams/app").username == "all"


def test_files_are_asked_in_order(home):
    """The variable comes first, then Docker's file, REGISTRY_AUTH_FILE, the run-time file and the user's own."""
    folder, write = home
    places = [".docker/config.json", "named.json", "run/containers/auth.json", ".config/containers/auth.json"]
    for name in places:
        write(name, {"auths": {"r": auth(f"{name}:x")}})
    environ = {"REGISTRY_AUTH_FILE": str(folder / "named.json")}
    found = []
    for name in places:
        found.append(find(folder, "r", environ=environ).username)
        (folder / name).unlink()
    assert found == places
    assert find(folder, "r", environ=environ) is None
    given = {"DOCKER_AUTH_CONFIG": json.dumps({"auths": {"r": auth("variable:x")}})}
    assert find(folder, "r", environ=given).source == "DOCKER_AUTH_CONFIG (r)"


def test_docker_config_moves_docker_s_file():
    """`DOCKER_CONFIG` names the folder that is read in place of the one at home."""
    paths = config_paths({"DOCKER_CONFIG": "/d", "XDG_CONFIG_HOME": "/c"}, Path("/home/me"), 7)
    assert [str(path) for path in paths] == [
        "/d/config.json",
        "/run/containers/7/auth.json",
        "/c/containers/auth.json",
    ]


@pytest.mark.parametrize(
    "document",
    [
        "{",
        "[]",
        {"auths": ["r"]},
        {"auths": {"r": "x"}},
        {"auths": {"r": {"auth": "%%%"}}},
        {"auths": {"r": {"auth": base64.b64encode(b"nocolon").decode()}}},
    ],
)
def test_a_broken_file_is_never_passed_over(home, document):
    """A file or an entry that cannot be read is an error that names the file."""
    folder, write = home
    write(".docker/config.json", document)
    with pytest.raises(CredentialError, match=r"\.docker/config\.json"):
        find(folder, "r")


@pytest.mark.parametrize("document", ["", "{}", {"auths": {"r": {}}}, {"auths": {"other": auth("a:b")}}])
def test_a_file_without_the_registry_holds_nothing(home, document):
    """Empty files, and entries that only mark a helper's, are no credential."""
    folder, write = home
    write(".docker/config.json", document)
    assert find(folder, "r") is None


def test_a_helper_beats_the_file(home):
    """The registry's own helper is asked before the common one, and that before the file."""
    folder, write = home
    asked = []

    def run(argv, *, env, stdin, timeout_seconds):
        asked.append((argv[0], stdin))
        return Finished(status=0, stdout=b'{"Username": "helped", "Secret": "s"}', stderr=b"")

    entries = {"r": auth("file:x"), "other": auth("file:x")}
    write(".docker/config.json", {"auths": entries, "credHelpers": {"https://r": "one"}, "credsStore": "all"})
    assert find(folder, "r", run=run).username == "helped"
    assert find(folder, "other", run=run).username == "helped"
    assert asked == [("docker-credential-one", b"r"), ("docker-credential-all", b"other")]
