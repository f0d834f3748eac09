"""The page about the migration says of every input of docker's actions what becomes of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tagboat.flow.inputs import INPUTS, Peer

PAGE = Path(__file__).parents[4] / "docs" / "migration.md"


def rows(peer):
    """Return the rows of an action's table: the input, and what stands behind it."""
    section = PAGE.read_text().partition(f"## {peer}\n")[2].partition("\n## ")[0]
    return dict(re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", section, re.MULTILINE))


@pytest.mark.parametrize("peer", Peer)
def test_every_input_has_a_row(peer):
    """Each action's table has a row for each of its inputs."""
    own = {"context"} if peer is Peer.METADATA else set()  # ours is build-push-action's
    assert set(rows(peer)) == {entry.name for entry in INPUTS if peer in entry.peers} | own


@pytest.mark.parametrize("peer", Peer)
def test_what_is_not_built_is_told(peer):
    """A row says that its input is not built yet, or has no effect, exactly where the table of inputs says so."""
    told = rows(peer)
    entries = [entry for entry in INPUTS if peer in entry.peers and not entry.choices]
    assert [entry.name for entry in entries if ("not built yet" in told[entry.name]) == entry.built] == []
    assert [entry.name for entry in entries if ("without effect" in told[entry.name]) != bool(entry.unneeded)] == []
