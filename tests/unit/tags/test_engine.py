"""The engine as a whole: what the recorded cases of metadata-action do not cover."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tagboat.errors import FaultsError, InputError
from tagboat.flow.context import Context, Evidence, SourceRepository, System
from tagboat.flow.request import TagRequest
from tagboat.flow.tagset import Outcome
from tagboat.tags import derive_tags

ROWS = json.loads((Path(__file__).parents[2] / "fixtures" / "tags" / "date-formats.json").read_text())
NOW = datetime(2020, 1, 10, 0, 30, tzinfo=UTC)
SHA = "860c1904a1ce19322e91ac35af1ab07466440c37"


def _derive(ref="refs/tags/v1.2.3", *, event="push", revision=SHA, now=NOW, missing="", **inputs):
    repository = SourceRepository(default_branch="main")
    context = Context(
        system=System.GITHUB,
        event=event,
        ref=ref,
        revision=revision,
        repository=repository,
        missing=missing,
        evidence=Evidence(event=f"GITHUB_EVENT_NAME is {event}", ref=f"GITHUB_REF is {ref}"),
    )
    return derive_tags(TagRequest(**inputs), context, now=now, source_date_epoch=None)


def _document(*arguments, **inputs):
    return _derive(*arguments, **inputs).to_json()


def test_timestamp():
    """type=timestamp is the time of the run by its pattern and zone, and makes no latest."""
    found = _derive(tags="type=timestamp\ntype=timestamp,pattern=%H,tz=Asia/Tokyo,prefix=h\ntype=raw,value=x")
    assert found.names == ("20200110-003000", "h09", "x")


def test_full_references_stand_alone():
    """A full reference is pushed as it is: no image is joined with it, no affix changes it."""
    found = _document(tags="1\nghcr.io/Me/app:2", images="user/app\nuser/b", flavor="prefix=p-")
    assert found["tags"] == ["user/app:p-1", "user/b:p-1", "ghcr.io/me/app:2"]
    assert found["tag-names"] == ["p-1", "2"]


def test_full_reference_that_an_image_gives_already():
    """A full reference that equals an image's tag is a duplicate."""
    found = _derive(tags="1\nuser/app:1\nuser/app:2\nuser/app:2", images="user/app")
    assert [reference.familiar for reference in found.references] == ["user/app:1", "user/app:2"]
    outcomes = [decision.outcome for decision in found.decisions]
    assert outcomes == [Outcome.MADE, Outcome.DUPLICATE, Outcome.MADE, Outcome.DUPLICATE, Outcome.SKIPPED]


def test_names_beside_references_without_an_image():
    """A bare name next to full references has no image to go to, and that is said."""
    found = _derive(tags="1\nuser/app:2")
    assert [reference.familiar for reference in found.references] == ["user/app:2"]
    assert any("no image is given" in warning for warning in found.warnings)


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("type=schedule", "GITHUB_EVENT_NAME is push, which is no schedule"),
        ("type=ref,event=tag", "GITHUB_REF is refs/heads/dev, which is no tag"),
        ("type=ref,event=pr", "GITHUB_REF is refs/heads/dev, which is no pull request"),
        ("type=semver,pattern={{version}}", "GITHUB_REF is refs/heads/dev, which is no tag"),
        ("type=semver,pattern={{version}},value=x", "value= is x, and 'x' is not a semantic version"),
        ("type=pep440,pattern={{version}},value=x", "value= is x, and 'x' is not a PEP 440 version"),
        ("type=channel,value=x", "value= is x, and 'x' is not a PEP 440 version"),
        ("type=semver,pattern={{version}},value=v1.2.3,match=^lib", "value= is v1.2.3, which match= does not match"),
        ("type=match,pattern=b,value=a", "value= is a, which the pattern does not match"),
        ("type=match,pattern=a,group=3,value=a", "value= is a, which the pattern matches without a group 3"),
        ("type=edge", "GITHUB_REF is refs/heads/dev, not the default branch main"),
        ("type=edge,branch=next", "GITHUB_REF is refs/heads/dev, not the branch next"),
        ("type=calver", "the date of the commit is not known; date=run takes that of the run instead"),
        ("type=describe", "there is no checkout to ask"),
        (
            "type=environment",
            "the input environment is empty, and the event names no deployment environment: GITHUB_EVENT_NAME is push",
        ),
        ("type=raw,value={{tag}}", "the value is empty"),
        ("type=raw,value=!!", "'!!' has no character that a tag may have"),
        ("type=raw,value=x,enable={{is_default_branch}}", "enable= is false: GITHUB_REF is refs/heads/dev"),
        ("type=raw,value=x,enable=false", "enable= is false"),
    ],
)
def test_reasons_of_skipped_rules(rule, reason):
    """Each rule that gives no tag says why, and names the variable and the value that decided."""
    decision = _derive("refs/heads/dev", tags=rule).decisions[0]
    assert (decision.rule, decision.tag, decision.outcome, decision.reason) == (rule, "", Outcome.SKIPPED, reason)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("x", "it is written so"),
        ("{{branch}}", "it is written so: GITHUB_REF is refs/heads/dev"),
        ("{{sha}}", f"it is written so: the commit is {SHA}"),
        ("{{branch}}-{{sha}}", f"it is written so: GITHUB_REF is refs/heads/dev and the commit is {SHA}"),
        ("{{date 'YYYY'}}", "it is written so"),
    ],
)
def test_reasons_of_texts(value, reason):
    """A text with expressions names the variables that these rest on."""
    assert _derive("refs/heads/dev", tags=f"type=raw,value={value}").decisions[0].reason == reason


