"""The page about tags says what is so."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from fakes.history import FakeHistory
from tagboat.ci.simulation import Simulation
from tagboat.flow.context import Context, SourceRepository, System
from tagboat.flow.request import TagRequest
from tagboat.tags import derive_tags
from tagboat.tags.types import TYPES

PAGE = (Path(__file__).parents[3] / "docs" / "tags.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(
    r"^\| `(type=[^`]+)` \| `((?:tag|push|pull_request|merge_request):\S+|schedule|dispatch)` \|(.*)\|$", re.MULTILINE
)
EXAMPLES = EXAMPLE.findall(PAGE)
CONTEXT = Context(
    system=System.GITHUB,
    event="push",
    ref="refs/heads/main",
    revision="860c1904a1ce19322e91ac35af1ab07466440c37",
    commit_time=datetime(2026, 3, 5, 12, tzinfo=UTC),
    repository=SourceRepository(default_branch="main"),
)
HISTORY = FakeHistory(distances={"v1.2.3": 4, "app-v2.0.0": 6})
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(("rule", "event", "tags"), EXAMPLES)
def test_example(rule, event, tags):
    """Each example of the page gives the tags that it shows."""
    context = Simulation.parse(event).act_out(CONTEXT)
    found = derive_tags(TagRequest(tags=rule), context, now=NOW, source_date_epoch=None, history=HISTORY)
    assert [str(name) for name in found.names] == re.findall("`([^`]+)`", tags)


def test_every_type_has_an_example():
    """No type of rule is without an example, and no attribute is left out."""
    shown = {rule.partition(",")[0].removeprefix("type=") for rule, _, _ in EXAMPLES}
    assert shown == set(TYPES)
    for name, rule_type in TYPES.items():
        assert [key for key in rule_type.attributes if f"`{key}`" not in PAGE] == [], name
