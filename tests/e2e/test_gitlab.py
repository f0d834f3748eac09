"""The GitLab component in pipelines of other repositories, run by gitlab-ci-local against a registry with TLS."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
import sysconfig
import threading
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from textwrap import indent

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "gitlab-ci.yml"
TEMPLATE = ROOT / "templates" / "tagboat.yml"
# Made by setup_gitlab.sh.
RUNNER = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tagboat-tests" / "gitlab"
FILES = {"Dockerfile": "FROM scratch\nCOPY hello /\n", "hello": "hello\n"}
PIPELINE = """
stages: [build, after]
include:
  - INCLUDE
    inputs:
      images: IMAGE
      platforms: linux/amd64,linux/arm64
      tags: |
        type=semver,pattern={{version}}
        type=match,pattern=v(\\d+),group=1
        type=ref,event=branch
        type=ref,event=pr
      rules:
        - when: on_success
      registry: HOST
      username: me
      password: $PASSWORD
      ca-file: AUTHORITY
      tool: WHEEL
after:
  stage: after
  script:
    - 'echo "digest: $TAGBOAT_DIGEST"'
    - 'echo "tags: $TAGBOAT_TAG_NAMES"'
    - 'echo "version: $TAGBOAT_VERSION"'
    - 'echo "reference: $TAGBOAT_REFERENCE"'
"""
MERGE_REQUEST = {
    "CI_PIPELINE_SOURCE": "merge_request_event",
    "CI_MERGE_REQUEST_IID": "7",
    "CI_MERGE_REQUEST_PROJECT_PATH": "acme/app",
    "CI_MERGE_REQUEST_SOURCE_PROJECT_PATH": "someone/app",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """What gitlab-ci-local printed."""

    text: str

    @property
    def said(self) -> list[str]:
        """The lines that the jobs printed, without gitlab-ci-local's own words."""
        return re.findall(r"^\S+ +> (.*)$", self.text, re.MULTILINE)

    def after(self, word: str) -> str:
        """Return what follows a word at the beginning of a job's line."""
        return next(line.removeprefix(f"{word}: ") for line in self.said if line.startswith(f"{word}: "))


def report(repository: Path, name: str) -> object:
    """Return a report that the job left in its folder."""
    return json.loads((repository / ".gitlab-ci-local" / "builds" / "tagboat" / name).read_text())


@pytest.fixture(scope="module")
def wheel(program, tmp_path_factory) -> Path:
    """Return the wheel that a release would have."""
    folder = tmp_path_factory.mktemp("wheel")
    program("uv")("build", "--quiet", "--system-certs", "--wheel", "--out-dir", folder, ROOT)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def remote(tmp_path_factory):
    """Serve the template alone, as a web server has it; return its address."""
    folder = tmp_path_factory.mktemp("remote")
    shutil.copy(TEMPLATE, folder)

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_words: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://127.0.0.1:{server.server_port}/tagboat.yml"
        server.shutdown()


@pytest.fixture
def published(commit, git, write, tmp_path) -> Path:
    """Return a home whose git finds the component's project, with its release 1, where gitlab.com would have it."""
    home, group = tmp_path / "home", tmp_path / "gitlab.com" / "tagboat"
    project = group / "tagboat.git"
    project.mkdir(parents=True)
    commit(project, {"templates/tagboat.yml": TEMPLATE.read_text()})
    git(project, "tag", "1")
    elsewhere = [
        f"insteadOf = {address}" for address in ("git@gitlab.com:tagboat/", "ssh://git@gitlab.com:22/tagboat/")
    ]
    lines = ["[user]", "name = Ann", "email = ann@example.org", f'[url "file://{group}/"]', *elsewhere]
    return write(home, {".gitconfig": "\n".join([*lines, ""])})


