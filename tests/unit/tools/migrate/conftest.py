"""What tests of the migration share: a workflow's text migrated on a fixed day, outside any checkout."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tagboat.flow.context import Context, System
from tagboat.tools.migrate import migrate_workflow

HEAD = "on: [push, pull_request]\njobs:\n  image:\n    runs-on: ubuntu-latest\n    steps:\n"
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def migrate():
    """Migrate a workflow's text."""

    def run(text, **facts):
        checkout = Context(system=System.LOCAL, **facts)
        return migrate_workflow(text, "ci.yml", checkout=checkout, now=NOW)

    return run


@pytest.fixture
def migrate_steps(migrate):
    """Migrate a workflow of one job with these steps, indented by six; gives their new text and the report."""

    def run(steps, head=HEAD):
        migration = migrate(head + steps)
        return migration.text.removeprefix(head), migration.jobs[0]

    return run
