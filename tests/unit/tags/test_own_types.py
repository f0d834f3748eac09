"""The types of rules that metadata-action does not have, and components."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fakes.history import FakeHistory
from tagboat.errors import InputError
from tagboat.flow.context import Context, System
from tagboat.flow.request import TagRequest
from tagboat.flow.tagset import NameClass, Outcome
from tagboat.tags import derive_tags

SHA = "860c1904a1ce19322e91ac35af1ab07466440c37"
NOW = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
COMMITTED = datetime(2026, 3, 5, 23, 30, tzinfo=UTC)
TAGGED = {"v1.2.3": 4, "app-v2.0.0": 6, "web/3.1.0": 9}


def _derive(tags, ref="refs/heads/main", *, history=None, committed=COMMITTED, environment="", deployed="", **more):
    context = Context(
        system=System.GITHUB, event="push", ref=ref, revision=SHA, commit_time=committed, environment=deployed
    )
    request = TagRequest(tags=tags, environment=environment, **more)
    return derive_tags(request, context, now=NOW, source_date_epoch=None, history=history)


def _reason(tags, *arguments, **more):
    found = _derive(tags, *arguments, **more)
    assert found.names == ()
    return found.decisions[0].reason


@pytest.mark.parametrize(
    ("given", "deployed", "name"),
    [
        ("production", "", "production"),
        ("", "staging", "staging"),
        ("production", "staging", "production"),
        ("", "review/feature 1", "review-feature-1"),
    ],
)
def test_environment(given, deployed, name):
    """The environment is the input's, else the event's, as a legal tag; it makes no latest."""
    found = _derive("type=environment", environment=given, deployed=deployed)
    assert found.names == (name,)
    assert (given or deployed) in found.decisions[0].reason


@pytest.mark.parametrize(
    ("version", "name"),
    [
        ("v1.2.3-beta.4", "beta"),
        ("1.2.3-BETA4", "beta"),
        ("1.2.3-rc.1+build", "rc"),
        ("1.2.3-0", "next"),
        ("1.2.3-next.1", "next"),
        ("1.2.3", "stable"),
        ("1.2.3+build", "stable"),
        ("1.2rc1", "rc"),
        ("1!1.2a3", "alpha"),
        ("1.2b3.post1+local", "beta"),
        ("1.2.dev3", "dev"),
        ("1.2.post1", "stable"),
    ],
)
def test_channel(version, name):
    """A version's channel is the word of its prerelease, or stable; it makes no latest."""
    assert _derive("type=channel", f"refs/tags/{version}").names == (name,)


def test_channel_attributes():
    """The pattern may name parts of the version, and final= names the channel of final ones, or none."""
    assert _derive("type=channel,pattern={{major}}-{{channel}}", "refs/tags/v1.2.3-rc.1").names == ("1-rc",)
    assert _derive("type=channel,final=prod", "refs/tags/v1.2.3").names == ("prod",)
    assert "final= names no channel" in _reason("type=channel,final=", "refs/tags/v1.2.3")


@pytest.mark.parametrize("version", ["1.2.3-stable.1", "1.2.3-latest"])
def test_channel_of_final_versions_is_theirs(version):
    """A prerelease that calls itself stable or latest gets no tag."""
    assert "is for final versions" in _reason("type=channel", f"refs/tags/{version}")


@pytest.mark.parametrize(
    ("tag", "rule", "names"),
    [
        ("app-v1.2.3", "type=semver,pattern={{version}}", ("1.2.3", "latest")),
        ("app/v1.2.3", "type=semver,pattern={{major}}", ("1", "latest")),
        ("app@1.2.3", "type=semver,pattern={{raw}}", ("1.2.3", "latest")),
        ("app-1.2rc1", "type=pep440,pattern={{version}}", ("1.2rc1",)),
        ("app-v1.2", r"type=match,pattern=v(\d+),group=1", ("1", "latest")),
        ("app-v1.2.3-beta.1", "type=channel", ("beta",)),
        ("app-v2026.03.1", "type=calver,pattern=YYYY.0M.MICRO", ("2026.03.1", "latest")),
        ("app/v1.2.3", "type=describe", ("v1.2.3",)),
        ("app-web-v1.2.3", "type=semver,pattern={{version}}", ()),
        ("v1.2.3", "type=semver,pattern={{version}}", ()),
        ("apps-v1.2.3", "type=semver,pattern={{version}}", ()),
        ("application-v1.2.3", "type=describe", ()),
    ],
)
def test_component(tag, rule, names):
    """Only git tags of the component count, in each of the three forms, and its name is no part of the version."""
    found = _derive(f"{rule},component=app", f"refs/tags/{tag}", history=FakeHistory())
    assert found.names == names


