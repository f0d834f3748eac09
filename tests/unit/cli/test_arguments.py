"""Reading the command line."""

from __future__ import annotations

import pytest

from tagboat.cli.arguments import Arguments, read_arguments
from tagboat.flow.inputs import INPUTS


@pytest.mark.parametrize(
    ("line", "command", "flags", "positionals"),
    [
        ("", "run", {}, ()),
        ("build", "build", {}, ()),
        ("build dir", "build", {}, ("dir",)),
        ("--push build dir", "build", {"push": ["true"]}, ("dir",)),
        ("run --push dir", "run", {"push": ["true"]}, ("dir",)),
        ("run --push=false dir", "run", {"push": ["false"]}, ("dir",)),
        ("run --push=auto", "run", {"push": ["auto"]}, ()),
        ("build --json --quiet dir", "build", {"json": ["true"], "quiet": ["true"]}, ("dir",)),
        ("build --output out dir", "build", {"output": ["out"]}, ("dir",)),
        ("build --output=out dir", "build", {"output": ["out"]}, ("dir",)),
        ("build --output=a=b", "build", {"output": ["a=b"]}, ()),
        ("build --output= dir", "build", {"output": [""]}, ("dir",)),
        ("build --output -", "build", {"output": ["-"]}, ()),
        ("build --tags a --tags b", "build", {"tags": ["a", "b"]}, ()),
        ("build -- --output dir", "build", {}, ("--output", "dir")),
        ("-- build", "build", {}, ()),
        ("build - dir", "build", {}, ("-", "dir")),
        ("push layout a:1 b:1 --all-tags", "push", {"all-tags": ["true"]}, ("layout", "a:1", "b:1")),
        ("run --load --sbom dir", "run", {"load": ["true"], "sbom": ["true"]}, ("dir",)),
        ("build --compression -1 dir", "build", {"compression": ["-1"]}, ("dir",)),
    ],
)
def test_words_become_command_flags_and_arguments(line, command, flags, positionals):
    """The first word is the command; a flag takes the next word unless it may stand alone; `--` ends the flags."""
    read = read_arguments(line.split())
    assert (read.command, read.flags, read.positionals, read.faults) == (command, flags, positionals, ())


def test_an_unknown_flag_is_kept_with_its_value():
    """The settings name an unknown flag; the word behind it is taken as its value, not as an argument."""
    read = read_arguments(["build", "--outptu", "dir", "--unknown=1"])
    assert (read.flags, read.positionals) == ({"outptu": ["dir"], "unknown": ["1"]}, ())


@pytest.mark.parametrize("line", ["build --output", "build --output --json", "build --tags --output x", "--file"])
def test_a_flag_without_its_value_is_a_fault(line):
    """A value that is missing is told, and the next flag is not taken for it."""
    read = read_arguments(line.split())
    assert [fault.exit_code for fault in read.faults] == [2]
    assert "has no value" in read.faults[0].problem


@pytest.mark.parametrize(
    ("line", "wants_help", "wants_version", "names_command"),
    [
        ("--help", True, False, False),
        ("-h", True, False, False),
        ("build --help", True, False, True),
        ("--help build", True, False, True),
        ("build --output --help", True, False, True),
        ("--version", False, True, False),
        ("build dir", False, False, True),
        ("build -- --help", False, False, True),
    ],
)
def test_help_and_version_are_asked_for_anywhere(line, wants_help, wants_version, names_command):
    """They take no value and hide no command."""
    read = read_arguments(line.split())
    assert (read.wants_help, read.wants_version, read.names_command) == (wants_help, wants_version, names_command)


@pytest.mark.parametrize("entry", [entry for entry in INPUTS if entry.flag], ids=lambda entry: entry.name)
def test_every_flag_of_the_table_is_read_in_both_forms(entry):
    """`--name=value` works for each flag, and the form with a space for each that cannot stand alone."""
    assert read_arguments([f"{entry.flag}=x", "build"]).flags == {entry.name: ["x"]}
    alone = read_arguments([entry.flag, "build"])
    assert alone.flags == {entry.name: [entry.bare or "build"]}
    assert alone.command == ("build" if entry.bare else "run")


@pytest.mark.parametrize(
    ("flags", "is_on"),
    [({}, False), ({"quiet": ["true"]}, True), ({"quiet": ["true", "false"]}, False), ({"quiet": ["yes"]}, False)],
)
def test_a_switch_is_what_it_was_last_set_to(flags, is_on):
    """Before the settings are read, the last word counts."""
    assert Arguments(command="run", flags=flags, positionals=()).is_on("quiet") is is_on
