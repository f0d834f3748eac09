"""Each recorded job gives the context that its system documents."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tagboat.ci import read_context
from tagboat.errors import ContextError, InputError
from tagboat.flow.context import Context, System

FIXTURES = Path(__file__).parents[2] / "fixtures" / "ci"
JOBS = sorted(path.stem for path in FIXTURES.glob("*.env"))
FORKS = (
    "github-fork",
    "github-pull-request",
    "github-pull-request-target",
    "github-dependabot",
    "gitlab-fork",
    "gitlab-fork-in-fork",
)
HEAD = "1" * 40

Reader = Callable[..., Context]


def variables(job: str) -> dict[str, str]:
    """Return a recorded job's variables, with the event file beside them."""
    lines = (FIXTURES / f"{job}.env").read_text().splitlines()
    environ = dict(line.split("=", 1) for line in lines)
    event = FIXTURES / f"{job}.json"
    return environ | ({"GITHUB_EVENT_PATH": str(event)} if event.exists() else {})


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    """Return a reader of recorded jobs, which run in an empty folder."""
    return lambda job, **more: read_context(variables(job), tmp_path, **more)


@pytest.mark.parametrize(
    ("job", "event", "ref", "base_ref"),
    [
        ("github-push", "push", "refs/heads/dev", ""),
        ("github-tag", "push", "refs/tags/v1.1.1", "refs/heads/master"),
        ("github-pull-request", "pull_request", "refs/pull/15/merge", "master"),
        ("github-pull-request-target", "pull_request_target", "refs/pull/15/merge", "master"),
        ("github-fork", "pull_request", "refs/pull/7/merge", "main"),
        ("github-dependabot", "pull_request", "refs/pull/7/merge", "main"),
        ("github-merge-group", "merge_group", f"refs/heads/gh-readonly-queue/main/pr-7-{HEAD}", ""),
        ("github-release", "release", "refs/tags/v1.1.1", ""),
        ("github-schedule", "schedule", "refs/heads/master", ""),
        ("github-dispatch", "workflow_dispatch", "refs/heads/main", ""),
        ("github-deployment", "deployment", "refs/heads/main", ""),
        ("gitea-push", "push", "refs/heads/main", ""),
        ("gitea-pull-request", "pull_request", "refs/pull/7/head", "main"),
        ("forgejo-tag", "push", "refs/tags/v1.2.3", ""),
        ("forgejo-schedule", "schedule", "refs/heads/main", ""),
        ("gitlab-branch", "push", "refs/heads/main", ""),
        ("gitlab-tag", "push", "refs/tags/v1.2.3", ""),
        ("gitlab-merge-request", "merge_request_event", "refs/merge-requests/7/head", "main"),
        ("gitlab-fork", "merge_request_event", "refs/merge-requests/7/head", "main"),
        ("gitlab-fork-in-fork", "merge_request_event", "refs/merge-requests/7/head", "main"),
        ("gitlab-detached", "merge_request_event", "refs/merge-requests/7/head", "main"),
        ("gitlab-merged-result", "merge_request_event", "refs/merge-requests/7/head", "main"),
        ("gitlab-merge-train", "merge_request_event", "refs/merge-requests/7/head", "main"),
        ("gitlab-child-of-merge-request", "parent_pipeline", "refs/merge-requests/7/head", "main"),
        ("gitlab-schedule", "schedule", "refs/heads/main", ""),
        ("gitlab-web", "web", "refs/heads/main", ""),
        ("gitlab-api", "api", "refs/heads/main", ""),
        ("gitlab-trigger", "trigger", "refs/heads/main", ""),
        ("gitlab-downstream", "pipeline", "refs/heads/main", ""),
        ("gitlab-child", "parent_pipeline", "refs/heads/main", ""),
    ],
)
def test_event_and_ref(read, job, event, ref, base_ref):
    """Every event keeps its system's word, and says which ref it is about."""
    context = read(job)
    assert (context.event, context.ref, context.base_ref) == (event, ref, base_ref)
    assert context.system is System(job.partition("-")[0])


