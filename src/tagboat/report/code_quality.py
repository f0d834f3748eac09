"""GitLab's code quality report: warnings and errors about lines of files, shown in merge requests."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tagboat.errors import Location, TagboatError
from tagboat.flow.plan import PlanWarning
from tagboat.report.faults import flattened


def code_quality(
    warnings: Iterable[PlanWarning], error: TagboatError | None, *, folder: Path, project: Path
) -> list[dict[str, Any]]:
    """Return an entry for each warning and error that has a place, in GitLab's subset of Code Climate's format.

    Paths of places start from `folder`, those of the report from `project`; what lies elsewhere has no entry.
    """
    faults = flattened(error) if error else []
    told = [
        *(("error", "critical", fault.problem, fault.hint, fault.location) for fault in faults),
        *(("warning", "minor", warning.problem, warning.hint, warning.location) for warning in warnings),
    ]
    return list(_entries(told, folder, project))


def _entries(
    told: Iterable[tuple[str, str, str, str, Location | None]], folder: Path, project: Path
) -> Iterator[dict[str, Any]]:
    seen: Counter[str] = Counter()
    for kind, severity, problem, hint, location in told:
        path = os.path.relpath(folder / location.file, project) if location else ".."
        if location is None or path.startswith(".."):
            continue
        identity = f"{kind}\0{path}\0{problem}\0{location.text}"
        seen[identity] += 1
        yield {
            "type": "issue",
            "check_name": f"tagboat-{kind}",
            "description": f"{problem} ({hint})" if hint else problem,
            "categories": ["Bug Risk"],
            "severity": severity,
            "fingerprint": _fingerprint(identity, seen[identity]),
            "location": {"path": path, "lines": _lines(location)},
        }


def _fingerprint(identity: str, occurrence: int) -> str:
    """Return what GitLab knows a finding by; no line number is in it, so a finding that moves is not a new one."""
    return hashlib.sha256(f"{identity}\0{occurrence}".encode("utf-8", "surrogateescape")).hexdigest()


def _lines(location: Location) -> dict[str, int]:
    return {"begin": location.line, **({"end": location.end_line} if location.end_line else {})}
