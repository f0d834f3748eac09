"""The classes of names, and the names that no branch may take."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tagboat.flow.context import Context, SourceRepository, System
from tagboat.flow.request import TagRequest
from tagboat.flow.tagset import NameClass, Outcome, Scheme
from tagboat.tags import derive_tags

NOW = datetime(2020, 1, 10, tzinfo=UTC)
WRITE_ONCE, FLOATING, EPHEMERAL = NameClass.WRITE_ONCE, NameClass.FLOATING, NameClass.EPHEMERAL


def derive(ref, *, event="push", default_branch="main", **inputs):
    """Return the tag set of a run on a ref."""
    repository = SourceRepository(default_branch=default_branch)
    context = Context(system=System.GITHUB, event=event, ref=ref, revision="a" * 40, repository=repository)
    return derive_tags(TagRequest(**inputs), context, now=NOW, source_date_epoch=None)


@pytest.mark.parametrize(
    ("rule", "ref", "classes"),
    [
        ("type=semver,pattern={{version}}", "refs/tags/v1.2.3", {"1.2.3": WRITE_ONCE, "latest": FLOATING}),
        ("type=semver,pattern={{raw}}", "refs/tags/v1.2.3", {"v1.2.3": WRITE_ONCE, "latest": FLOATING}),
        ("type=semver,pattern={{major}}.{{minor}}", "refs/tags/v1.2.3", {"1.2": FLOATING, "latest": FLOATING}),
        ("type=semver,pattern={{major}}", "refs/tags/v1.2.3-rc.1", {"1.2.3-rc.1": WRITE_ONCE}),
        ("type=pep440,pattern={{version}}", "refs/tags/1.2.3", {"1.2.3": WRITE_ONCE, "latest": FLOATING}),
        ("type=pep440,pattern={{major}}", "refs/tags/1.2.3.post1", {"1.2.3.post1": WRITE_ONCE}),
        (r"type=match,pattern=v(\d+\.\d+),group=1", "refs/tags/v1.2.3", {"1.2": FLOATING, "latest": FLOATING}),
        ("type=ref,event=tag", "refs/tags/release-7", {"release-7": WRITE_ONCE, "latest": FLOATING}),
        ("type=ref,event=tag", "refs/tags/v1", {"v1": FLOATING, "latest": FLOATING}),
        ("type=ref,event=branch", "refs/heads/main", {"main": EPHEMERAL}),
        ("type=ref,event=pr", "refs/pull/7/merge", {"pr-7": EPHEMERAL}),
        ("type=edge", "refs/heads/main", {"edge": FLOATING}),
        ("type=sha", "refs/heads/main", {"sha-aaaaaaa": WRITE_ONCE}),
        ("type=timestamp", "refs/heads/main", {"20200110-000000": WRITE_ONCE}),
        ("type=raw,value=stable", "refs/heads/main", {"stable": FLOATING}),
        ("1.2.3", "refs/heads/main", {"1.2.3": WRITE_ONCE}),
        ("ghcr.io/me/app:v1.2.3", "refs/heads/main", {"v1.2.3": WRITE_ONCE}),
    ],
)
def test_the_class_of_each_rule_s_name(rule, ref, classes):
    """Versions, commits and times stay what they are; parts of versions and words move; branches come and go."""
    found = derive(ref, tags=rule)
    assert {name: standing.name_class for name, standing in found.standings.items()} == classes
    made = [decision for decision in found.decisions if decision.outcome is Outcome.MADE]
    assert [decision.to_json()["class"] for decision in made] == list(classes.values())


def test_schedules_move():
    """The name of a scheduled run moves with the commits of its branch."""
    standing = derive("refs/heads/main", event="schedule", tags="type=schedule").standings["nightly"]
    assert (standing.name_class, standing.follows_history) == (FLOATING, True)


def test_a_floating_name_knows_its_line():
    """A part of a version says which versions it stands for, and what surrounds them in tags and git tags."""
    rules = r"type=pep440,pattern={{major}},match=^app/v(.*)-final$,prefix=py-"
    line = derive("refs/tags/app/v1.2.3-final", tags=rules).standings["py-1"].line
    assert (line.version, line.scheme, line.major, line.minor) == ("1.2.3", Scheme.PEP440, 1, None)
    assert (line.prefix, line.suffix, line.git_prefix, line.git_suffix) == ("py-", "", "app/v", "-final")


def test_a_channel_is_a_line_of_its_own():
    """A channel moves by version, among the prereleases of its kind."""
    standing = derive("refs/tags/v1.2.3-beta.4", tags="type=channel").standings["beta"]
    assert (standing.name_class, standing.line.version, standing.line.channel) == (FLOATING, "v1.2.3-beta.4", "beta")


def test_a_component_s_versions_are_found_among_git_s_tags():
    """The line of a component's name holds what its git tags begin with."""
    line = derive("refs/tags/app-v1.2.3", tags="type=semver,pattern={{major}},component=app").standings["1"].line
    assert (line.version, line.git_prefix) == ("v1.2.3", "app-")


