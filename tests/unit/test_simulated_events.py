"""A simulated event gives the tags that the real one gave."""

from __future__ import annotations

import dataclasses
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tagboat.ci import read_context
from tagboat.ci.simulation import Simulation
from tagboat.flow.context import Context, System
from tagboat.flow.request import TagRequest
from tagboat.tags import derive_tags

FIXTURES = Path(__file__).parents[1] / "fixtures" / "ci"
NOW = datetime(2026, 1, 2, tzinfo=UTC)
RULES = """
type=schedule
type=schedule,pattern={{date 'YYYYMMDD'}}
type=semver,pattern={{version}}
type=semver,pattern={{major}}.{{minor}}
type=channel
type=edge
type=ref,event=branch
type=ref,event=tag
type=ref,event=pr
type=raw,value=base-{{base_ref}},enable={{is_default_branch}}
type=raw,value=to-{{base_ref}},priority=50
type=sha
"""
EVENTS = {
    "github-push": "push:dev",
    "github-tag": "tag:v1.1.1",
    "github-pull-request": "pull_request:15",
    "github-schedule": "schedule",
    "github-dispatch": "dispatch",
    "gitea-push": "push:main",
    "gitea-pull-request": "pull_request:7",
    "forgejo-tag": "tag:v1.2.3",
    "forgejo-schedule": "schedule",
    "gitlab-branch": "push:main",
    "gitlab-tag": "tag:v1.2.3",
    "gitlab-merge-request": "merge_request:7",
    "gitlab-schedule": "schedule",
    "gitlab-web": "dispatch",
}


def _variables(job: str) -> dict[str, str]:
    environ = dict(line.split("=", 1) for line in (FIXTURES / f"{job}.env").read_text().splitlines())
    event = FIXTURES / f"{job}.json"
    return environ | ({"GITHUB_EVENT_PATH": str(event)} if event.exists() else {})


def _names(context: Context) -> list[str]:
    known = dataclasses.replace(context, base_ref=context.base_ref if context.pull_request else "")
    return [str(name) for name in derive_tags(TagRequest(tags=RULES), known, now=NOW, source_date_epoch=0).names]


def _acted(event: str, base: Context, recorded: Context) -> Context:
    """Return the event acted out in another context of the same commit and repository."""
    same = dataclasses.replace(base, revision=recorded.revision, repository=recorded.repository)
    return Simulation.parse(event).act_out(same)


@pytest.mark.parametrize(("job", "event"), EVENTS.items())
def test_simulated_event_gives_the_recorded_tags(tmp_path, job, event):
    """In the context of any other event of its system a simulated event gives the tags of the real one.

    But for the branch that a git tag was pushed from, which no simulation can know. A dispatch runs where one is.
    """
    recorded = read_context(_variables(job), tmp_path)
    assert _names(recorded)
    for other in EVENTS:
        base = read_context(_variables(other), tmp_path)
        is_elsewhere = event in {"dispatch", "schedule"} and base.branch != recorded.branch
        if base.system is recorded.system and not is_elsewhere:
            assert _names(_acted(event, base, recorded)) == _names(recorded), other


@pytest.mark.parametrize("job", [job for job in EVENTS if job != "gitea-pull-request"])
def test_simulated_event_on_a_laptop(tmp_path, job):
    """Without CI, home directory and settings of git a checkout gives the tags of the recorded event."""
    environ = {"PATH": os.environ["PATH"], "GIT_CONFIG_NOSYSTEM": "1"}
    people = {f"GIT_{who}_{key}": "a" for who in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
    recorded = read_context(_variables(job), tmp_path)
    branch = recorded.branch or "main"
    for arguments in (("init", "--quiet", f"--initial-branch={branch}"), ("commit", "--quiet", "--allow-empty", "-mx")):
        subprocess.run(["git", *arguments], cwd=tmp_path, env=environ | people, check=True, capture_output=True)
    checkout = read_context(environ, tmp_path)
    assert checkout.system is System.LOCAL
    assert _names(_acted(EVENTS[job], checkout, recorded)) == _names(recorded)