@pytest.mark.parametrize(
    ("flavor", "tags", "outcome", "reason"),
    [
        ("", "type=semver,pattern={{version}}", Outcome.MADE, "the first tag is a final one"),
        ("", "type=sha", Outcome.SKIPPED, "type=sha makes no latest"),
        ("", "type=semver,pattern={{version}},value=v2.0.0-rc.1", Outcome.SKIPPED, "v2.0.0-rc.1 is a prerelease"),
        ("", "type=pep440,pattern={{version}},value=2.post1", Outcome.SKIPPED, "2.post1 is a post-release"),
        ("", "type=ref,event=pr", Outcome.SKIPPED, "no tag was made"),
        ("latest=false", "type=ref,event=tag", Outcome.SKIPPED, "the flavor says so"),
        ("latest=true", "x", Outcome.MADE, "the flavor says so"),
        ("latest=true", "latest", Outcome.DUPLICATE, "an earlier rule made the same tag"),
    ],
)
def test_decision_about_latest(flavor, tags, outcome, reason):
    """The tag latest is decided last, with a reason."""
    decision = _derive(flavor=flavor, tags=tags).decisions[-1]
    assert decision.rule == f"flavor {flavor or 'latest=auto'}"
    assert (decision.outcome, reason in decision.reason) == (outcome, True)


def test_latest_with_unevaluated_affix_is_legal():
    """The affix of latest is taken as written and made legal."""
    found = _derive("refs/tags/v1.2.3", tags="type=ref,event=tag", flavor="prefix={{branch}}-,onlatest=true")
    assert found.names == ("v1.2.3", "branch--latest")


def test_faults_of_all_inputs_are_raised_together():
    """Each wrong line of each input is named, before any work."""
    with pytest.raises(FaultsError) as error:
        _derive(
            images="a b",
            tags="type=semver\ntype=nope",
            flavor="latest=maybe",
            labels="a={{b c}}",
            annotations="a={{b c}}",
            short_sha_length="x",
            annotation_levels="y",
        )
    names = [fault.problem.partition(":")[0] for fault in error.value.faults]
    assert sorted(names) == [
        "DOCKER_METADATA_ANNOTATIONS_LEVELS",
        "DOCKER_METADATA_SHORT_SHA_LENGTH",
        *("annotations", "flavor", "images", "labels", "tags", "tags"),
    ]
    assert error.value.exit_code == 2


def test_wrong_enable():
    """enable= must come out as true or false, and all that do not are named."""
    with pytest.raises(FaultsError, match="enable=yes is neither") as error:
        _derive(tags="x,enable=yes\ny,enable=TRUE\nz,enable={{is_default_branch}}")
    assert len(error.value.faults) == 2
    with pytest.raises(InputError, match="enable= is neither"):
        _derive(tags="x,enable=")


def test_nothing_known():
    """Without ref and commit the set is empty, each rule says why, and the warning says what is missing."""
    found = _derive("", event="", revision="", missing="this folder is no repository")
    assert (found.version, found.names, found.references) == ("", (), ())
    assert found.labels == {}
    assert all(decision.reason for decision in found.decisions)
    assert ["no tag was made" in warning and "no repository" in warning for warning in found.warnings] == [True]


def test_unknown_names_are_told():
    """An expression that gives nothing is a warning with the nearest name."""
    (warning,) = _derive(tags="x{{Branch}}").warnings
    assert "did you mean {{branch}}?" in warning


def test_commit_date_from_the_clock_is_told():
    """Where the commit's date is not known, commit_date is the time of the run, and that is said."""
    found = _derive(tags="type=raw,value=c{{commit_date 'YYYY'}}")
    assert found.names == ("c2020",)
    assert any("commit_date is the time of this run" in warning for warning in found.warnings)
    assert "org.opencontainers.image.created" not in found.labels


def test_gitlab_merge_request():
    """The ref of a merge request is a pull request."""
    assert _derive("refs/merge-requests/7/head", tags="type=ref,event=pr").names == ("pr-7",)


def test_version_patterns():
    """A version's pattern knows all its parts, and blocks see 0 as nothing."""
    tags = "type=semver,pattern={{#if major}}v{{major}}{{/if}}m{{minor}}-{{build}},value=v0.2.0+b.1"
    assert _derive(tags=tags).names == ("m2-b-1", "latest")


def test_labels_and_annotations_follow_the_tags():
    """The version label is the first tag; annotations carry the same keys at their level."""
    found = _document(tags="a\nb", labels="x={{tag}}", annotations="y={{sha}}")
    assert found["labels"]["org.opencontainers.image.version"] == "a"
    assert found["labels"]["x"] == "v1.2.3"
    assert found["annotations"]["manifest:org.opencontainers.image.version"] == "a"
    assert found["annotations"]["manifest:y"] == SHA[:7]


def test_dates_in_labels():
    """Every recorded date format passes through a label unchanged."""
    rows = [row for row in ROWS if row["now"] == ROWS[0]["now"]]
    lines = "\n".join(f"k{i}={{{{date '{row['format']}' tz='{row['tz']}'}}}}" for i, row in enumerate(rows))
    found = _derive(tags="x", labels=lines, now=datetime.fromisoformat(ROWS[0]["now"]))
    assert [found.labels[f"k{i}"] for i in range(len(rows))] == [row["out"] for row in rows]