@pytest.mark.parametrize(
    ("ref", "is_by_version"), [("refs/tags/v1.2.3", True), ("refs/tags/x", False), ("refs/heads/main", False)]
)
@pytest.mark.parametrize("inputs", [{"tags": "latest"}, {"tags": "type=sha", "flavor": "latest=true"}])
def test_latest_goes_by_version_where_there_is_one(ref, is_by_version, inputs):
    """However `latest` is asked for: on a version's tag it moves by version, elsewhere by history."""
    standing = derive(ref, **inputs).standings["latest"]
    assert (standing.line is not None, standing.follows_history) == (is_by_version, not is_by_version)


def test_the_rule_that_moves_a_name_counts():
    """A name that one rule means to stay and another to move is one that moves: `1.2` today is part of 1.2.1."""
    found = derive("refs/tags/1.2", tags="type=pep440,pattern={{version}}\ntype=pep440,pattern={{major}}.{{minor}}")
    assert found.standings["1.2"].name_class is FLOATING


@pytest.mark.parametrize(
    "branch", ["1.2.3", "v1.2.3", "2024.01.05", "latest", "production", f"sha256-{'0' * 64}.sig", f"sha256-{'f' * 64}"]
)
@pytest.mark.parametrize("rule", ["type=ref,event=branch", "type=raw,value={{branch}}"])
def test_a_branch_takes_no_higher_name(branch, rule):
    """A branch whose name would make a version, a release or a signature makes no tag, and that is said."""
    found = derive(f"refs/heads/{branch}", tags=f"{rule}\ntype=sha")
    assert found.names == ("sha-aaaaaaa",)
    assert found.decisions[0].outcome is Outcome.WITHHELD
    assert f"the ref is refs/heads/{branch}" in found.decisions[0].reason
    assert "is withheld" in found.warnings[0]


@pytest.mark.parametrize(
    ("branch", "inputs", "name"),
    [
        ("production", {"tags": "type=ref,event=branch", "default_branch": "production"}, "production"),
        ("1.2", {"tags": "type=ref,event=branch"}, "1.2"),
        ("v1.2.3", {"tags": "type=ref,event=branch,prefix=br-"}, "br-v1.2.3"),
        ("release/1.2.3", {"tags": "type=semver,pattern={{version}},value={{branch}},match=\\d.*"}, "1.2.3"),
        ("1.2.3", {"tags": "type=raw,value=1.2.3"}, "1.2.3"),
    ],
)
def test_a_branch_keeps_names_that_are_its_own(branch, inputs, name):
    """The default branch may be called anything, an affix keeps names apart, and who reads a version means it."""
    assert derive(f"refs/heads/{branch}", **inputs).names[0] == name


def test_a_branch_is_no_part_of_versions():
    """Where rules make versions, a branch called 1.2 does not take the name that 1.2.3 has."""
    found = derive("refs/heads/1.2", tags="type=ref,event=branch\ntype=semver,pattern={{major}}.{{minor}}")
    assert found.names == ()
