"""The texts of --help."""

from __future__ import annotations

import pytest

from tagboat.cli.help import command_help, overview
from tagboat.flow.commands import COMMANDS
from tagboat.flow.inputs import inputs_of

BUILT = [command.name for command in COMMANDS if command.built]
LATER = [command.name for command in COMMANDS if not command.built]


def test_the_overview_lists_every_command():
    """Each command is there, those of later releases as such."""
    text = overview()
    built, _, later = text.partition("Not built yet: ")
    assert all(f"\n  {name}" in built for name in BUILT)
    assert all(name in later for name in LATER)


@pytest.mark.parametrize("name", BUILT)
def test_the_help_of_a_command_lists_each_of_its_inputs(name):
    """Each input that the command takes is shown with its meaning; secrets by their variable; others as not built."""
    shown, _, later = command_help(name).partition("Not built yet: ")
    flat = " ".join(shown.split())
    for entry in inputs_of(name):
        if not entry.built:
            assert entry.name in later
            assert f"{entry.flag} " not in shown or entry.secret
        elif not entry.unneeded:
            form = entry.variables[-1] if entry.secret else entry.flag
            assert form in shown
            assert " ".join(entry.help.split()) in flat
            assert all(choice in flat for choice in entry.choices)


@pytest.mark.parametrize("name", LATER)
def test_a_command_of_a_later_release_says_so(name):
    """Help for what is not built yet does not pretend."""
    assert "not built yet" in command_help(name)


@pytest.mark.parametrize("text", [overview(), *(command_help(command.name) for command in COMMANDS)])
def test_help_fits_a_terminal(text):
    """No line is longer than 120 characters, and the text ends with one line end."""
    assert max(map(len, text.splitlines())) <= 120
    assert text.endswith("\n")
    assert not text.endswith("\n\n")
