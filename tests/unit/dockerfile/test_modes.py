"""File modes."""

from __future__ import annotations

import pytest

from tagboat.dockerfile.faults import LanguageError
from tagboat.dockerfile.modes import parse_mode


@pytest.mark.parametrize(
    ("text", "mode", "expected"),
    [
        ("0755", 0o600, 0o755),
        ("4755", 0o600, 0o4755),
        ("0", 0o600, 0),
        ("u=rwX,go=rX", 0o600, 0o644),
        ("u=rwX,go=rX", 0o700, 0o755),
        ("+x", 0o644, 0o755),
        ("a-w", 0o666, 0o444),
        ("g=u", 0o640, 0o660),
        ("g=u,o=", 0o647, 0o660),
        ("go+u-w", 0o700, 0o755),
        ("u+s,g+s,+t", 0o755, 0o7755),
        ("=", 0o7777, 0),
        ("u=rw", 0o4755, 0o655),
        ("o+t", 0o755, 0o755),
        ("u+x,g+X", 0o600, 0o700),
        ("ug+rw", 0o400, 0o660),
    ],
)
def test_a_file_gets_the_mode(text: str, mode: int, expected: int):
    """Octal modes replace, symbolic ones change what is there, as chmod(1) does with umask 0."""
    assert parse_mode(text).apply(mode, is_directory=False) == expected


def test_directories_are_searchable():
    """X gives a directory its x bits in any case."""
    assert parse_mode("u=rwX,go=rX").apply(0o600, is_directory=True) == 0o755


def test_only_octal_modes_are_the_same_for_all():
    """A mode that depends on the file's own is told from one that does not."""
    assert parse_mode("0755").is_octal
    assert not parse_mode("a=rx").is_octal


@pytest.mark.parametrize("text", ["", "8", "10000", "0o644", "u", "u~x", "u+q", "z+x", "u+x,", "u+gr", "rw"])
def test_a_malformed_mode_is_refused(text: str):
    """What is neither octal up to 7777 nor symbolic is an error."""
    with pytest.raises(LanguageError, match="is not a file mode"):
        parse_mode(text)