@pytest.mark.parametrize("job", JOBS)
def test_revision_is_the_job_s(read, job):
    """The revision is the commit that the job runs on, unless the pull request's head is asked for."""
    environ = variables(job)
    assert read(job).revision == (environ.get("GITHUB_SHA") or environ["CI_COMMIT_SHA"])


@pytest.mark.parametrize(
    ("job", "head"),
    [
        ("github-pull-request", "3370e228f2209994d57af4427fe64e71bb79ac96"),
        ("github-pull-request-target", "3370e228f2209994d57af4427fe64e71bb79ac96"),
        ("gitlab-merge-request", HEAD),
        ("gitlab-merged-result", HEAD),
        ("gitlab-merge-train", HEAD),
        ("gitlab-detached", "2" * 40),
    ],
)
def test_head_revision_on_demand(read, job, head):
    """With `pr_head_sha` the revision of a pull request is its head, not the merge commit."""
    assert read(job, pr_head_sha=True).revision == head
    assert read("github-push", pr_head_sha=True).revision == read("github-push").revision


@pytest.mark.parametrize(
    ("job", "words"),
    [
        ("github-fork", "someone/widget"),
        ("github-pull-request", "crazy-max/test-docker-action"),
        ("github-pull-request-target", "crazy-max/test-docker-action"),
        ("github-dependabot", "Dependabot"),
        ("gitlab-fork", "someone/demo"),
        ("gitlab-fork-in-fork", "someone/demo"),
    ],
)
def test_reason_not_to_push(read, job, words):
    """Forks and Dependabot must not push, and the context says why."""
    assert words in read(job).read_only_reason


@pytest.mark.parametrize("job", [job for job in JOBS if job not in FORKS])
def test_no_reason_not_to_push(read, job):
    """Nothing stands against a push from the repository itself."""
    assert read(job).read_only_reason == ""


def test_deleted_fork(read, tmp_path):
    """A pull request whose fork was deleted still comes from a fork."""
    event = tmp_path / "event.json"
    event.write_text('{"number": 7, "pull_request": {"head": {"repo": null}, "base": {"repo": {"full_name": "a/b"}}}}')
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": str(event)}
    assert "a deleted fork" in read_context(environ, tmp_path).read_only_reason


def test_commit_time_from_the_payload(read):
    """The commit's time is that of the payload's commit with the same hash, and of no other."""
    assert read("github-push").commit_time == datetime(2022, 4, 19, 9, 27, 24, tzinfo=UTC)
    assert read("github-tag").commit_time == datetime(2022, 4, 19, 9, 39, 35, tzinfo=UTC)
    assert read("gitlab-branch").commit_time == datetime(2026, 3, 4, 4, 6, 7, tzinfo=UTC)
    assert read("github-dispatch").commit_time is None
    assert read("gitlab-merge-request", pr_head_sha=True).commit_time is None


def test_repository_from_the_payload(read):
    """The payload's repository gives title, description, address, licence and default branch."""
    repository = read("github-push").repository
    assert repository.name == "docker/test-docker-action"
    assert repository.title == "test-docker-action"
    assert repository.description == 'Test "Docker" Actions'
    assert repository.url == "https://github.com/docker/test-docker-action"
    assert (repository.licenses, repository.default_branch) == ("MIT", "master")


def test_repository_without_a_payload(read):
    """Without the payload's repository the variables give name and address, also of another server."""
    environ = variables("github-schedule") | {"GITHUB_SERVER_URL": "https://ghe.example.com"}
    repository = read_context(environ, FIXTURES).repository
    assert (repository.name, repository.url) == (
        "docker/test-docker-action",
        "https://ghe.example.com/docker/test-docker-action",
    )


