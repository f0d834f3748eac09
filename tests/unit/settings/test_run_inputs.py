"""The inputs that say how RUN is run, and what it is given."""

from __future__ import annotations

import pytest

from tagboat.errors import FaultsError, TagboatError
from tagboat.flow.plan import Network
from tagboat.flow.request import ExecutorChoice
from tagboat.secret import Secret
from tagboat.settings import read_request

HIDDEN = "hunter2"


@pytest.fixture
def read(tmp_path):
    """Return a reader of requests in a working folder with one file; `flags` are lists, `file` is tagboat.toml."""
    (tmp_path / "key.pem").write_text(HIDDEN)

    def read(env=None, *, file="", **flags):
        if file:
            (tmp_path / "tagboat.toml").write_text(file)
        return read_request(
            "run", {name.replace("_", "-"): given for name, given in flags.items()}, (), env or {}, tmp_path
        )

    return read


@pytest.fixture
def refuse(read):
    """Return a function that gives the faults of a request, none of which may show a secret."""

    def refuse(*arguments, **sources):
        with pytest.raises(TagboatError) as caught:
            read(*arguments, **sources)
        faults = caught.value.faults if isinstance(caught.value, FaultsError) else (caught.value,)
        assert HIDDEN not in " ".join(f"{fault} {fault.hint}" for fault in faults)
        return faults

    return refuse


def test_choices_of_run(read):
    """The executor and the network are words; `default` is no choice of a network."""
    assert read().executor is ExecutorChoice.AUTO
    assert read({"INPUT_EXECUTOR": "Chroot"}).executor is ExecutorChoice.CHROOT
    assert read(network=["none"]).network is Network.NONE
    assert read(network=["host"]).network is Network.HOST
    assert read(network=["default"]).network is None


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("db:10.0.0.5", ("db", "10.0.0.5")),
        ("db=10.0.0.5", ("db", "10.0.0.5")),
        ("my.host:::1", ("my.host", "::1")),
        ("h:[2001:DB8::1]", ("h", "2001:db8::1")),
        ("h=[::1]", ("h", "::1")),
        ("under_score:1.1.1.1", ("under_score", "1.1.1.1")),
    ],
)
def test_host_names(read, text, host):
    """A name and its address stand with a colon or an equals sign between, an IPv6 address with or without brackets."""
    assert read(add_hosts=[text]).add_hosts == (host,)


def test_host_names_part_at_commas(read):
    """Several stand on one line, and keep their order."""
    assert read({"INPUT_ADD-HOSTS": "b:1.1.1.1, a:2.2.2.2"}).add_hosts == (("b", "1.1.1.1"), ("a", "2.2.2.2"))


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("4096", 4096), ("64m", 64 << 20), ("1g", 1 << 30), ("1.5 GiB", 3 << 29), ("2K", 2048), ("7kb", 7168)],
)
def test_sizes(read, text, size):
    """A size is bytes, or a number with a unit of 1024."""
    assert read(shm_size=[text]).shm_size_bytes == size


def test_entitlements(read):
    """What RUN may ask for is a set of known words."""
    assert read({"INPUT_ALLOW": "network.host, security.insecure"}).allow == {"network.host", "security.insecure"}


# ---------------------------------------------------------------- secrets


@pytest.mark.parametrize(
    ("text", "secrets"),
    [
        ("A=1", {"A": "1"}),
        ("A=1\n\n b = x=y, \nc=", {"A": "1", "b": " x=y,"}),
        ('"KEY=-----BEGIN\nabc=\n""q""\n-----END"\nB=2', {"KEY": '-----BEGIN\nabc=\n"q"\n-----END', "B": "2"}),
        ('B="kept"', {"B": '"kept"'}),
        ('["A=1\\n2", "B=3"]', {"A": "1\n2", "B": "3"}),
        ("id=A", {"id": "A"}),
    ],
)
def test_secrets_of_a_variable(read, text, secrets):
    """One a line, or several lines in quotes, as docker's actions take them; nothing of it is shown."""
    request = read({"INPUT_SECRETS": text})
    assert {name: secret.reveal() for name, secret in request.secrets.items()} == secrets
    assert "-----BEGIN" not in repr(request)


def test_secrets_from_files_and_variables(read, tmp_path):
    """A file is a path, which is not read here; a variable's value is taken now."""
    env = {"TOKEN": HIDDEN, "INPUT_SECRET-FILES": "key=key.pem", "INPUT_SECRET_ENVS": "a=TOKEN,b=TOKEN"}
    request = read(env)
    assert request.secrets["a"] == request.secrets["b"] == Secret(HIDDEN)
    assert (tmp_path / request.secrets["key"]).read_text() == HIDDEN
    assert HIDDEN not in repr(request)


def test_the_flag_names_where_a_secret_is(read):
    """A flag holds no value: every process of the machine can read it."""
    request = read({"TOKEN": HIDDEN}, secrets=["id=a,env=TOKEN", "src=key.pem,id=b", 'id=c,"source=key.pem"'])
    assert request.secrets["a"] == Secret(HIDDEN)
    assert (request.secrets["b"].name, request.secrets["c"].name) == ("key.pem", "key.pem")


def test_the_file_names_where_a_secret_is(read):
    """tagboat.toml takes the forms without a value too, its paths from its own folder."""
    assert set(read(file='secrets = ["id=a,src=key.pem"]\n[secret-files]\nb = "key.pem"\n').secrets) == {"a", "b"}


@pytest.mark.parametrize(
    "text", [f"A={HIDDEN}", HIDDEN, f"id=a,value={HIDDEN}", f"id=a,src=key.pem,env={HIDDEN}", "id=a"]
)
def test_a_value_outside_a_variable_is_refused(refuse, text):
    """A secret in a flag or in the file is a fault with the way out, and is not repeated."""
    for faults in (refuse(secrets=[text]), refuse(file=f"secrets = '{text}'\n")):
        (fault,) = faults
        assert "secrets: item 1" in str(fault)
        assert "TAGBOAT_SECRETS" in fault.hint


def test_an_empty_secret_is_absent(read):
    """What CI leaves empty, as for forks, is no secret, and that is said without a guess at what the text was."""
    env = {"INPUT_SECRETS": "A=\nB=1", "INPUT_SECRET_ENVS": "c=UNSET"}
    request = read(env)
    assert set(request.secrets) == {"B"}
    assert [warning.partition(",")[0] for warning in request.warnings] == [
        "secrets: item 1 is empty",
        "secret-envs: the variable UNSET is empty",
    ]


def test_a_secret_is_given_once(refuse):
    """Two inputs that give one id contradict each other."""
    (fault,) = refuse({"INPUT_SECRETS": f"a={HIDDEN}", "INPUT_SECRET_FILES": "a=key.pem"})
    assert str(fault) == "secret-files: secrets gives the secret 'a' too"


def test_a_file_that_cannot_be_read_is_told_with_the_rest(refuse):
    """Files are looked at before any work, with all other faults."""
    faults = refuse({"INPUT_SECRET_FILES": "a=gone.pem", "INPUT_JOBS": "0", "INPUT_ALLOW": "x"})
    assert [str(fault).partition(":")[0] for fault in faults] == ["secret-files", "allow", "jobs"]
