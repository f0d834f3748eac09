"""The table of inputs and the table of commands are whole and agree with each other."""

from __future__ import annotations

import pytest

from tagboat.flow.commands import COMMANDS
from tagboat.flow.inputs import BY_NAME, COMMAND_NAMES, INPUTS, Input, Kind, Peer, inputs_of

PEERS = {
    Peer.BUILD: """add-hosts allow annotations attests build-args build-contexts builder cache-from cache-to call
        cgroup-parent context file labels load network no-cache no-cache-filters outputs platforms provenance pull push
        sbom secrets secret-envs secret-files shm-size ssh tags target ulimit github-token""",
    Peer.METADATA: """images tags flavor labels annotations sep-tags sep-labels sep-annotations bake-target
        github-token""",
    Peer.LOGIN: "registry username password ecr scope logout registry-auth",
}


def every(law):
    """Run a test once for each input."""
    return pytest.mark.parametrize("entry", INPUTS, ids=lambda entry: entry.name)(law)


@pytest.mark.parametrize("peer", Peer)
def test_inputs_of_peers(peer):
    """Every input of a peer is in the table and says where it is known from."""
    assert set(PEERS[peer].split()) == {entry.name for entry in INPUTS if peer in entry.peers}


def test_names_are_unique():
    """No input stands in the table twice."""
    assert len(BY_NAME) == len(INPUTS)


@every
def test_commands_exist(entry: Input):
    """An input belongs to at least one command, and each of them is built."""
    assert entry.commands
    assert set(entry.commands) <= set(COMMAND_NAMES)


def test_built_commands():
    """The commands that take inputs are those that are built."""
    assert {command.name for command in COMMANDS if command.built} == set(COMMAND_NAMES)


@every
def test_choices(entry: Input):
    """A choice lists its words, in lower case, and its default is one of them."""
    assert bool(entry.choices) or entry.kind is not Kind.CHOICE
    assert all(word == word.lower() for word in (*entry.choices, *entry.neutral))
    if entry.kind is Kind.CHOICE and entry.default:
        assert entry.default in entry.choices


@every
def test_neutral_values_belong_to_what_is_not_built(entry: Input):
    """Only an input that is not built yet needs values that ask for nothing."""
    assert entry.built or entry.instead
    assert not (entry.built and entry.neutral)


@every
def test_secrets_have_no_flag(entry: Input):
    """A secret has variables and no flag; everything else has a flag."""
    assert (entry.flag == "") == entry.secret
    assert entry.variables or entry.flag_only


def test_passwords_are_secrets():
    """Passwords, registry credentials and tokens are secrets."""
    assert {entry.name for entry in INPUTS if entry.secret} == {"password", "github-token", "registry-auth"}


def test_variables_in_order():
    """Both spellings of INPUT_ come before TAGBOAT_."""
    assert BY_NAME["build-args"].variables == ("INPUT_BUILD-ARGS", "INPUT_BUILD_ARGS", "TAGBOAT_BUILD_ARGS")
    assert BY_NAME["push"].variables == ("INPUT_PUSH", "TAGBOAT_PUSH")


@pytest.mark.parametrize(("name", "bare"), [("push", "true"), ("pull", "true"), ("sbom", "true"), ("target", "")])
def test_flag_alone(name, bare):
    """A flag alone means true where true is a value, and needs one elsewhere."""
    assert BY_NAME[name].bare == bare


def test_inputs_of_a_command():
    """A command takes its inputs in the table's order; `tags` takes nothing that only a build needs."""
    names = [entry.name for entry in inputs_of("tags")]
    assert names == [entry.name for entry in INPUTS if entry.name in names]
    assert {"tags", "images", "event", "json"} <= set(names)
    assert not {"platforms", "push", "output"} & set(names)
