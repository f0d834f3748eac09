"""What the CI system or the checkout says about this run: the event, the ref, the commit, the repository."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Self


class System(StrEnum):
    """Where a run takes place."""

    GITHUB = "github"
    GITEA = "gitea"
    FORGEJO = "forgejo"
    GITLAB = "gitlab"
    LOCAL = "local"

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> Self:
        """Return the system that these variables belong to.

        Gitea and Forgejo set GitHub's variables and one of their own, Forgejo both. gitlab-ci-local says
        GITLAB_CI=false, so the project counts too.
        """
        if environ.get("GITHUB_ACTIONS") == "true":
            own = {"FORGEJO_ACTIONS": "forgejo", "GITEA_ACTIONS": "gitea"}
            return cls(next((name for variable, name in own.items() if environ.get(variable)), "github"))
        if environ.get("GITLAB_CI") == "true" or (environ.get("CI_SERVER_URL") and environ.get("CI_PROJECT_PATH")):
            return cls("gitlab")
        return cls("local")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRepository:
    """The repository of the sources, as far as the event tells; empty text where it does not."""

    name: str = ""  # owner/name
    title: str = ""
    description: str = ""
    url: str = ""
    licenses: str = ""  # SPDX identifier
    default_branch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PullRequest:
    """The pull or merge request that an event is about."""

    number: int
    head_ref: str = ""
    head_revision: str = ""
    base_ref: str = ""
    from_fork: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What the facts of a context rest on: of each a clause that names the variable and its value, for messages.

    `GITHUB_REF is refs/heads/main`; empty where the fact is, or nobody tells.
    """

    event: str = ""
    ref: str = ""
    revision: str = ""
    environment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The CI context of one run.

    `event` is the system's own word (`push`, `pull_request`, `schedule`, `workflow_dispatch`, …; empty outside CI).
    `ref` is a full ref (`refs/heads/main`, `refs/tags/v1`, `refs/pull/7/merge`), empty when there is none; `revision`
    a full commit hash or empty. `commit_time` is the committer date of `revision` where it is known. `base_ref` is
    the full or short ref that a tag push or pull request is based on. `read_only_reason` says why this run must not
    push (a fork, Dependabot, a read-only token); empty when nothing stands against it. `dirty` and `shallow` speak of
    the checkout, None when there is none or nobody looked. `environment` is the deployment environment of the event.
    `job_token_registry` is the host of the CI system's own registry when the job's token is all that logs in there: it
    may write to the path of `repository` and below, nowhere else. Empty elsewhere. `missing` says in one sentence why
    facts are absent (no repository here, …), for messages; `evidence` what those that are there rest on.
    """

    system: System
    event: str = ""
    ref: str = ""
    revision: str = ""
    commit_time: datetime | None = None
    base_ref: str = ""
    repository: SourceRepository = field(default_factory=SourceRepository)
    pull_request: PullRequest | None = None
    read_only_reason: str = ""
    actor: str = ""
    environment: str = ""
    run_url: str = ""
    job_token_registry: str = ""
    dirty: bool | None = None
    shallow: bool | None = None
    missing: str = ""
    evidence: Evidence = field(default_factory=Evidence)

    @property
    def branch(self) -> str:
        """The branch name when `ref` is a branch, else empty."""
        return self.ref.removeprefix("refs/heads/") if self.ref.startswith("refs/heads/") else ""

    @property
    def tag(self) -> str:
        """The git tag's name when `ref` is a tag, else empty."""
        return self.ref.removeprefix("refs/tags/") if self.ref.startswith("refs/tags/") else ""