@pytest.fixture
def pipeline(program, published):
    """Run a repository's pipeline with these variables; the exit code must be `code`.

    The job makes its environment as everywhere; only the libraries that the tool needs are those of the tests.
    """
    program("rsync")
    if not (RUNNER / "complete").exists():
        pytest.skip(f"there is no gitlab-ci-local; install it with tests/e2e/setup_gitlab.sh {RUNNER}")
    path = os.pathsep.join([str(RUNNER), str(Path(sys.executable).parent), os.environ["PATH"]])
    env = {"PATH": path, "HOME": str(published), "PIP_NO_DEPS": "1", "PIP_NO_INDEX": "1"}
    env["PYTHONPATH"] = sysconfig.get_path("purelib")
    options = ["--force-shell-executor", "--shell-isolation", "--no-artifacts-to-source", "--no-color"]

    def run_pipeline(repository: Path, *words: str, code: int = 0, **variables: str) -> Log:
        given = {"PASSWORD": "right", **variables}
        pairs = [word for name, value in given.items() for word in ("--variable", f"{name}={value}")]
        both = ["-c", 'exec gitlab-ci-local "$@" 2>&1', "sh"]  # what jobs write to stderr is on its stderr
        return Log(text=program("sh")(*both, *options, *pairs, *words, cwd=repository, env=env, code=code))

    return run_pipeline


@pytest.fixture
def image(tls_registry, tmp_path) -> str:
    """Return an image name that nobody else pushes to."""
    return f"{tls_registry.host}/{tmp_path.name.replace('_', '-')}/app"


@pytest.fixture
def make(commit, git, tls_registry, image, wheel, tmp_path):
    """Make a repository that includes the component, and has nothing of ours but what `files` gives."""

    def make_repository(include: str, files: dict[str, str] | None = None, text: str = PIPELINE) -> Path:
        words = {
            "INCLUDE": include,
            "IMAGE": image,
            "HOST": tls_registry.host,
            "AUTHORITY": str(tls_registry.ca_file),
            "WHEEL": str(wheel),
        }
        pipeline = re.sub(r"\b(INCLUDE|IMAGE|HOST|AUTHORITY|WHEEL)\b", lambda word: words[word[0]], text)
        folder = tmp_path / "app"
        folder.mkdir()
        commit(folder, {**FILES, **(files or {}), ".gitlab-ci.yml": pipeline})
        git(folder, "remote", "set-url", "origin", "git@gitlab.com:acme/app.git")
        return folder

    return make_repository


@pytest.fixture
def repository(make) -> Path:
    """Return a repository that includes the component by its release."""
    return make("component: gitlab.com/tagboat/tagboat/tagboat@1")


@pytest.mark.parametrize("form", ["component", "local", "remote"])
def test_a_push_is_pushed_and_later_jobs_know_its_digest(form, make, pipeline, remote, image, tags_of, skopeo):
    """However the component is included, a branch's image gets its tag, and the next job has the registry's digest."""
    forms = {
        "component": ("component: gitlab.com/tagboat/tagboat/tagboat@1", {}),
        "local": ("local: ci/tagboat.yml", {"ci/tagboat.yml": TEMPLATE.read_text()}),
        "remote": (f"remote: {remote}", {}),
    }
    repository = make(*forms[form])
    log = pipeline(repository)
    digest = log.after("digest")

    assert tags_of(image) == {"main": digest}
    assert (log.after("tags"), log.after("version")) == ("main", "main")
    assert log.after("reference") == f"{image}:main@{digest}"
    inspected = skopeo("inspect", "--raw", "--tls-verify=false", "--creds=me:right", f"docker://{image}:main")
    assert f"sha256:{hashlib.sha256(inspected.encode()).hexdigest()}" == digest
    links = [entry["external_link"]["label"] for entry in report(repository, "tagboat-annotations.json")["Tagboat"]]
    assert f"{image}:main@{digest}" in links
    assert report(repository, "tagboat-codequality.json") == []


def test_a_tag_is_pushed_under_its_versions(repository, pipeline, image, tags_of):
    """On a version tag the image gets its version, what a regular expression finds, and latest; one digest for all."""
    tag = {"CI_COMMIT_TAG": "v1.2.3", "CI_COMMIT_REF_NAME": "v1.2.3", "CI_COMMIT_REF_SLUG": "v1-2-3"}
    log = pipeline(repository, "--unset-variable", "CI_COMMIT_BRANCH", **tag)

    assert tags_of(image) == dict.fromkeys(["1", "1.2.3", "latest"], log.after("digest"))


def test_a_forks_merge_request_builds_and_pushes_nothing(repository, pipeline, image, tags_of):
    """A merge request from a fork builds, says why nothing is pushed, and succeeds with its digest."""
    log = pipeline(repository, **MERGE_REQUEST)

    assert "not pushed: the merge request comes from someone/app, and forks must not push" in log.said
    assert log.after("digest").startswith("sha256:")
    assert log.after("tags") == "pr-7"
    assert tags_of(image) == {}


