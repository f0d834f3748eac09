"""The logins of a job: which become inputs, which the job's own token makes needless, which stay."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from tagboat.flow.migration import Fate, InputFate
from tagboat.tools.migrate.actions import engine_users
from tagboat.tools.migrate.document import Step
from tagboat.tools.migrate.expressions import whole_expression
from tagboat.tools.migrate.inputs import Given, Resolve, given

_JOB_TOKEN = re.compile(r"secrets\.github_token|github\.token", re.IGNORECASE)
_SECRET = re.compile(r"secrets\.\w+", re.IGNORECASE)
_STORED = "; Tagboat reads what it stores"
_CREDENTIALS = ("registry", "username", "password")


@dataclass(slots=True, kw_only=True)
class Logins:
    """What becomes of the login steps: inputs for the build steps; each step with the reason and its inputs' fates."""

    given: list[Given] = field(default_factory=list)
    removed: list[Sorted] = field(default_factory=list)
    kept: list[Sorted] = field(default_factory=list)


class Sorted(NamedTuple):
    """One login step, why it goes or stays, and what becomes of its inputs."""

    step: Step
    reason: str
    fates: tuple[InputFate, ...]


def sort_logins(logins: Sequence[Step], others: Sequence[Step], resolve: Resolve) -> Logins:
    """Decide about each login of a job; `others` are the steps that stay, some of which may need the stored ones."""
    found = Logins()
    user = next(engine_users(others), None)
    own = [step for step in logins if not _is_of_job(step, resolve)]
    for step in logins:
        if user is not None:
            found.kept.append(_sorted(step, f"the step {user.label!r} may need the login{_STORED}", Fate.SAME))
        elif step not in own:
            found.removed.append(_sorted(step, "for ghcr.io the job's token is used by itself", Fate.UNNEEDED))
        elif why := _why_kept(step, own):
            found.kept.append(_sorted(step, why + _STORED, Fate.SAME))
        else:
            found.given = _credentials(step)
            found.removed.append(_sorted(step, "its values are inputs of the build step", Fate.SAME))
    if shadowed := _shadowed([entry.step for entry in found.kept], resolve):
        found.given = _credentials(shadowed)
    return found


def _sorted(step: Step, reason: str, fate: Fate) -> Sorted:
    fates = tuple(InputFate(name=name, fate=fate) for name in step.table("with"))
    return Sorted(step=step, reason=reason, fates=fates)


def _credentials(step: Step) -> list[Given]:
    return [given(step, name) for name in _CREDENTIALS if step.table("with").get(name)]


def _shadowed(logins: Sequence[Step], resolve: Resolve) -> Step | None:
    """Return a login for ghcr.io with a token of its own: what it stores comes after the job's token, inputs before."""
    return next((step for step in logins if _is_ghcr(step, resolve) and not _is_of_job(step, resolve)), None)


def _is_of_job(step: Step, resolve: Resolve) -> bool:
    password = whole_expression(step.table("with").get("password", ""))
    return bool(_JOB_TOKEN.fullmatch(password)) and _is_ghcr(step, resolve)


def _is_ghcr(step: Step, resolve: Resolve) -> bool:
    host = resolve(step.table("with").get("registry", ""))[0]
    return host.removeprefix("https://").rstrip("/").lower() == "ghcr.io"


def _why_kept(step: Step, own: Sequence[Step]) -> str:
    """Say why a login must stay a step, empty when its values can be inputs."""
    values = step.table("with")
    if len(own) > 1:
        return "one step takes the credentials of one registry so far"
    if values.keys() - {*_CREDENTIALS, "logout"} or not {"username", "password"} <= values.keys():
        return "it logs in by other means than user name and password"
    are_secrets = all(_SECRET.fullmatch(whole_expression(values[name])) for name in ("username", "password"))
    if step.text("if") and not are_secrets:
        return "it is conditional, and without its secret it would be half a login"
    return ""
