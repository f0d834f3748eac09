"""The steps around a build: logins, builders, emulators and the cache folders of BuildKit."""

from __future__ import annotations

import re

from tagboat.flow.migration import Deed
from tagboat.tools.migrate.actions import Action, engine_users, steps_of
from tagboat.tools.migrate.document import Span, Step
from tagboat.tools.migrate.draft import Conversion
from tagboat.tools.migrate.inputs import Given
from tagboat.tools.migrate.metadata import Use, uses_of
from tagboat.tools.migrate.registries import sort_logins

_CACHE_FOLDER = re.compile(r"(?:src|dest)=([^,\s]+)")
_HOUSEKEEPING = re.compile(r"(?:rm|mv|mkdir|ls|du|echo|if|fi|then)\b|#")
_OTHER_MACHINES = ("cloud", "kubernetes", "remote")
_CONFIGURATION = {"buildkitd-config", "buildkitd-config-inline", "config", "config-inline"}


def convert_caches(conversion: Conversion) -> None:
    """Take away what looks after BuildKit's cache folders: they are not made any more, and moving one would fail."""
    builds = [step.table("with") for step in steps_of(conversion.job, Action.BUILD)]
    texts = [values.get(name, "") for values in builds for name in ("cache-from", "cache-to")]
    folders = {found for text in texts for found in _CACHE_FOLDER.findall(text)}
    for step in conversion.job.steps:
        lines = [line.strip() for line in step.text("run").splitlines() if line.strip()]
        named = [folder for folder in sorted(folders) if folder in step.text("run")]
        if named and not all(_HOUSEKEEPING.match(line) for line in lines):
            conversion.obstacles.append(f"{step.label}: it works on {named[0]}, a cache that Tagboat does not write")
        elif named or (step.text("uses").startswith("actions/cache@") and step.table("with").get("path") in folders):
            conversion.remove(step, "Tagboat writes no BuildKit cache")


def convert_logins(conversion: Conversion) -> list[Given]:
    """Take the logins away that nobody else needs; return the credentials that become inputs instead."""
    found = sort_logins(steps_of(conversion.job, Action.LOGIN), conversion.others, conversion.resolve)
    for step, reason, fates in found.removed:
        conversion.remove(step, reason, fates)
    for step, reason, fates in found.kept:
        conversion.report(step, Deed.KEPT, reason, fates)
    return found.given


def convert_setup(conversion: Conversion) -> None:
    """Take buildx away where nobody else needs it; QEMU stays, since RUN for another processor needs it here too."""
    job = conversion.job
    user = next(engine_users(conversion.others), None)
    shared = f"the step {user.label!r} may use it" if user else ""
    for step in steps_of(job, Action.BUILDX):
        values = step.table("with")
        if values.get("driver", "") in _OTHER_MACHINES or values.keys() & {"endpoint", "append"}:
            conversion.obstacles.append(f"{step.label}: it builds on other machines, which is not built yet")
        for name in sorted(values.keys() & _CONFIGURATION):
            conversion.obstacles.append(f"{step.label}: {name} configures BuildKit, not Tagboat")
        _drop(conversion, step, shared)
    is_foreign = any("platforms" in build.table("with") for build in steps_of(job, Action.BUILD))
    needed = "RUN for another processor needs it; without such a RUN it can go" if is_foreign else ""
    for step in steps_of(job, Action.QEMU):
        _drop(conversion, step, needed or shared)


def _drop(conversion: Conversion, step: Step, why_kept: str) -> None:
    used = uses_of(step, conversion.workflow, conversion.job, ())
    builds = [build.span for build in steps_of(conversion.job, Action.BUILD)]
    why_kept = why_kept or ("its outputs are used" if used and not _only_builder(used, builds) else "")
    if why_kept:
        conversion.report(step, Deed.KEPT, why_kept)
    else:
        conversion.remove(step, "nothing needs a builder")


def _only_builder(used: list[Use], builds: list[Span]) -> bool:
    """Tell whether the only use of a builder is as the `builder` input, which goes."""
    return all(use.output == "name" and any(use.line in span for span in builds) for use in used)
