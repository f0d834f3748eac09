"""`plan` and `tags` on a machine: they show what CI would do, and change nothing."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

FILES = {
    "Dockerfile": "FROM docker.io/library/nginx:1.29\nCOPY hello /\n",
    "hello": "hello\n",
    "tagboat.toml": 'images = ["ghcr.io/acme/app"]\nplatforms = ["linux/amd64", "linux/arm64"]\n',
}
DEAD = "http://127.0.0.1:9"
NOWHERE = "127.0.0.1:9/acme/app"
OFFLINE = {"HTTPS_PROXY": DEAD, "HTTP_PROXY": DEAD, "ALL_PROXY": DEAD}


@pytest.fixture
def checkout(commit, tmp_path) -> Path:
    """Return a checkout on its main branch."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    commit(folder, FILES)
    return folder


def contents(*folders: Path) -> dict[str, bytes]:
    """Return every file below these folders, but git's own."""
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file() and ".git" not in path.parts]
    return {str(path): path.read_bytes() for path in files}


def test_plan_shows_what_would_be_done_and_writes_nothing(tagboat, checkout, tmp_path):
    """Outside CI and offline a plan shows names, reasons and steps, and no file is made or changed."""
    before = contents(tmp_path)
    done = tagboat("plan", "--offline", "--output", tagboat.cwd / "out", cwd=checkout, **OFFLINE)

    for part in ("ghcr.io/acme/app:main", "Build linux/amd64", "Build linux/arm64", "copy hello", "No push: "):
        assert part in done.stdout
    assert contents(tmp_path) == before


def test_a_simulated_tag_gives_its_names(tagboat, checkout):
    """`--event tag:v1.2.3` shows the names that the tag's run would push, and that it would push."""
    rules = ["--tags", "type=semver,pattern={{version}}", "--tags", "type=semver,pattern={{major}}"]
    words = ["plan", "--offline", "--event", "tag:v1.2.3", *rules]
    document = tagboat(*words, "--json", cwd=checkout).json
    text = tagboat(*words, cwd=checkout).stdout

    assert document["tag-names"] == ["1.2.3", "1", "latest"]
    assert document["version"] == "1.2.3"
    assert [line for line in text.splitlines() if line.startswith("Build")] == [
        "Build linux/amd64",
        "Build linux/arm64",
    ]


def test_plan_offline_opens_no_connection(tagboat, checkout, as_root):
    """Without any network a plan with `--offline` works: even the loopback device is down."""
    alone = [*as_root, "unshare", "--net"]
    if subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody leave the network")

    # Where root is reached by sudo, git lets it read what belongs to the user who asked.
    done = tagboat("plan", checkout, "--offline", prefix=alone, SUDO_UID=os.geteuid())
    assert "ghcr.io/acme/app:main" in done.stdout


def test_plan_asks_the_registry_when_it_may(tagboat, write, plain_registry):
    """Without `--offline` a base that is not there is found out by the plan already, with its line."""
    folder = write(tagboat.cwd / "app", {"Dockerfile": f"FROM {plain_registry.host}/no/base:1\n"})
    done = tagboat("plan", folder, code=8)

    assert "--> app/Dockerfile:1" in done.stderr
    assert "hint: " in done.stderr


def test_run_is_dry_with_the_flag(tagboat, checkout, tmp_path):
    """`run --dry-run` goes as far as `plan`: with `--push` too, nothing is sent and nothing is written."""
    before = contents(tmp_path)
    words = ["--images", NOWHERE, "--push", "--dry-run", "--offline"]
    done = tagboat("run", checkout, *words, "--metadata-file", tagboat.cwd / "metadata.json")

    assert f"{NOWHERE}:main" in done.stdout
    assert contents(tmp_path) == before


def test_tags_are_those_of_the_checkout(tagboat, checkout, git):
    """`tags` needs nothing but a checkout: on a branch the branch's name, on a tag the tag's version."""
    on_branch = tagboat("tags", "--json", "--images", "ghcr.io/acme/app", cwd=checkout).json
    git(checkout, "tag", "v1.2.3")
    git(checkout, "checkout", "--quiet", "v1.2.3")
    on_tag = tagboat("tags", "--json", "--images", "ghcr.io/acme/app", cwd=checkout).json

    assert on_branch["tags"] == ["ghcr.io/acme/app:main"]
    assert on_tag["tags"] == ["ghcr.io/acme/app:v1.2.3", "ghcr.io/acme/app:latest"]
    assert on_tag["labels"]["org.opencontainers.image.revision"] == git(checkout, "rev-parse", "HEAD")
    assert {decision["outcome"] for decision in on_tag["decisions"]} <= {"made", "skipped", "withheld", "duplicate"}


def test_help_and_version_are_on_stdout(tagboat):
    """`--help` and `--version` print on stdout, and nothing on stderr."""
    for words in (["--help"], ["run", "--help"], ["--version"]):
        done = tagboat(*words)
        assert (bool(done.stdout), done.stderr) == (True, "")
