"""GitHub Actions, and the runners that speak its variables: `GITHUB_*` and the event's payload."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from tagboat.errors import ContextError
from tagboat.flow.context import Context, Evidence, PullRequest, SourceRepository, System

_DEPENDABOT = "dependabot[bot]"


def read(environ: Mapping[str, str], *, pr_head_sha: bool = False) -> Context:
    """Return the context of a GitHub run; with `pr_head_sha` a pull request's revision is its head, not the merge.

    Raises `ContextError` when the event file is missing or broken.
    """
    payload = _read_event(environ.get("GITHUB_EVENT_PATH", ""))
    event = environ.get("GITHUB_EVENT_NAME", "")
    ref = _ref(event, environ, payload)
    request = _pull_request(ref, environ, payload)
    revision = environ.get("GITHUB_SHA", "")
    if pr_head_sha and request and request.head_revision and "pull_request" in event:
        revision = request.head_revision
    return Context(
        system=System.of(environ),
        event=event,
        ref=ref,
        revision=revision,
        commit_time=_commit_time(payload, revision),
        base_ref=_base_ref(ref, request, payload),
        repository=_repository(environ, payload),
        pull_request=request,
        read_only_reason=_read_only_reason(environ, payload, request),
        actor=environ.get("GITHUB_ACTOR", ""),
        environment=_text(_object(payload, "deployment"), "environment"),
        run_url=_run_url(environ),
        missing="" if ref and revision else "GITHUB_REF or GITHUB_SHA is not set",
        evidence=_evidence(event, environ, payload, revision),
    )


def _read_event(path: str) -> dict[str, Any]:
    """Return the payload, empty when no file is named."""
    if not path:
        return {}
    try:
        payload = json.loads(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise _broken(path, error.strerror or "it cannot be read") from error
    except ValueError as error:
        raise _broken(path, f"it is no JSON: {error}") from error
    if not isinstance(payload, dict):
        raise _broken(path, "it holds no JSON object")
    return payload


def _broken(path: str, reason: str) -> ContextError:
    return ContextError(
        f"GITHUB_EVENT_PATH: the event file {path} is of no use: {reason}",
        "run in a GitHub job, or unset GITHUB_ACTIONS to go by the checkout",
    )


def _ref(event: str, environ: Mapping[str, str], payload: Mapping[str, Any]) -> str:
    """Return the ref; pull_request_target runs on the base branch but is about the pull request (metadata-action)."""
    ref = environ.get("GITHUB_REF", "")
    if "pull_request_target" in event:
        number = payload.get("number")
        if not isinstance(number, int):
            raise ContextError(
                "GITHUB_EVENT_PATH: the pull_request_target event has no pull request number", "check the event file"
            )
        return f"refs/pull/{number}/merge"
    tag = _text(_object(payload, "release"), "tag_name")
    return ref or (f"refs/tags/{tag}" if tag else "")


def _evidence(event: str, environ: Mapping[str, str], payload: Mapping[str, Any], revision: str) -> Evidence:
    if "pull_request_target" in event:
        ref = f"the number in GITHUB_EVENT_PATH is {payload.get('number')}"
    elif environ.get("GITHUB_REF"):
        ref = f"GITHUB_REF is {environ['GITHUB_REF']}"
    else:
        ref = f"release.tag_name in GITHUB_EVENT_PATH is {_text(_object(payload, 'release'), 'tag_name')}"
    commit = "GITHUB_SHA" if revision == environ.get("GITHUB_SHA") else "pull_request.head.sha in GITHUB_EVENT_PATH"
    environment = _text(_object(payload, "deployment"), "environment")
    return Evidence(
        event=f"GITHUB_EVENT_NAME is {event}",
        ref=ref,
        revision=f"{commit} is {revision}",
        environment=f"deployment.environment in GITHUB_EVENT_PATH is {environment}",
    )


def _pull_request(ref: str, environ: Mapping[str, str], payload: Mapping[str, Any]) -> PullRequest | None:
    told = _object(payload, "pull_request")
    number = payload.get("number") or told.get("number") or _number_of(ref)
    if not number or not (told or ref.startswith("refs/pull/")):
        return None
    head, base = _object(told, "head"), _object(told, "base")
    return PullRequest(
        number=int(number),
        head_ref=_text(head, "ref") or environ.get("GITHUB_HEAD_REF", ""),
        head_revision=_text(head, "sha"),
        base_ref=_text(base, "ref") or environ.get("GITHUB_BASE_REF", ""),
        from_fork=bool(told) and _full_name(head) != (_full_name(base) or environ.get("GITHUB_REPOSITORY", "")),
    )


def _number_of(ref: str) -> int:
    number = ref.removeprefix("refs/pull/").partition("/")[0]
    return int(number) if ref.startswith("refs/pull/") and number.isdecimal() else 0


def _full_name(side: Mapping[str, Any]) -> str:
    """Return `owner/name` of a pull request's side; empty when the fork was deleted."""
    return _text(_object(side, "repo"), "full_name")


def _base_ref(ref: str, request: PullRequest | None, payload: Mapping[str, Any]) -> str:
    if ref.startswith("refs/tags/"):
        return _text(payload, "base_ref")
    return request.base_ref if request and ref.startswith("refs/pull/") else ""


def _commit_time(payload: Mapping[str, Any], revision: str) -> datetime | None:
    """Return the time of the payload's commit with this hash, None when it holds none."""
    listed = payload.get("commits")
    commits = [*(listed if isinstance(listed, list) else ()), payload.get("head_commit")]
    for commit in commits:
        if isinstance(commit, dict) and revision and commit.get("id") == revision:
            try:
                return datetime.fromisoformat(_text(commit, "timestamp"))
            except ValueError:
                continue
    return None


def _repository(environ: Mapping[str, str], payload: Mapping[str, Any]) -> SourceRepository:
    told = _object(payload, "repository")
    name = _text(told, "full_name") or environ.get("GITHUB_REPOSITORY", "")
    is_github = System.of(environ) is System.GITHUB
    server = environ.get("GITHUB_SERVER_URL", "https://github.com" if is_github else "").rstrip("/")
    return SourceRepository(
        name=name,
        title=_text(told, "name") or name.rpartition("/")[2],
        description=_text(told, "description"),
        url=_text(told, "html_url") or (f"{server}/{name}" if server and name else ""),
        licenses=_text(_object(told, "license"), "spdx_id"),
        default_branch=_text(told, "default_branch"),
    )


def _read_only_reason(environ: Mapping[str, str], payload: Mapping[str, Any], request: PullRequest | None) -> str:
    """Say why the run must not push; what the token may do is not told, so it is not guessed."""
    if request and request.from_fork:
        fork = _full_name(_object(_object(payload, "pull_request"), "head")) or "a deleted fork"
        return f"the pull request comes from {fork}, and forks must not push"
    if environ.get("GITHUB_ACTOR") == _DEPENDABOT:
        return "Dependabot started the run, and its token is read-only"
    return ""


def _run_url(environ: Mapping[str, str]) -> str:
    parts = [environ.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID")]
    return "{}/{}/actions/runs/{}".format(*parts) if all(parts) else ""


def _object(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return the object under `key`, empty when there is none: payloads hold null for what does not apply."""
    value = document.get(key)
    return value if isinstance(value, dict) else {}


def _text(document: Mapping[str, Any], key: str) -> str:
    value = document.get(key)
    return value if isinstance(value, str) else ""
