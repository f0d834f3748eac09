"""Migrating any workflow changes docker's steps and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from tagboat.flow.context import Context, System
from tagboat.tools.migrate import migrate_workflow
from tagboat.tools.migrate.document import Workflow

NOW = datetime(2026, 1, 31, tzinfo=UTC)
FOREIGN = (
    "- uses: actions/checkout@v4\n",
    "# about the test\n- name: Test\n  run: |\n    make\n\n    make check\n",
    "-\n  run: docker info # look\n",
    "- { run: make lint }\n",
)
DOCKERS = (
    "# docker\n- uses: docker/setup-buildx-action@v3\n",
    "- uses: docker/setup-qemu-action@v3\n\n",
    "- uses: docker/login-action@v3\n  with: { username: x, password: '${{ secrets.P }}' }\n",
    (
        "- uses: docker/login-action@v3\n  with:\n    registry: ghcr.io\n    username: x\n"
        "    password: ${{ github.token }}\n"
    ),
    (
        "-\n  id: meta\n  uses: docker/metadata-action@v5\n  with:\n    images: me/app\n"
        "    # rules\n    tags: |\n      type=sha\n"
    ),
    "- uses: docker/build-push-action@v6\n  with:\n    context: .\n    tags: ${{ steps.meta.outputs.tags }}\n",
    (
        "- uses: docker/build-push-action@v6\n  with:\n    tags: 'me/app:1,me/app:2'\n    push: true\n"
        "    cache-to: type=gha\n"
    ),
    "- uses: docker/build-push-action@v6\n  with:\n    load: true\n    tags: a/b\n",
)


def indented(step, spaces):
    return "".join(" " * spaces + line if line.strip() else line for line in step.splitlines(keepends=True))


@st.composite
def workflows(draw):
    """Draw a workflow of up to three jobs, its steps in any order, written with any indentation."""
    jobs = draw(st.lists(st.lists(st.sampled_from(FOREIGN + DOCKERS), max_size=7), min_size=1, max_size=3))
    spaces = draw(st.sampled_from([4, 6, 8]))
    text = "on: [push, pull_request]\njobs:\n"
    for number, steps in enumerate(jobs):
        text += f"  job{number}:\n    runs-on: ubuntu-latest # the usual\n    steps:{'' if steps else ' []'}\n"
        text += "".join(indented(step, spaces) for step in steps)
    return text


def foreign_steps(workflow):
    """Return the steps of each job that are neither docker's nor ours, nor a checkout, which a build may get."""
    own = ("docker/", "tagboat/", "actions/checkout")
    return [[step.data for step in job.steps if not step.text("uses").startswith(own)] for job in workflow.jobs]


@settings(max_examples=150, deadline=None)
@given(workflows())
def test_only_docker_steps_change(text):
    """Every step of others is there afterwards, in its place, and a job that is left keeps its very lines."""
    migration = migrate_workflow(text, "w.yml", checkout=Context(system=System.LOCAL), now=NOW)
    before, after = Workflow.parse(text, "w.yml"), Workflow.parse(migration.text, "w.yml")
    assert foreign_steps(after) == foreign_steps(before)
    for report in migration.jobs:
        old, new = (next(job for job in one.jobs if job.name == report.job) for one in (before, after))
        if not report.is_converted:
            assert before.lines[old.span.first : old.span.end] == after.lines[new.span.first : new.span.end]
        else:
            assert not any(step.text("uses").startswith("docker/build-push") for step in new.steps)


@settings(max_examples=80, deadline=None)
@given(workflows())
def test_a_second_migration_changes_nothing(text):
    """What was migrated stays as it is: the same text comes out again."""
    checkout = Context(system=System.LOCAL)
    once = migrate_workflow(text, "w.yml", checkout=checkout, now=NOW)
    twice = migrate_workflow(once.text, "w.yml", checkout=checkout, now=NOW)
    assert twice.text == once.text
