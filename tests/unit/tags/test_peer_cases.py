"""Every recorded case of metadata-action, and the results that we chose to differ in, through the engine."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tagboat.errors import TagboatError
from tagboat.flow.context import Context, PullRequest, SourceRepository, System
from tagboat.flow.request import TagRequest
from tagboat.flow.tagset import Outcome, TagSet
from tagboat.tags import derive_tags

DATA = Path(__file__).parents[2] / "fixtures" / "tags"
LONGEST_TAG = 128
CASES = [
    case
    for case in json.loads((DATA / "cases.json").read_text())
    # metadata-action makes longer tags than registries take: those cases hold without a judgement of the tag
    if case["compare"] and all(len(name) <= LONGEST_TAG for name in case["expected"].get("tag-names", []))
]
PREFIX = "org.opencontainers.image."
REPOSITORY_KEYS = [PREFIX + key for key in ("title", "description", "url", "source", "licenses")]
COMPUTED_KEYS = {PREFIX + key for key in ("version", "revision", "created")} | set(REPOSITORY_KEYS)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_case(case):
    """The tag set of a recorded case is the recorded one, or its inputs are refused where the record allows it."""
    expected, found = case["expected"], _result_of(case)
    if isinstance(found, TagboatError):
        assert found.exit_code in {expected["exit"], *case.get("or-exit", [])}, str(found)
        assert all(_says(str(found), word) for word in expected.get("stderr", []))
        return
    assert expected["exit"] == 0
    for part in case["compare"]:
        _compare(part, found, case)
    assert not set(expected.get("absent", [])) & {*found.labels, *(a.key for a in found.annotations)}


def _result_of(case: dict[str, Any]) -> TagSet | TagboatError:
    event = case["event"]
    now, epoch = _moment(event["now"]), event["source-date-epoch"]
    try:
        return derive_tags(_request_of(case), _context_of(case), now=now, source_date_epoch=epoch)
    except TagboatError as error:
        return error


def _says(text: str, word: str) -> bool:
    return re.search(rf"(?<![a-z]){word}s?(?![a-z])", text, re.IGNORECASE) is not None


def _compare(part: str, found: TagSet, case: dict[str, Any]) -> None:
    expected, document = case["expected"], found.to_json()
    match part:
        case "version":
            assert document["version"] == (expected["version"] or "")
        case "tags" | "tag-names":
            assert document[part] == expected[part]
        case "tags-match":
            assert len(document["tags"]) == len(set(document["tags"])) == len(expected[part])
            assert all(re.fullmatch(p, tag) for p, tag in zip(expected[part], document["tags"], strict=True))
        case "warning":
            assert any(re.search(r"\btags?\b", warning) for warning in found.warnings)
        case "decisions" | "decisions:skipped":
            _compare_decisions(found, skipped=part != "decisions")
        case "labels:order":
            assert sorted(document["labels"]) == list(document["labels"])
        case "annotations:custom":
            own = {annotation.key: annotation.value for annotation in found.annotations}
            assert {key: own.get(key, "") for key in expected["annotations"]} == expected["annotations"]
        case _:
            for key in _label_keys(part, case):
                _compare_label(key, found.labels.get(key, ""), expected["labels"][key])


def _compare_decisions(found: TagSet, *, skipped: bool) -> None:
    made = {decision.tag for decision in found.decisions if decision.outcome is Outcome.MADE}
    assert made == set(found.names)
    assert all(decision.reason and decision.rule for decision in found.decisions)
    assert not skipped or any(decision.outcome is Outcome.SKIPPED for decision in found.decisions)


def _label_keys(part: str, case: dict[str, Any]) -> list[str]:
    match part.removeprefix("labels:"):
        case "version" | "revision" | "created" as name:
            return [PREFIX + name]
        case "repo":
            return REPOSITORY_KEYS
        case "custom":
            given = case["inputs"].get("labels", "")
            return [key for key in case["expected"]["labels"] if key not in COMPUTED_KEYS or key in given]
        case other:
            return [other.removeprefix("=")]


def _compare_label(key: str, found: str, expected: str) -> None:
    if key == PREFIX + "created" and expected:
        assert _moment(found).replace(microsecond=0) == _moment(expected).replace(microsecond=0)
    else:
        assert found == expected


def _request_of(case: dict[str, Any]) -> TagRequest:
    env = case["event"]["env"]
    return TagRequest(
        **case["inputs"],
        pr_head_sha="true" in env.get("DOCKER_METADATA_PR_HEAD_SHA", "").lower(),
        short_sha_length=env.get("DOCKER_METADATA_SHORT_SHA_LENGTH", ""),
        annotation_levels=env.get("DOCKER_METADATA_ANNOTATIONS_LEVELS", ""),
    )


def _context_of(case: dict[str, Any]) -> Context:
    event = case["event"]
    if event["git"]:
        return _checkout_of(event["git"], case["expected"]["labels"][PREFIX + "revision"])
    payload = (
        json.loads((DATA / event["payload-file"]).read_text()) if event["payload-file"] else event["payload"] or {}
    )
    pull = payload.get("pull_request") or {}
    number = payload.get("number") or pull.get("number") or 0
    commits = [*payload.get("commits", []), payload.get("head_commit") or {}]
    dates = [
        commit["timestamp"] for commit in commits if commit.get("id") == event["sha"] != "" and "timestamp" in commit
    ]
    return Context(
        system=System.GITHUB,
        event=event["name"],
        ref=f"refs/pull/{number}/merge" if event["name"] == "pull_request_target" else event["ref"],
        revision=event["sha"],
        commit_time=_moment(dates[0]) if dates else None,
        base_ref=payload.get("base_ref") or pull.get("base", {}).get("ref") or "",
        repository=_repository_of(event, payload.get("repository") or {}),
        pull_request=PullRequest(number=number, head_revision=pull.get("head", {}).get("sha", "")) if pull else None,
    )


def _repository_of(event: dict[str, Any], payload: dict[str, Any]) -> SourceRepository:
    name = event["repository"]
    server = event["env"].get("GITHUB_SERVER_URL", "https://github.com")
    return SourceRepository(
        name=name,
        title=payload.get("name") or name.rpartition("/")[2],
        description=payload.get("description") or "",
        url=payload.get("html_url") or f"{server}/{name}",
        licenses=(payload.get("license") or {}).get("spdx_id") or "",
        default_branch=payload.get("default_branch") or "",
    )


def _checkout_of(git: dict[str, Any], revision: str) -> Context:
    ref = f"refs/tags/{git['tags'][0]}" if git.get("detach") else f"refs/heads/{git['branch']}"
    return Context(system=System.LOCAL, ref=ref, revision=revision, commit_time=_moment(git["date"]))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
