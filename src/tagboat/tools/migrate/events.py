"""The events that a migration is tried on, each as our context and as what GitHub's expressions see of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tagboat.ci.simulation import Simulation
from tagboat.flow.context import Context, PullRequest, SourceRepository, System
from tagboat.tools.migrate.document import Plain, Workflow

_REPOSITORY = "owner/name"
_REVISION = "8f3c21d0a9b4e5f60718293a4b5c6d7e8f901234"
_BRANCH = "feature/one"
_VERSIONS = ("v1.2.3", "v1.2.3-rc.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One event to try; `name` is that of `--event`, or `release:TAG`, and `triggers` whether the workflow runs on it.

    `github` is the context of expressions by that name.
    """

    name: str
    context: Context
    github: Mapping[str, Any]
    triggers: bool


def scenarios(workflow: Workflow, checkout: Context) -> tuple[Scenario, ...]:
    """Return the events: pushes to the default and to another branch, two tags, a pull request, schedule and dispatch.

    A workflow that runs on releases is tried on those too. `checkout` gives repository and commit where it knows them.
    """
    return tuple(_scenarios(workflow, _base(workflow, checkout)))


def _scenarios(workflow: Workflow, base: Context) -> Iterator[Scenario]:
    triggers = workflow.triggers
    default = base.repository.default_branch
    tags = [f"tag:{version}" for version in _VERSIONS]
    for name in (f"push:{default}", f"push:{_BRANCH}", *tags, "pull_request:7", "schedule", "dispatch"):
        context = Simulation.parse(name).act_out(base)
        if context.pull_request:
            context = dataclasses.replace(
                context, pull_request=dataclasses.replace(context.pull_request, head_ref=_BRANCH)
            )
        yield Scenario(name=name, context=context, github=_github(context), triggers=_triggers(context, triggers))
    for version in _VERSIONS if "release" in triggers else ():
        context = dataclasses.replace(Simulation.parse(f"tag:{version}").act_out(base), event="release")
        yield Scenario(name=f"release:{version}", context=context, github=_github(context), triggers=True)


def _triggers(context: Context, triggers: Mapping[str, Plain]) -> bool:
    """Tell whether a workflow runs on an event; of a push, whether it names branches or tags: no pattern is read."""
    settings = triggers.get(context.event)
    if context.event != "push" or not isinstance(settings, dict):
        return settings is not None or "workflow_call" in triggers
    named = {"tags", "tags-ignore"} if context.tag else {"branches", "branches-ignore"}
    others = {"tags", "tags-ignore", "branches", "branches-ignore"} - named
    return bool(named & settings.keys()) or not others & settings.keys()


def _base(workflow: Workflow, checkout: Context) -> Context:
    """Return the context of the checkout as a run on GitHub would have it, what it does not tell made up."""
    known = checkout.repository
    name = known.name or _REPOSITORY
    default = known.default_branch or _first_branch(workflow) or "main"
    return Context(
        system=System.GITHUB,
        ref=f"refs/heads/{default}",
        revision=checkout.revision or _REVISION,
        commit_time=checkout.commit_time,
        repository=SourceRepository(
            name=name,
            title=name.rpartition("/")[2],
            url=known.url or f"https://github.com/{name}",
            default_branch=default,
        ),
    )


def _first_branch(workflow: Workflow) -> str:
    """Return the first branch that `on: push:` names without a pattern: mostly the default one."""
    push = workflow.triggers.get("push", "")
    branches = push.get("branches", []) if isinstance(push, dict) else []
    listed = branches if isinstance(branches, list) else [branches]
    return next((name for name in listed if isinstance(name, str) and not set(name) & set("*?+[!")), "")


def _github(context: Context) -> dict[str, Any]:
    owner, _, name = context.repository.name.partition("/")
    request = context.pull_request
    short = context.branch or context.tag or context.ref.removeprefix("refs/pull/")
    return {
        "event_name": context.event,
        "ref": context.ref,
        "ref_name": short,
        "ref_type": "tag" if context.tag else "branch",
        "ref_protected": False,
        "sha": context.revision,
        "repository": context.repository.name,
        "repository_owner": owner,
        "actor": owner,
        "triggering_actor": owner,
        "server_url": "https://github.com",
        "api_url": "https://api.github.com",
        "run_id": "1234567890",
        "run_number": "42",
        "run_attempt": "1",
        "workspace": ".",
        "workflow": "workflow",
        "token": "github-token",
        "head_ref": request.head_ref if request else "",
        "base_ref": request.base_ref if request else "",
        "event": _payload(context, owner, name),
    }


def _payload(context: Context, owner: str, name: str) -> dict[str, Any]:
    repository = {
        "name": name,
        "full_name": context.repository.name,
        "default_branch": context.repository.default_branch,
        "html_url": context.repository.url,
        "fork": False,
        "private": False,
        "owner": {"login": owner, "name": owner},
    }
    payload: dict[str, Any] = {"repository": repository, "ref": context.ref, "after": context.revision}
    if context.pull_request:
        return {"repository": repository, **_request(context.pull_request, context)}
    if context.event == "release":
        version = context.tag
        release = {"tag_name": version, "name": version, "prerelease": "-" in version, "draft": False}
        return {"repository": repository, "action": "published", "release": release}
    if context.event == "push":
        payload["head_commit"] = {"id": context.revision, "message": "message"}
    return payload


def _request(request: PullRequest, context: Context) -> dict[str, Any]:
    return {
        "action": "synchronize",
        "number": float(request.number),
        "pull_request": {
            "number": float(request.number),
            "draft": False,
            "merged": False,
            "labels": [],
            "head": {
                "ref": request.head_ref,
                "sha": request.head_revision,
                "repo": {"full_name": context.repository.name, "fork": False},
            },
            "base": {"ref": request.base_ref, "repo": {"full_name": context.repository.name}},
            "user": {"login": context.repository.name.partition("/")[0], "type": "User"},
        },
    }
