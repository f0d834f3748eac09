"""Whatever is given as a secret of RUN, nothing that people read shows it."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tagboat.errors import TagboatError
from tagboat.settings import read_request

MARK = "hunter2"
PIECES = st.sampled_from([MARK, "=", ",", "\n", '"', "'", "[", "]", "id", " ", "A", "\\", "\r", "\t"])
TEXTS = st.lists(PIECES, max_size=12).map("".join)


def shown(flags, env):
    """Return all that a person may read of what a command makes of its inputs."""
    try:
        return " ".join(read_request("run", flags, (), env, Path("/nowhere")).warnings)
    except TagboatError as error:
        return f"{error} {error.hint}"


@settings(max_examples=20, deadline=None)
@given(TEXTS)
def test_no_message_repeats_a_secret(text):
    """Neither a fault nor a warning holds a piece of what is in the variable, however wrong its form is."""
    assert MARK not in shown({}, {"INPUT_SECRETS": text})


@settings(max_examples=20, deadline=None)
@given(TEXTS)
def test_no_message_repeats_what_a_flag_should_not_hold(text):
    """A secret that somebody writes into a flag is not written again into a log."""
    assert MARK not in shown({"secrets": [text]}, {})
