"""Workflow commands in GitHub's log, ours and nobody else's."""

from __future__ import annotations

import io
import itertools
import re

import pytest

from tagboat.errors import DockerfileError, FaultsError, InputError, Location, MachineError
from tagboat.report import GitHubProgress
from tagboat.secret import Secret

COMMAND = re.compile(r"\s*::([a-z-]+)|.*##\[", re.DOTALL)


def shown(act, **options):
    """Return the lines that GitHub's console writes when `act` is done with it."""
    stream, words = io.StringIO(), itertools.count()
    act(GitHubProgress(stream, token=lambda: f"word{next(words)}", **options))
    return stream.getvalue()


def fail(console):
    with console.group("Build"):
        console.output(b"the reason")
        raise InputError("wrong")


def obeyed(log):
    """Return the names of the commands that the runner finds in a log, by its own rules."""
    stop, names = "", []
    for line in re.split(r"\r\n|\r|\n", log):
        if stop:
            stop = "" if line == f"::{stop}::" else stop
        elif line.startswith("::stop-commands::"):
            stop = line.removeprefix("::stop-commands::")
        elif found := COMMAND.match(line):
            names.append(found[1] or "##[")
    return names


def test_a_run_in_workflow_commands(golden, location):
    """Groups, annotations with their place, foreign output where commands are off, secrets masked line by line."""

    def act(console):
        console.mask(Secret("hunter2\n\nsecond%line\n"))
        with console.group("Build 100%"), console.group("Stage 0"):
            console.info("made 2 layers")
            console.output(b"::error::not ours\nmore")
        console.warn("ARG TOKEN looks like a secret", "mount it instead", location=location)
        console.error(
            FaultsError(
                [
                    InputError("images: wrong", "write one"),
                    DockerfileError("no", location=Location(file="a,b:c", line=1, end_line=3)),
                ]
            )
        )

    golden("github.txt", shown(act))


def test_text_of_users_is_never_a_command(hostile):
    """Whatever stands in a title, a message, a hint, a path or foreign output, the runner obeys our commands alone."""

    def act(console):
        with console.group(hostile), console.group(hostile):
            console.info(hostile)
            console.detail(hostile)
            console.output(hostile.encode() + b"\r::error::x\n::guess::\n::add-mask::y")
        console.warn(hostile, hostile, location=Location(file=hostile, line=1, column=2, text=hostile))
        console.error(InputError(hostile, hostile))
        console.error(KeyError(hostile))

    assert obeyed(shown(act, verbose=True)) == ["group", "endgroup", "warning", "error", "error"]


def test_the_word_that_ends_foreign_output_must_be_new():
    """A program that prints the very word is not given the log."""

    def act(console):
        with pytest.raises(MachineError, match="random word"):
            console.output(b"word0\n")

    assert shown(act) == ""


def test_a_group_is_closed_after_an_error():
    """The error stands outside the group, where GitHub does not fold it away."""

    def act(console):
        with pytest.raises(InputError):
            fail(console)
        console.error(InputError("wrong"))

    assert shown(act).splitlines() == [
        "::group::Build",
        "::stop-commands::word0",
        "the reason",
        "::word0::",
        "::endgroup::",
        "::error title=Tagboat::wrong",
    ]


@pytest.mark.parametrize("level", ["warning", "error"])
def test_ten_of_each_are_annotations(level):
    """GitHub drops what comes after the tenth; those are plain lines of the log."""

    def act(console):
        if level == "error":
            console.error(FaultsError(InputError(f"wrong {number}") for number in range(12)))
        else:
            for number in range(12):
                console.warn(f"wrong {number}")

    lines = shown(act).splitlines()
    assert lines[9:] == [f"::{level} title=Tagboat::wrong 9", f"{level}: wrong 10", f"{level}: wrong 11"]


def test_quiet_leaves_warnings_and_errors():
    """What went wrong is told; nothing else is."""

    def act(console):
        with console.group("Build"):
            console.info("news")
            console.output(b"hello\n")
        console.warn("odd")

    assert shown(act, quiet=True) == "::warning title=Tagboat::odd\n"


def test_an_empty_secret_is_not_masked():
    """A mask of nothing would hide nothing, or everything."""
    assert shown(lambda console: console.mask(Secret(""))) == ""
    assert shown(lambda console: console.mask(Secret("\n \n"))) == ""