@pytest.mark.parametrize(
    ("pattern", "tag", "names"),
    [
        ("YYYY.0M.0D", "2026.03.05", ("2026.03.05", "latest")),
        ("YYYY.MM.MICRO", "v2026.3.12", ("2026.3.12", "latest")),
        ("vYYYY.MM.MICRO", "v2026.3.12", ("v2026.3.12", "latest")),
        ("0Y.0W", "26.53", ("26.53", "latest")),
        ("YY.MM.DD", "26.3.31", ("26.3.31", "latest")),
        ("YYYY.0M.0D", "2026.3.5", ()),
        ("YYYY.0M.0D", "2026.13.05", ()),
        ("YYYY.MM.MICRO", "2026.3", ()),
    ],
)
def test_calver_of_a_tag(pattern, tag, names):
    """A pushed git tag that fits the pattern is the version, without its v; another one is none."""
    assert _derive(f"type=calver,pattern={pattern}", f"refs/tags/{tag}").names == names


@pytest.mark.parametrize(
    ("attributes", "name"),
    [
        ("", "2026.03.05"),
        (",pattern=YY.MM.DD", "26.3.5"),
        (",pattern=YYYY.0M.0D,tz=Asia/Tokyo", "2026.03.06"),
        (",pattern=YYYY.0M.0D,date=run", "2026.11.23"),
        (",pattern=YYYY-WW", "2026-10"),
        (",pattern=relYYYY0M0D", "rel20260305"),
    ],
)
def test_calver_of_the_commit(attributes, name):
    """Without a git tag it is the date of the commit, or of the run where that is asked for; no latest then."""
    assert _derive(f"type=calver{attributes}").names == (name,)


def test_calver_by_weeks_has_the_year_of_the_week():
    """On 1 January of 2027 it is still week 53 of 2026, and no later version sorts before."""
    committed = datetime(2027, 1, 1, tzinfo=UTC)
    assert _derive("type=calver,pattern=YYYY.0W", committed=committed).names == ("2026.53",)


@pytest.mark.parametrize(
    ("distances", "name"),
    [
        ({}, "2026.03.0"),
        ({"2026.03.0": 4, "v2026.03.7": 9, "2026.02.9": 12, "1.0": 20}, "2026.03.8"),
        ({"2026.03.0": 4, "2026.03.1": 0}, "2026.03.1"),
        ({"2026.02.5": 0}, "2026.03.0"),
        ({"app-2026.03.5": 1}, "2026.03.0"),
    ],
)
def test_calver_counts_git_tags(distances, name):
    """MICRO is one more than the highest of that date, from 0 on; a tag of that date at the commit keeps its number."""
    found = _derive("type=calver,pattern=YYYY.0M.MICRO", history=FakeHistory(distances=distances))
    assert found.names == (name,)
    assert found.decisions[0].reason.startswith("the commit is of 2026-03-05, a")


def test_calver_counts_within_a_component():
    """MICRO counts the git tags of the component alone."""
    history = FakeHistory(distances={"app-2026.03.5": 1, "2026.03.9": 2})
    assert _derive("type=calver,pattern=YYYY.0M.MICRO,component=app", history=history).names == ("2026.03.6",)


