"""Errors as people read them."""

from __future__ import annotations

import dataclasses

from tagboat.errors import DockerfileError, FaultsError, InputError, Location, TagboatError
from tagboat.report.faults import render_error, unexpected


def test_an_error_shows_problem_place_line_and_hint(golden, location):
    """The caret stands below the column, tabs and wide characters counted as a terminal shows them."""
    wide = Location(file="Containerfile", line=12, column=9, text="RUN 漢字 | x")
    errors = FaultsError(
        [
            DockerfileError("there is no dist in stage 0", "check what stage 0 makes", location=location),
            DockerfileError("a pipe", location=wide),
            DockerfileError("only the line is known", location=dataclasses.replace(location, column=0)),
            InputError("images: two\nlines", "write one\nor none"),
        ]
    )
    golden("faults.txt", render_error(errors) + "\n")


def test_a_single_fault_has_no_count():
    """One error is one error: nothing is counted."""
    assert render_error(InputError("wrong")) == "error: wrong"
    assert render_error(FaultsError([InputError("wrong")])) == "error: wrong"


def test_collected_faults_are_told_one_by_one():
    """Collections within collections come out flat, with the number of all."""
    nested = FaultsError([FaultsError([InputError("a"), InputError("b")]), InputError("c")])
    assert render_error(nested).splitlines() == ["error: a", "error: b", "error: c", "3 errors"]


def test_a_place_in_a_long_line_is_cut():
    """A line of a megabyte is not printed whole, and a caret that would stand beyond the cut is left out."""
    location = Location(file="Dockerfile", line=1, column=5000, text="x" * 1_000_000)
    rendered = render_error(TagboatError("long", location=location))
    assert len(rendered) < 300
    assert "^" not in rendered


def test_control_codes_of_a_dockerfile_are_shown_not_obeyed():
    """What a Dockerfile holds cannot move the cursor or clear the screen."""
    location = Location(file="Docker\x1b[2Jfile", line=1, column=1, text="\x1b[2JFROM x")
    assert "\x1b" not in render_error(DockerfileError("\x1b[2J", "\x1b[2J", location=location))


def test_a_bug_is_named_as_ours():
    """An unforeseen exception is told with its type, its message and what to do; none of it needs a message."""
    assert unexpected(KeyError("config")).splitlines()[0] == "error: this is a bug in Tagboat: KeyError: 'config'"
    assert unexpected(AssertionError()).splitlines()[0] == "error: this is a bug in Tagboat: AssertionError"
    assert "--verbose" in unexpected(KeyError("config"))
    assert len(unexpected(ValueError("two\nlines")).splitlines()) == 2
