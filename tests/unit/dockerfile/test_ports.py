"""The ports of EXPOSE."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tagboat.dockerfile.faults import LanguageError
from tagboat.dockerfile.ports import parse_ports

_FILE = Path(__file__).parents[2] / "fixtures/language/misc.json"
_TABLES = json.loads(_FILE.read_text(encoding="utf-8"))["tables"]


@pytest.mark.parametrize(("word", "ports"), _TABLES["expose"])
def test_a_word_names_the_ports_of_the_reference(word: str, ports: list[str] | str):
    """A word gives the ports that the reference gives, or fails."""
    if ports == "error":
        with pytest.raises(LanguageError):
            parse_ports(word)
    else:
        assert list(parse_ports(word)) == ports


def test_the_protocol_is_in_lower_case_and_tcp_by_default():
    """Protocols are read in any case."""
    assert parse_ports("53/UDP") == ("53/udp",)
    assert parse_ports("53/") == ("53/tcp",)
    assert parse_ports("53") == ("53/tcp",)


@pytest.mark.parametrize(
    "word", ["80/zzz", "a", "-1", "1-", "2-1", "65536", "80:", "1.2.3:80:80", "x:80", "1-2:3-5", "80/tcp/udp"]
)
def test_a_wrong_word_is_refused(word: str):
    """Unknown protocols, numbers out of range, ranges backwards and wrong addresses are errors."""
    with pytest.raises(LanguageError):
        parse_ports(word)