@pytest.mark.parametrize("rule", ["type=calver,pattern=YYYY.0M.MICRO", "type=describe"])
def test_shallow_checkout_is_no_guess(rule):
    """Where older git tags may be missing there is no tag, and the reason says how to get them."""
    found = _derive(rule, history=FakeHistory(distances={"v1.0.0": 3}, shallow=True))
    assert found.decisions[0].outcome is Outcome.SKIPPED
    assert "fetch-depth: 0" in found.decisions[0].reason
    assert any("fetch-depth: 0" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    ("attributes", "history", "name"),
    [
        ("", FakeHistory(distances=TAGGED), "v1.2.3-4-g860c190"),
        (",match=web/*", FakeHistory(distances=TAGGED), "web-3.1.0-9-g860c190"),
        (",exclude=v*", FakeHistory(distances=TAGGED), "app-v2.0.0-6-g860c190"),
        (",component=app", FakeHistory(distances=TAGGED), "v2.0.0-6-g860c190"),
        (",component=web", FakeHistory(distances=TAGGED), "3.1.0-9-g860c190"),
        ("", FakeHistory(distances={"v1.2.3": 0}), "v1.2.3"),
        (",long=true", FakeHistory(distances={"v1.2.3": 0}), "v1.2.3-0-g860c190"),
        ("", FakeHistory(distances={"v1.2.3": 0}, shallow=True), "v1.2.3"),
        (",dirty=true", FakeHistory(distances={"v1.2.3": 0}, dirty=True), "v1.2.3-dirty"),
        (",dirty=.changed", FakeHistory(distances=TAGGED, dirty=True), "v1.2.3-4-g860c190.changed"),
        (",dirty=true", FakeHistory(distances=TAGGED), "v1.2.3-4-g860c190"),
        ("", FakeHistory(distances=TAGGED, dirty=True), "v1.2.3-4-g860c190"),
    ],
)
def test_describe(attributes, history, name):
    """The description is that of git describe --tags, its commit as short as everywhere else."""
    assert _derive(f"type=describe{attributes}", history=history).names == (name,)


def test_description_of_a_pushed_tag():
    """The git tag of the event is its own description, though the checkout is shallow or the tag a simulated one."""
    history = FakeHistory(shallow=True)
    assert _derive("type=describe", "refs/tags/v3.0.0", history=history).names == ("v3.0.0",)
    assert _derive("type=describe", "refs/tags/v3.0.0").names == ("v3.0.0",)


@pytest.mark.parametrize(
    ("history", "reason"),
    [
        (None, "there is no checkout"),
        (FakeHistory(lack="git is not installed"), "git is not installed"),
        (FakeHistory(), "no git tag that fits leads to the commit"),
    ],
)
def test_description_of_nothing(history, reason):
    """Without a history or a tag in it there is no description, and the reason says which."""
    assert reason in _reason("type=describe", history=history)


@pytest.mark.parametrize(
    ("line", "column", "words"),
    [
        ("type=calver,pattern=YYYY.MINOR", 13, "MINOR is no token"),
        ("type=calver,pattern=0M.0D", 13, "needs a year"),
        ("type=calver,pattern=YYYY.MICRO.MICRO", 13, "MICRO once"),
        ("type=calver,pattern=YYYY/MM", 13, "cannot be in a calendar version"),
        ("type=calver,tz=Nope", 13, "not a time zone"),
        ("type=calver,date=now", 13, "date=now is an invalid date"),
        ("type=describe,long=yes", 15, "long=yes"),
        ("type=describe,component=a,match=b", 27, "both choose"),
        ("type=channel,component=a b", 14, "component=a b"),
        ("type=content", 1, "not built yet"),
    ],
)
def test_faults(line, column, words):
    """A wrong attribute is named with its line and column, and what to write."""
    with pytest.raises(InputError, match=words) as caught:
        _derive(f"# comment\n{line}")
    assert caught.value.problem.startswith(f"tags: line 2, column {column}: {line!r}: ")
    assert caught.value.hint


@pytest.mark.parametrize(
    ("rule", "ref", "name_class"),
    [
        ("type=calver", "refs/tags/2026.03.05", NameClass.WRITE_ONCE),
        ("type=calver", "refs/heads/main", NameClass.FLOATING),
        ("type=describe", "refs/tags/v1.2.3", NameClass.WRITE_ONCE),
        ("type=channel", "refs/tags/v1.2.3", NameClass.FLOATING),
        ("type=channel", "refs/tags/v1.2.3-rc.1", NameClass.FLOATING),
    ],
)
def test_classes(rule, ref, name_class):
    """What a git tag names stays; a channel moves, and a date that no git tag names yet."""
    assert _derive(rule, ref).decisions[0].name_class is name_class
