"""GitLab CI: its predefined `CI_*` variables."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from tagboat.errors import ContextError
from tagboat.flow.context import Context, Evidence, PullRequest, SourceRepository, System


def read(environ: Mapping[str, str], *, pr_head_sha: bool = False) -> Context:
    """Return the context of a GitLab job; with `pr_head_sha` a merge request's revision is its source branch's head.

    Raises `ContextError` when the variables name neither a tag, a branch nor a merge request.
    """
    request = _merge_request(environ)
    revision = environ.get("CI_COMMIT_SHA", "")
    if pr_head_sha and request and request.head_revision:
        revision = request.head_revision
    return Context(
        system=System.GITLAB,
        event=environ.get("CI_PIPELINE_SOURCE", ""),
        ref=_ref(environ),
        revision=revision,
        commit_time=_commit_time(environ, revision),
        base_ref=request.base_ref if request else "",
        repository=_repository(environ),
        pull_request=request,
        read_only_reason=_read_only_reason(environ, request),
        actor=environ.get("GITLAB_USER_LOGIN", ""),
        environment=environ.get(_environment_variable(environ), ""),
        run_url=environ.get("CI_JOB_URL") or environ.get("CI_PIPELINE_URL", ""),
        job_token_registry=_job_token_registry(environ),
        missing="" if revision else "CI_COMMIT_SHA is not set",
        evidence=_evidence(environ, revision),
    )


def _environment_variable(environ: Mapping[str, str]) -> str:
    return "CI_ENVIRONMENT_NAME" if environ.get("CI_ENVIRONMENT_NAME") else "CI_ENVIRONMENT_SLUG"


def _evidence(environ: Mapping[str, str], revision: str) -> Evidence:
    refs = ("CI_MERGE_REQUEST_IID", "CI_COMMIT_TAG", "CI_COMMIT_BRANCH", "CI_COMMIT_REF_NAME")
    ref = next((name for name in refs if environ.get(name)), "")
    commit = "CI_COMMIT_SHA" if revision == environ.get("CI_COMMIT_SHA") else "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"
    environment = _environment_variable(environ)
    return Evidence(
        event=f"CI_PIPELINE_SOURCE is {environ.get('CI_PIPELINE_SOURCE', '')}",
        ref=f"{ref} is {environ.get(ref, '')}",
        revision=f"{commit} is {revision}",
        environment=f"{environment} is {environ.get(environment, '')}",
    )


def _ref(environ: Mapping[str, str]) -> str:
    number = environ.get("CI_MERGE_REQUEST_IID", "")
    if number:
        return environ.get("CI_MERGE_REQUEST_REF_PATH") or f"refs/merge-requests/{number}/head"
    if environ.get("CI_COMMIT_TAG"):
        return f"refs/tags/{environ['CI_COMMIT_TAG']}"
    branch = environ.get("CI_COMMIT_BRANCH") or environ.get("CI_COMMIT_REF_NAME", "")
    if not branch:
        raise ContextError("CI_COMMIT_REF_NAME is not set: there is no branch or tag", "run in a GitLab CI job")
    return f"refs/heads/{branch}"


def _merge_request(environ: Mapping[str, str]) -> PullRequest | None:
    """Return the merge request; a child pipeline, whose event is parent_pipeline, is about its parent's.

    CI_MERGE_REQUEST_SOURCE_BRANCH_SHA is set only where the job runs on a merge of both branches (merged results, merge
    train): elsewhere the job's own commit is the source branch's head.
    """
    number = environ.get("CI_MERGE_REQUEST_IID", "")
    if not number.isdecimal():
        return None
    source, target = (environ.get(f"CI_MERGE_REQUEST_{side}", "") for side in ("SOURCE_PROJECT_PATH", "PROJECT_PATH"))
    return PullRequest(
        number=int(number),
        head_ref=environ.get("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", ""),
        head_revision=environ.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or environ.get("CI_COMMIT_SHA", ""),
        base_ref=environ.get("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", ""),
        from_fork=bool(source and target) and source != target,
    )


def _read_only_reason(environ: Mapping[str, str], request: PullRequest | None) -> str:
    """Say why the run must not push; a fork's own pipelines run in the fork, and name its project all the same."""
    if request and request.from_fork:
        fork = environ["CI_MERGE_REQUEST_SOURCE_PROJECT_PATH"]
        return f"the merge request comes from {fork}, and forks must not push"
    return ""


def _job_token_registry(environ: Mapping[str, str]) -> str:
    """Return the host of GitLab's registry unless somebody set another password for it than the job's token."""
    token, password = environ.get("CI_JOB_TOKEN", ""), environ.get("CI_REGISTRY_PASSWORD", "")
    return environ.get("CI_REGISTRY", "").lower() if token and password in {"", token} else ""


def _commit_time(environ: Mapping[str, str], revision: str) -> datetime | None:
    """Return the time of the job's commit, None where another is asked for.

    gitlab-ci-local, which says GITLAB_CI=false, gives the present for it: there git is to tell, as everywhere else.
    """
    if revision != environ.get("CI_COMMIT_SHA") or environ.get("GITLAB_CI") == "false":
        return None
    try:
        return datetime.fromisoformat(environ.get("CI_COMMIT_TIMESTAMP", ""))
    except ValueError:
        return None


def _repository(environ: Mapping[str, str]) -> SourceRepository:
    return SourceRepository(
        name=environ.get("CI_PROJECT_PATH", ""),
        title=environ.get("CI_PROJECT_NAME", ""),
        description=environ.get("CI_PROJECT_DESCRIPTION", ""),
        url=environ.get("CI_PROJECT_URL", ""),
        default_branch=environ.get("CI_DEFAULT_BRANCH", ""),
    )
