"""Signals."""

from __future__ import annotations

import pytest

from tagboat.dockerfile.faults import LanguageError
from tagboat.dockerfile.signals import check_signal


@pytest.mark.parametrize("text", ["SIGTERM", "term", "KILL", "9", "SIGRTMIN+3", "RTMAX-14", "rtmin"])
def test_a_signal_is_kept_as_written(text: str):
    """Names in any case, with or without SIG, and numbers are signals, and stay as they are written."""
    assert check_signal(text) == text


@pytest.mark.parametrize("text", ["", "0", "65", "-9", "SIGTREM", "RTMIN+16", "RTMAX-15", "SIG"])
def test_anything_else_is_refused(text: str):
    """What Linux has no signal for is an error."""
    with pytest.raises(LanguageError, match="there is no signal"):
        check_signal(text)


def test_a_misspelt_signal_has_a_suggestion():
    """The nearest name is suggested."""
    with pytest.raises(LanguageError) as caught:
        check_signal("SIGTREM")
    assert caught.value.hint == "did you mean SIGTERM?"