def test_nulls_in_the_payload_are_nothing(read):
    """A null description and licence give empty texts."""
    repository = read("github-dispatch").repository
    assert (repository.description, repository.licenses) == ("", "")


def test_environment_and_run(read):
    """A deployment names its environment, and each job its page."""
    assert read("github-deployment").environment == "production"
    assert read("github-push").run_url == "https://github.com/docker/test-docker-action/actions/runs/42"
    assert read("gitlab-tag").run_url == "https://gitlab.example.com/acme/demo/-/jobs/9"


@pytest.mark.parametrize("content", [None, "", "{", "[]", "\xff"])
def test_broken_event_file(tmp_path, content):
    """An event file that is missing or no JSON object is an error that names the variable."""
    event = tmp_path / "event.json"
    if content is not None:
        event.write_text(content, encoding="latin-1")
    with pytest.raises(ContextError, match="GITHUB_EVENT_PATH") as caught:
        read_context({"GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": str(event)}, tmp_path)
    assert caught.value.exit_code == 3


def test_target_without_a_number(tmp_path):
    """A pull_request_target event that does not say which pull request it is about is an error."""
    with pytest.raises(ContextError, match="number"):
        read_context({"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request_target"}, tmp_path)


def test_gitlab_ci_local_is_gitlab(tmp_path):
    """gitlab-ci-local says GITLAB_CI=false, and is GitLab all the same; only its commit times are none."""
    environ = variables("gitlab-branch") | {"GITLAB_CI": "false"}
    context = read_context(environ, tmp_path)
    assert (context.system, context.commit_time) == (System.GITLAB, None)


@pytest.mark.parametrize(
    ("changed", "registry"),
    [
        ({}, "registry.gitlab.example.com"),
        ({"CI_REGISTRY": "Registry.example.com:5050"}, "registry.example.com:5050"),
        ({"CI_REGISTRY_PASSWORD": ""}, "registry.gitlab.example.com"),
        ({"CI_REGISTRY_PASSWORD": "a deploy token"}, ""),
        ({"CI_REGISTRY": ""}, ""),
        ({"CI_JOB_TOKEN": ""}, ""),
    ],
)
def test_registry_of_the_job_token(tmp_path, changed, registry):
    """GitLab's registry is the job token's, unless the project sets another password for it."""
    assert read_context(variables("gitlab-web") | changed, tmp_path).job_token_registry == registry


def test_facts_of_a_gitlab_repository(read):
    """The repository's facts are those of the project that the job runs in."""
    repository = read("gitlab-web").repository
    assert (repository.name, repository.title, repository.description) == ("acme/demo", "demo", "A demo")
    assert (repository.url, repository.default_branch) == ("https://gitlab.example.com/acme/demo", "main")


def test_gitlab_without_a_commit(tmp_path):
    """A job that names no commit says so in its context."""
    environ = variables("gitlab-web") | {"CI_COMMIT_SHA": ""}
    assert read_context(environ, tmp_path).missing == "CI_COMMIT_SHA is not set"


def test_gitlab_without_a_ref(tmp_path):
    """A GitLab job without a branch or tag is an error that names the variable."""
    with pytest.raises(ContextError, match="CI_COMMIT_REF_NAME"):
        read_context({"GITLAB_CI": "true"}, tmp_path)


@pytest.mark.parametrize(
    ("simulate", "event", "ref"),
    [
        ("push:feature/x", "push", "refs/heads/feature/x"),
        ("tag:v1.2.3", "push", "refs/tags/v1.2.3"),
        ("pull_request:7", "pull_request", "refs/pull/7/merge"),
        ("merge_request:7", "merge_request_event", "refs/merge-requests/7/head"),
        ("schedule", "schedule", "refs/heads/main"),
        ("dispatch", "workflow_dispatch", "refs/pull/7/merge"),
    ],
)
def test_simulated_event(read, simulate, event, ref):
    """A simulated event replaces the real one, keeps commit and repository, and carries no reason not to push."""
    real, acted = read("github-fork"), read("github-fork", simulate=simulate)
    assert (acted.event, acted.ref, acted.read_only_reason) == (event, ref, "")
    assert (acted.revision, acted.repository) == (real.revision, real.repository)
    assert (acted.pull_request is not None) == ("request" in simulate)


