"""What git tags say of names before a build."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from tagboat.flow.context import Context, System
from tagboat.flow.past import NoPast, Order
from tagboat.flow.request import TagRequest
from tagboat.flow.tagset import Outcome
from tagboat.policy import withhold_outdated
from tagboat.tags import derive_tags

RULES = "type=semver,pattern={{version}}\ntype=semver,pattern={{major}}.{{minor}}\ntype=semver,pattern={{major}}"


@dataclass
class Tags:
    """A past that knows tags; `reason` says what it may lack."""

    known: tuple[str, ...]
    reason: str = ""

    def tags(self):
        return self.known

    def missing(self):
        return self.reason

    def order(self, _there, _ours):
        return Order.UNKNOWN

    def time(self, _revision):
        return None


def derive(tag, past, rules=RULES, **inputs):
    """Return the tag set of a run on a git tag."""
    context = Context(system=System.GITHUB, event="push", ref=f"refs/tags/{tag}", revision="a" * 40)
    request = TagRequest(tags=rules, images="q.io/app", **inputs)
    derived = derive_tags(request, context, now=datetime(2020, 1, 1, tzinfo=UTC), source_date_epoch=None)
    return withhold_outdated(derived, past)


@pytest.mark.parametrize(
    ("tag", "others", "names"),
    [
        ("v1.2.9", ["v2.0.0"], ["1.2.9", "1.2", "1"]),
        ("v1.2.9", ["v1.3.0", "v2.0.0"], ["1.2.9", "1.2"]),
        ("v1.2.9", ["v1.2.10"], ["1.2.9"]),
        ("v1.2.9", ["v1.2.8", "v2.0.0-rc.1", "app-v9.0.0", "nightly"], ["1.2.9", "1.2", "1", "latest"]),
        ("v2.0.0-rc.1", ["v1.0.0"], ["2.0.0-rc.1"]),
    ],
)
def test_a_backport_moves_its_own_line_only(tag, others, names):
    """A name moves unless a higher final version has it, and the version's own tag is always made."""
    found = derive(tag, Tags((tag, *others)))
    assert list(found.names) == names
    assert [reference.tag for reference in found.references] == names
    assert found.version == names[0]


def test_a_withheld_name_is_a_decision_and_a_warning():
    """What is withheld says which git tag is higher, in the decisions and as a warning."""
    found = derive("v1.2.9", Tags(("v1.2.9", "v2.0.0")))
    [withheld] = [decision for decision in found.decisions if decision.outcome is Outcome.WITHHELD]
    assert (withheld.tag, "v2.0.0 is higher" in withheld.reason) == ("latest", True)
    assert any("latest is withheld" in warning for warning in found.warnings)
    assert all(
        "no git tag is higher" in decision.reason for decision in found.decisions if decision.tag in {"1", "1.2"}
    )


def test_latest_that_is_asked_for_moves_forward_only():
    """`latest=true` asks for the name, not for a step back."""
    assert "latest" not in derive("v1.2.9", Tags(("v2.0.0",)), flavor="latest=true").names
    assert "latest" not in derive("v1.2.9", Tags(("v2.0.0",)), rules=f"{RULES}\ntype=raw,value=latest").names


@pytest.mark.parametrize("past", [NoPast(), Tags(("v1.0.0",), "the checkout is shallow")])
def test_a_checkout_without_tags_leaves_it_to_the_registry(past):
    """Where tags may be missing nothing is guessed: the names stay, and the decisions say who decides."""
    found = derive("v1.2.9", past)
    assert list(found.names) == ["1.2.9", "1.2", "1", "latest"]
    assert all(
        past.missing() in decision.reason and "registry decide" in decision.reason for decision in found.decisions[1:]
    )


def test_a_shallow_checkout_proves_what_it_has():
    """A higher tag that is there counts, whatever else may be missing."""
    assert "latest" not in derive("v1.2.9", Tags(("v2.0.0",), "the checkout is shallow")).names


def test_components_have_their_own_versions():
    """What surrounds the version in the git tag tells the versions of one component from the others'."""
    rules = r"type=semver,pattern={{major}},match=^app-(.*)$"
    assert list(derive("app-v1.2.3", Tags(("v2.0.0", "web-v3.0.0")), rules).names) == ["1", "latest"]
    assert list(derive("app-v1.2.3", Tags(("app-v1.3.0",)), rules).names) == []


def test_runs_without_versions_ask_nothing():
    """A run that names no version does not ask git for tags."""
    context = Context(system=System.GITHUB, event="push", ref="refs/heads/main", revision="a" * 40)
    derived = derive_tags(
        TagRequest(tags="type=ref,event=branch"),
        context,
        now=datetime(2020, 1, 1, tzinfo=UTC),
        source_date_epoch=None,
    )
    assert withhold_outdated(derived, None) is derived