def test_both_doors_give_one_digest(repository, pipeline, program, private_environment, git, tmp_path):
    """One commit of one project is one image, whichever CI system builds it."""
    given = {"PLATFORMS": "linux/amd64,linux/arm64", "TAGS": "type=ref,event=branch", "IMAGES": "q.io/app"}
    inputs = {f"INPUT_{name}": value for name, value in {**given, "PUSH": "false"}.items()}
    github = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_SHA": git(repository, "rev-parse", "HEAD"),
        "GITHUB_REPOSITORY": "acme/app",
        "GITHUB_SERVER_URL": "https://gitlab.com",  # the image's labels name its project
        "GITHUB_OUTPUT": str(tmp_path / "output"),
    }
    usual = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_CACHE_HOME": str(private_environment)}
    program(sys.executable)(ROOT / "entrypoint.py", cwd=repository, env={**usual, **github, **inputs})
    digest = pipeline(repository, **inputs).after("digest")

    assert f"\n{digest}\n" in (tmp_path / "output").read_text()


@pytest.mark.parametrize(
    ("files", "variables", "message"),
    [
        ({"Dockerfile": "FROM scratch\nCOPY a /\n"}, {}, "error: COPY a: not found in the build context"),
        ({}, {"PASSWORD": "wrong"}, "401"),
        ({}, {"INPUT_PLATFORMS": "linux"}, "error: platforms: 'linux' is not a platform (from INPUT_PLATFORMS)"),
    ],
    ids=["missing source", "wrong password", "wrong input"],
)
def test_what_is_wrong_fails_the_job(files, variables, message, make, pipeline, image, tags_of):
    """A failing job says what is wrong, pushes nothing, and no later job runs."""
    repository = make("component: gitlab.com/tagboat/tagboat/tagboat@1", files)
    log = pipeline(repository, code=1, **variables)

    assert message in log.text
    assert "digest:" not in log.text
    assert tags_of(image) == {}
    if files:
        (finding,) = report(repository, "tagboat-codequality.json")
        assert finding["location"] == {"path": "Dockerfile", "lines": {"begin": 2, "end": 2}}


def test_another_projects_registry_is_refused_before_the_build(repository, pipeline):
    """The job's token can push to the job's own project alone, which is said before anything is built."""
    token = {
        "CI_REGISTRY": "registry.example.com",
        "CI_JOB_TOKEN": "made-up",
        "INPUT_IMAGES": "registry.example.com/a/b",
    }
    log = pipeline(repository, code=1, **token)

    assert "this job's token may push to registry.example.com/acme/app alone" in log.text
    assert "Build" not in log.text


def test_gitlab_itself_refuses_a_value_of_the_wrong_form(make, pipeline):
    """An input with a choice is checked before any job is made."""
    repository = make(
        "local: ci/tagboat.yml",
        {"ci/tagboat.yml": TEMPLATE.read_text()},
        PIPELINE.replace("tool:", "timestamps: now\n      tool:"),
    )
    log = pipeline(repository, code=1)

    assert "`timestamps` input: `now` cannot be used because it is not in the list of allowed options" in log.text


def test_the_example_runs_as_it_stands(make, pipeline, tls_registry, image, tags_of, wheel):
    """The example of the documentation pushes, with nothing changed but the registry."""
    login = f"registry: {tls_registry.host}\nusername: me\npassword: $PASSWORD\nca-file: {tls_registry.ca_file}\n"
    text = EXAMPLE.read_text().replace(
        "$CI_REGISTRY_IMAGE\n", f"{image}\n" + indent(f"{login}tool: {wheel}\n", " " * 6)
    )
    pipeline(make("", text=text))
    assert list(tags_of(image)) == ["main"]


def test_the_projects_own_pipeline_runs(make, pipeline, wheel):
    """The component builds an example from the checkout, and the job after it finds the outputs."""
    text = (ROOT / ".gitlab-ci.yml").read_text().replace("tool: .", f"tool: {wheel}")
    hello = {f"examples/hello/{path.name}": path.read_text() for path in (ROOT / "examples" / "hello").iterdir()}
    log = pipeline(make("", {"templates/tagboat.yml": TEMPLATE.read_text(), **hello}, text))
    assert "not pushed: push is false" in log.said
    assert re.search(r"PASS +look-at-the-outputs", log.text)
