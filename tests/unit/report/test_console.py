"""Plain lines for people."""

from __future__ import annotations

import io
import threading

import pytest

from tagboat.errors import FaultsError, InputError
from tagboat.report import GitHubProgress, GitLabProgress, PlainProgress, open_console
from tagboat.secret import Secret


def token():
    return "word"


def shown(act, **options):
    """Return what a plain console writes when `act` is done with it."""
    stream = io.StringIO()
    act(PlainProgress(stream, **options))
    return stream.getvalue()


def fail(console):
    with console.group("Build"):
        console.output(b"the reason")
        raise InputError("wrong")


def a_run(console, location):
    with console.group("Build"):
        console.info("made 2 layers")
        console.detail("cached /srv")
        console.output(b"hello\nwor")
        console.output(b"ld")
    console.warn("ARG TOKEN looks like a secret", "mount it instead", location=location)
    console.mask(Secret("hunter2"))
    console.error(FaultsError([InputError("images: wrong", "write one"), InputError("tags: wrong")]))


@pytest.mark.parametrize("options", [{}, {"quiet": True}, {"verbose": True}], ids=["usual", "quiet", "verbose"])
def test_a_run_in_plain_lines(options, golden, location):
    """Titles, news, foreign output, warnings and errors; quiet keeps the last two, verbose adds details."""
    name = next(iter(options), "usual")
    golden(f"plain-{name}.txt", shown(lambda console: a_run(console, location), **options))


def test_foreign_output_of_a_failed_part_is_complete():
    """An error in a group does not lose the last line, which is the one that tells why."""

    def act(console):
        with pytest.raises(InputError):
            fail(console)

    assert shown(act) == "Build\n  the reason\n"


def test_the_traceback_of_a_bug_needs_verbose():
    """People see one line and a hint; who reports the bug sees where it is."""

    def act(console):
        try:
            {}["config"]
        except KeyError as error:
            console.error(error)

    assert "Traceback" not in shown(act)
    assert "Traceback" in shown(act, verbose=True)
    assert shown(act, verbose=True).splitlines()[-2] == "error: this is a bug in Tagboat: KeyError: 'config'"


def test_text_of_users_cannot_steer_the_terminal(hostile):
    """No escape code reaches the terminal in our own lines."""
    assert "\x1b" not in shown(lambda console: (console.info(hostile), console.warn(hostile, hostile)))


def test_what_is_told_at_once_stays_together():
    """Lines of threads that talk at the same time do not mix."""

    def act(console):
        threads = [
            threading.Thread(target=lambda name=name: [console.info(f"{name}\n{name}") for _ in range(50)])
            for name in "abcd"
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    lines = shown(act).splitlines()
    assert len(lines) == 400
    assert lines[::2] == lines[1::2]


def test_the_environment_chooses_the_console():
    """GitHub's and GitLab's runners say who they are, and whether somebody asked for debug logs."""
    stream = io.StringIO()
    assert isinstance(open_console({}, stream, token=token, now=lambda: 0.0), PlainProgress)
    assert isinstance(open_console({"GITHUB_ACTIONS": "false"}, stream, token=token, now=lambda: 0.0), PlainProgress)
    console = open_console({"GITHUB_ACTIONS": "true", "RUNNER_DEBUG": "1"}, stream, token=token, now=lambda: 0.0)
    assert isinstance(console, GitHubProgress)
    console.detail("a detail")
    assert stream.getvalue() == "a detail\n"
    gitlab = {"CI_SERVER_URL": "https://gitlab.com", "CI_PROJECT_PATH": "acme/demo", "GITLAB_CI": "false"}
    console = open_console({**gitlab, "CI_DEBUG_TRACE": "true"}, stream, token=token, now=lambda: 0.0)
    assert isinstance(console, GitLabProgress)
    console.detail("another")
    assert stream.getvalue() == "a detail\nanother\n"
