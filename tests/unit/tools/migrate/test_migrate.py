"""Whole workflows: what is rewritten, what is left, and that nothing else changes."""

from __future__ import annotations

import pytest

from tagboat.errors import InputError
from tagboat.flow.migration import Verdict

USUAL = """\
name: ci
on:
  push:
    branches: [main]
    tags: ["v*"]
  pull_request:

jobs:
  image:
    runs-on: ubuntu-latest
    permissions: { packages: write }
    steps:
      - uses: actions/checkout@v4
      # how it is called
      - name: Meta
        id: meta
        uses: docker/metadata-action@v5
        with:
          images: |
            me/app
            ghcr.io/Me/App
          # what people pull
          tags: |
            type=ref,event=pr
            type=semver,pattern={{version}}
            type=semver,pattern={{major}}.{{minor}}
            type=sha
      - uses: docker/setup-buildx-action@v3
      - name: Log in
        if: github.event_name != 'pull_request'
        uses: docker/login-action@v3
        with:
          registry: ghcr.io
          username: ${{ github.actor }}
          password: ${{ secrets.GITHUB_TOKEN }}
      - name: Build
        uses: docker/build-push-action@v6
        with:
          context: .
          push: ${{ github.event_name != 'pull_request' }} # not for strangers
          tags: ${{ steps.meta.outputs.tags }}
          labels: ${{ steps.meta.outputs.labels }}
          cache-from: type=gha
      - run: echo ${{ steps.meta.outputs.version }}
"""
NEW = """\
name: ci
on:
  push:
    branches: [main]
    tags: ["v*"]
  pull_request:

jobs:
  image:
    runs-on: ubuntu-latest
    permissions: { packages: write }
    steps:
      - uses: actions/checkout@v4
      - name: Build
        uses: tagboat/tagboat@v1
        id: meta
        with:
          images: |
            me/app
            ghcr.io/Me/App
          # what people pull
          tags: |
            type=ref,event=pr
            type=semver,pattern={{version}}
            type=semver,pattern={{major}}.{{minor}}
            type=sha
          context: .
          push: ${{ github.event_name != 'pull_request' }} # not for strangers
      - run: echo ${{ steps.meta.outputs.version }}
"""


def test_five_steps_become_one(migrate):
    """The usual five steps become one, which takes over their lines and comments; every other line stays."""
    assert migrate(USUAL).text == NEW


def test_tags_are_equal_on_every_event(migrate):
    """Every event gives the same tags before and after, read from the workflow that was written."""
    (report,) = migrate(USUAL).jobs
    assert {trial.verdict for trial in report.trials} == {Verdict.EQUAL}
    tags = {trial.event: trial.new for trial in report.trials}
    assert tags["tag:v1.2.3"][:4] == ("me/app:1.2.3", "me/app:1.2", "me/app:sha-8f3c21d", "me/app:latest")
    assert tags["pull_request:7"] == tuple(
        f"{name}:{tag}" for name in ("me/app", "ghcr.io/me/app") for tag in ("pr-7", "sha-8f3c21d")
    )


def test_a_migrated_workflow_has_nothing_to_migrate(migrate):
    """A second migration finds nothing and changes nothing."""
    again = migrate(migrate(USUAL).text)
    assert (again.jobs, again.text) == ((), NEW)


def test_a_workflow_without_docker_stays(migrate):
    """A workflow that uses none of docker's actions keeps every byte."""
    text = "on: push\r\njobs:\r\n  a:\r\n    steps: [{ run: make }]\r\n"
    assert (migrate(text).text, migrate(text).jobs) == (text, ())


@pytest.mark.parametrize("text", ["", "a: [", "- a\n", "name: x\n", "on: push\n", "runs:\n  using: composite\n"])
def test_what_is_no_workflow_is_refused(migrate, text):
    """A file without jobs or without `on`, or that is no YAML, is an input error."""
    with pytest.raises(InputError, match="ci.yml is no"):
        migrate(text)
