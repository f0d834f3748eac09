"""The GitHub action in workflows of other repositories, run by act against a registry with TLS and passwords."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "github-workflow.yml"
PUBLISHED = ["action.yml", "entrypoint.py", "requirements.lock", "src"]
FILES = {"Dockerfile": "FROM scratch\nCOPY hello /\n", "hello": "hello\n"}
FORK = {
    "number": 7,
    "pull_request": {
        "number": 7,
        "head": {"ref": "fix", "repo": {"full_name": "someone/app"}},
        "base": {"ref": "main", "repo": {"full_name": "acme/app"}},
    },
}
WORKFLOW = """
name: image
on: [push, pull_request]
jobs:
  image:
    runs-on: ubuntu-latest
    outputs:
      digest: ${{ steps.image.outputs.digest }}
    steps:
      - uses: actions/checkout@v4
      - id: image
        uses: acme/tagboat@v1
        with:
          images: IMAGE
          platforms: linux/amd64,linux/arm64
          tags: |
            type=semver,pattern={{version}}
            type=ref,event=branch
            type=ref,event=pr
          registry: HOST
          username: me
          password: ${{ secrets.PASSWORD }}
          ca-file: AUTHORITY
      - env:
          DIGEST: ${{ steps.image.outputs.digest }}
          TAGS: ${{ steps.image.outputs.tags }}
          VERSION: ${{ fromJSON(steps.image.outputs.json).version }}
        run: |
          echo "$TAGS" | sed 's/^/tag: /'
          echo "version: $VERSION, step: $DIGEST"
  after:
    needs: image
    runs-on: ubuntu-latest
    steps:
      - env:
          DIGEST: ${{ needs.image.outputs.digest }}
        run: 'echo "job: $DIGEST"'
"""


@pytest.fixture(scope="module")
def published(tmp_path_factory) -> Path:
    """Return the action as a release has it: what a `uses:` line brings, and nothing of the tests."""
    folder = tmp_path_factory.mktemp("published")
    for name in PUBLISHED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, folder)
    return folder


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """What act printed."""

    text: str

    @property
    def said(self) -> list[str]:
        """The lines of the steps, without act's own words."""
        return re.findall(r"^\[.*?\]   \| (.*)$", self.text, re.MULTILINE)

    def after(self, word: str) -> list[str]:
        """Return what follows a word at the beginning of the steps' lines."""
        return [line.removeprefix(f"{word}: ") for line in self.said if line.startswith(f"{word}: ")]


@pytest.fixture
def act(program, published, private_environment, tmp_path):
    """Run a repository's workflow on an event with its payload; the exit code must be `code`."""
    call = program("act")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    env = {"PATH": path, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(private_environment)}

    def run_workflow(
        repository: Path, event: str, payload: object, *, uses: str = "acme/tagboat@v1", code: int = 0
    ) -> Log:
        file = tmp_path / "event.json"
        file.write_text(json.dumps(payload))
        options = ["--secret", "PASSWORD=right", "--no-cache-server", "--platform", "ubuntu-latest=-self-hosted"]
        action = ["--local-repository", f"{uses}={published}"]
        return Log(text=call(event, "--eventpath", file, *options, *action, cwd=repository, env=env, code=code))

    return run_workflow


@pytest.fixture
def image(tls_registry, tmp_path) -> str:
    """Return an image name that nobody else pushes to."""
    return f"{tls_registry.host}/{tmp_path.name.replace('_', '-')}/app"


@pytest.fixture
def repository(commit, tls_registry, image, tmp_path) -> Path:
    """Return a repository that has a Dockerfile and a workflow, and nothing of ours."""
    words = {"IMAGE": image, "HOST": tls_registry.host, "AUTHORITY": str(tls_registry.ca_file)}
    workflow = re.sub(r"\b(IMAGE|HOST|AUTHORITY)\b", lambda word: words[word[0]], WORKFLOW)
    folder = tmp_path / "app"
    folder.mkdir()
    commit(folder, {**FILES, ".github/workflows/image.yml": workflow})
    return folder


def test_a_push_is_pushed_and_its_outputs_are_of_use(act, repository, image, tags_of):
    """On a push the image gets the branch's tags; later steps and jobs read digest, tags and version."""
    log = act(repository, "push", {"ref": "refs/heads/main"})
    (digest,) = log.after("job")

    assert tags_of(image) == {"main": digest}
    assert log.after("tag") == [f"{image}:main"]
    assert log.after("version") == [f"main, step: {digest}"]


def test_a_tag_is_pushed_under_its_versions(act, repository, image, tags_of, git):
    """On a version tag the image gets the version and latest, all with the digest of the outputs."""
    git(repository, "tag", "v1.2.3")
    log = act(repository, "push", {"ref": "refs/tags/v1.2.3"})

    assert tags_of(image) == dict.fromkeys(["1.2.3", "latest"], log.after("job")[0])


def test_a_forks_pull_request_builds_and_pushes_nothing(act, repository, image, tags_of):
    """A pull request from a fork builds, says why nothing is pushed, and succeeds with its digest."""
    log = act(repository, "pull_request", FORK)

    assert "not pushed: the pull request comes from someone/app, and forks must not push" in log.said
    assert log.after("job")[0].startswith("sha256:")
    assert log.after("tag") == [f"{image}:pr-7"]
    assert tags_of(image) == {}


@pytest.mark.parametrize(
    ("dockerfile", "annotation"),
    [
        (None, "::error title=Tagboat::there is no Dockerfile in .%0Ahint: "),
        (
            "FROM scratch\nCOPPY a /\n",
            "::error file=Dockerfile,line=2,endLine=2,col=1,title=Tagboat::unknown instruction: COPPY",
        ),
        ("FROM scratch\nCOPY a /\n", "::error file=Dockerfile,line=2,endLine=2,title=Tagboat::COPY a: not found"),
    ],
    ids=["no Dockerfile", "syntax error", "missing source"],
)
def test_a_failing_step_fails_the_job(dockerfile, annotation, act, repository, commit):
    """What is wrong fails the job, and annotates the line that it is about."""
    (repository / "Dockerfile").unlink()
    commit(repository, {"Dockerfile": dockerfile} if dockerfile else {})
    log = act(repository, "push", {"ref": "refs/heads/main"}, code=1)

    assert annotation in log.text
    assert log.after("job") == []


def test_the_example_workflow_runs_as_it_stands(act, commit, tmp_path, image, tls_registry, tags_of):
    """The workflow of the examples works on a pull request as it is, and on a push with another registry's name."""
    folder = tmp_path / "own"
    folder.mkdir()
    text = EXAMPLE.read_text()
    commit(folder, {**FILES, ".github/workflows/image.yml": text})
    log = act(folder, "pull_request", FORK, uses="tagboat/tagboat@v1")
    assert "not pushed: the pull request comes from someone/app, and forks must not push" in log.said

    login = f"registry: {tls_registry.host}\nusername: me\npassword: right\nca-file: {tls_registry.ca_file}\n"
    text = text.replace("ghcr.io/${{ github.repository }}", image) + indent(login, " " * 10)
    commit(folder, {".github/workflows/image.yml": text})
    act(folder, "push", {"ref": "refs/heads/main"}, uses="tagboat/tagboat@v1")
    assert list(tags_of(image)) == ["main"]
