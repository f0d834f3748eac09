"""Docker's actions, as the steps of a job use them, and who else in the job may need what they set up."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import StrEnum

from tagboat.tools.migrate.document import Job, Step

TAGBOAT = "tagboat/tagboat@v1"


class Action(StrEnum):
    """The actions that one Tagboat step takes the place of, and bake, which it cannot."""

    LOGIN = "docker/login-action"
    QEMU = "docker/setup-qemu-action"
    BUILDX = "docker/setup-buildx-action"
    METADATA = "docker/metadata-action"
    BUILD = "docker/build-push-action"
    BAKE = "docker/bake-action"


# What has no use for a registry's credentials or for an engine.
_INDIFFERENT = re.compile(
    r"actions/(?:checkout|cache|upload-artifact|download-artifact|github-script)\b|(?!docker/)[\w-]+/setup-|"
    r"[\w-]+/[\w-]*(?:cache|release)\b"
)
_PROGRAMS = re.compile(
    r"\b(docker|buildx|buildctl|buildah|podman|nerdctl|cosign|notation|crane|skopeo|oras|regctl|helm|trivy|grype|syft|"
    r"act|kind|k3d|ko|pack|earthly|dagger)\b"
)


def action_of(step: Step) -> Action | None:
    """Return which of docker's actions a step uses, None when it is another's."""
    name = step.text("uses").partition("@")[0].lower()
    return Action(name) if name in set(Action) else None


def steps_of(job: Job, action: Action) -> list[Step]:
    """Return the job's steps that use an action."""
    return [step for step in job.steps if action_of(step) is action]


def engine_users(steps: Iterable[Step]) -> Iterator[Step]:
    """Yield the steps that may work with an engine or with stored credentials: programs of the trade, other actions."""
    for step in steps:
        uses = step.text("uses").lower()
        if (uses and not _INDIFFERENT.match(uses)) or _PROGRAMS.search(step.text("run")):
            yield step