@pytest.mark.parametrize(
    "simulate",
    ["pushed", "push", "push:", "tag:", "tag:a b", "pull_request", "pull_request:x", "schedule:1", "push:-x"],
)
def test_simulation_of_no_known_form(read, simulate):
    """A simulation of another form is an input error that names the input and the forms."""
    with pytest.raises(InputError, match="event") as caught:
        read("github-push", simulate=simulate)
    assert "tag:NAME" in caught.value.hint


@pytest.mark.parametrize(
    ("job", "ref", "revision"),
    [
        ("github-push", "GITHUB_REF is refs/heads/dev", "GITHUB_SHA is "),
        ("github-pull-request-target", "the number in GITHUB_EVENT_PATH is 15", "GITHUB_SHA is "),
        ("gitlab-tag", "CI_COMMIT_TAG is v1.2.3", "CI_COMMIT_SHA is "),
        ("gitlab-branch", "CI_COMMIT_BRANCH is main", "CI_COMMIT_SHA is "),
        ("gitlab-merge-request", "CI_MERGE_REQUEST_IID is 7", "CI_COMMIT_SHA is "),
    ],
)
def test_evidence(read, job, ref, revision):
    """A context names the variables that its facts rest on, with their values."""
    context = read(job)
    assert context.evidence.ref == ref
    assert context.evidence.revision == f"{revision}{context.revision}"
    assert context.evidence.event.endswith(f" is {context.event}")


def test_evidence_of_a_simulation(read):
    """What a simulated event brings rests on the flag, the commit still on its variable."""
    evidence = read("github-push", simulate="tag:v1").evidence
    assert (evidence.event, evidence.ref) == ("--event is tag:v1", "--event is tag:v1")
    assert evidence.revision.startswith("GITHUB_SHA is ")


@pytest.mark.parametrize("event", ["deployment", "deployment_status"])
def test_github_deployment_environment(read, tmp_path, event):
    """A deployment's environment is the payload's, and is named as such."""
    environ = variables("github-deployment") | {"GITHUB_EVENT_NAME": event}
    context = read_context(environ, tmp_path)
    assert context.environment == "production"
    assert context.evidence.environment == "deployment.environment in GITHUB_EVENT_PATH is production"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"CI_ENVIRONMENT_NAME": "review/x", "CI_ENVIRONMENT_SLUG": "review-x"}, "CI_ENVIRONMENT_NAME is review/x"),
        ({"CI_ENVIRONMENT_SLUG": "review-x"}, "CI_ENVIRONMENT_SLUG is review-x"),
    ],
)
def test_gitlab_deployment_environment(tmp_path, changed, words):
    """A GitLab job's environment is its name, else its slug."""
    context = read_context(variables("gitlab-branch") | changed, tmp_path)
    assert context.evidence.environment == words
    assert context.environment == words.rpartition(" is ")[2]


@pytest.mark.parametrize(
    ("job", "server"), [("gitea-push", "https://gitea.example.com"), ("forgejo-tag", "https://codeberg.org")]
)
def test_other_forges_have_their_own_addresses(read, tmp_path, job, server):
    """What runs on Gitea or Forgejo points there, never to GitHub, also where the event file tells no address."""
    context = read(job)
    assert context.repository.url == f"{server}/acme/demo"
    assert context.run_url.startswith(f"{server}/acme/demo/actions/runs/")
    bare = {name: value for name, value in variables(job).items() if name != "GITHUB_EVENT_PATH"}
    assert read_context(bare, tmp_path).repository.url == f"{server}/acme/demo"
    del bare["GITHUB_SERVER_URL"]
    assert read_context(bare, tmp_path).repository.url == ""
