"""The flags of an instruction."""

from __future__ import annotations

import pytest

from tagboat.dockerfile.faults import LanguageError
from tagboat.dockerfile.flags import FlagKind, read_flags, split_flags

_KNOWN = {"text": FlagKind.TEXT, "list": FlagKind.LIST, "switch": FlagKind.BOOLEAN}


@pytest.mark.parametrize(
    ("text", "flags", "rest"),
    [
        ("a --b", (), "a --b"),
        ("  --a=1 --b  c d ", ("--a=1", "--b"), "c d"),
        ("--a='x y' \"--b=z\" c", ("--a=x y",), '"--b=z" c'),
        ('--a="x\\"y" c', ('--a=x"y',), "c"),
        ("--a=x\\ y c", ("--a=x y",), "c"),
        ("--a -- --b", ("--a",), "--b"),
        ("--a=1", ("--a=1",), ""),
        ("-a b", (), "-a b"),
    ],
)
def test_flags_are_cut_off_the_start(text: str, flags: tuple[str, ...], rest: str):
    """Flags end at the first word that is none or at a lone --, and lose their quotes."""
    assert split_flags(text, "\\") == (flags, rest)


def test_flags_are_read_by_their_kind():
    """A text flag has one value, a list flag several, a switch is on when it has none."""
    flags = read_flags(["--text=", "--list=a", "--list=b", "--switch"], _KNOWN)
    assert (flags.text("text"), flags.texts("list"), flags.boolean("switch")) == ("", ("a", "b"), True)
    assert read_flags(["--switch=FALSE"], _KNOWN).boolean("switch") is False
    assert read_flags([], _KNOWN).boolean("switch") is None


@pytest.mark.parametrize(
    ("flag", "problem", "hint"),
    [
        ("--txet=a", "unknown flag --txet", "did you mean --text?"),
        ("--zzz", "unknown flag --zzz", "known are --text, --list, --switch"),
        ("--text", "--text has no value", "write --text=value"),
        ("--list", "--list has no value", "write --list=value"),
        ("--switch=", "--switch= is not true or false", "write --switch"),
        ("--switch=yes", "--switch=yes is not true or false", "write --switch"),
    ],
)
def test_a_wrong_flag_is_named_with_what_to_write(flag: str, problem: str, hint: str):
    """The message names the flag and the hint the nearest one or its form."""
    with pytest.raises(LanguageError, match=problem) as caught:
        read_flags([flag], _KNOWN)
    assert hint in caught.value.hint
    assert caught.value.fragment == flag.partition("=")[0]


def test_a_flag_is_given_once():
    """Only list flags may be repeated."""
    with pytest.raises(LanguageError, match="--text is given twice"):
        read_flags(["--text=a", "--text=b"], _KNOWN)


def test_an_instruction_without_flags_says_so():
    """The hint for a flag of an instruction that has none does not list nothing."""
    with pytest.raises(LanguageError) as caught:
        read_flags(["--help"], {})
    assert caught.value.hint == "this instruction takes no flags"
