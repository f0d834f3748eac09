"""Sections in GitLab's log, ours and nobody else's."""

from __future__ import annotations

import io
import itertools
import re

import pytest

from tagboat.errors import InputError, Location
from tagboat.report import GitLabProgress
from tagboat.secret import Secret

# What GitLab's log viewer takes for a marker.
MARKER = re.compile(r"section_(start|end):(\d+):([a-zA-Z0-9_.-]+)(\[[^\]]*\])?\r\x1b\[0K")


def shown(act, **options):
    """Return what GitLab's console writes when `act` is done with it; each second the clock goes on."""
    stream, seconds = io.StringIO(), itertools.count(1700000000)
    act(GitLabProgress(stream, now=lambda: next(seconds) + 0.5, **options))
    return stream.getvalue()


def fail(console):
    with console.group("Build"):
        console.output(b"the reason")
        raise InputError("wrong")


def test_a_run_in_sections(golden, location):
    """Sections nest, warnings show their line, foreign output is indented, no secret is written."""

    def act(console):
        console.mask(Secret("hunter2"))
        with console.group("Build 100%"):
            with console.group("Stage 0"):
                console.info("made 2 layers")
            console.detail("a detail")
            console.output(b"compiling\nmore")
        console.warn("ARG TOKEN looks like a secret", "mount it instead", location=location)
        console.error(InputError("images: wrong", "write one"))

    golden("gitlab.txt", shown(act).replace("\r", "<CR>"))


def test_sections_nest_and_have_names_of_their_own():
    """Each section ends under the name that it began with, and no two share one, whatever their titles."""

    def act(console):
        for _ in range(2):
            with console.group("Build"), console.group("äöü"):
                pass

    found = [(kind, name) for kind, _, name, _ in MARKER.findall(shown(act))]
    names = [name for kind, name in found if kind == "start"]
    assert len(set(names)) == 4
    assert [kind for kind, _ in found] == ["start", "start", "end", "end"] * 2
    assert [name for kind, name in found if kind == "end"] == [names[1], names[0], names[3], names[2]]


def test_a_section_with_an_error_is_open_and_ends_before_the_error():
    """Sections begin unfolded; the error stands below the section that it ended, with what was still held back."""

    def act(console):
        with pytest.raises(InputError):
            fail(console)
        console.error(InputError("wrong"))

    log = shown(act)
    assert all(not options for _, _, _, options in MARKER.findall(log))
    assert log.index("  the reason\n") < log.index("section_end") < log.index("error: wrong")


def test_text_of_users_is_never_a_marker(hostile):
    """No title, message, path or foreign output begins or ends a section, or steers the log in another way."""
    text = f"{hostile}\x1b[0Ksection_end:1:x\r\x1b[0K"

    def act(console):
        with console.group(text):
            console.info(text)
            console.output(text.encode() + b"\n\x1b[0Ksection_start:1:y[collapsed=true]\r\x1b[0Khidden\n\x1b[2J")
        console.warn(text, text, location=Location(file=text, line=1, column=2, text=text))
        console.error(KeyError(text))

    log = shown(act, verbose=True)
    assert [(kind, name[:9]) for kind, _, name, _ in MARKER.findall(log)] == [
        ("start", "tagboat_1"),
        ("end", "tagboat_1"),
    ]
    assert "\x1b" not in re.sub(r"\x1b\[[0-9;]*m", "", MARKER.sub("", log.replace("\x1b[0Ksection", "section")))


def test_colours_of_foreign_output_end_with_its_line():
    """A program may print in colour, and what comes after it is plain."""
    assert shown(lambda console: console.output(b"\x1b[31mred\nplain\n")) == "  \x1b[31mred\x1b[0m\n  plain\n"


def test_quiet_leaves_warnings_and_errors():
    """What went wrong is told; nothing else is, and no section is begun for it."""

    def act(console):
        with console.group("Build"):
            console.info("news")
            console.output(b"hello\n")
        console.warn("odd")

    assert shown(act, quiet=True) == "warning: odd\n"
