"""Findings as merge requests show them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagboat.errors import DockerfileError, FaultsError, InputError, Location
from tagboat.flow.plan import PlanWarning
from tagboat.report.code_quality import code_quality

PROJECT = Path("/builds/acme/demo")


def at(line, file="Dockerfile", text="COPY a /", **more):
    """Return a place."""
    return Location(file=file, line=line, text=text, **more)


def report(*warnings, error=None, folder=PROJECT):
    """Return the entries for warnings and an error."""
    return code_quality(warnings, error, folder=folder, project=PROJECT)


def test_a_finding_has_all_that_gitlab_needs():
    """Description, check, fingerprint, severity, path and first line are GitLab's required keys."""
    (entry,) = report(PlanWarning(problem="ARG TOKEN", hint="mount it", location=at(4, end_line=5)))
    assert len(entry.pop("fingerprint")) == 64
    assert entry == {
        "type": "issue",
        "check_name": "tagboat-warning",
        "description": "ARG TOKEN (mount it)",
        "categories": ["Bug Risk"],
        "severity": "minor",
        "location": {"path": "Dockerfile", "lines": {"begin": 4, "end": 5}},
    }


def test_errors_come_first_and_weigh_more():
    """Each fault of several is a finding of its own."""
    error = FaultsError([DockerfileError("one", location=at(1)), DockerfileError("two", location=at(2))])
    entries = report(PlanWarning(problem="odd", location=at(3)), error=error)
    assert [(entry["severity"], entry["description"]) for entry in entries] == [
        ("critical", "one"),
        ("critical", "two"),
        ("minor", "odd"),
    ]


def test_what_has_no_place_is_no_finding():
    """A finding without a line of the project's files would have nowhere to be shown."""
    assert report(PlanWarning(problem="odd"), error=InputError("wrong")) == []
    assert report(PlanWarning(problem="odd", location=at(1, file="../Dockerfile"))) == []
    assert report(PlanWarning(problem="odd", location=at(1, file="/etc/Dockerfile"))) == []


@pytest.mark.parametrize(
    ("folder", "file", "path"),
    [
        (PROJECT, "./web/Dockerfile", "web/Dockerfile"),
        (PROJECT / "web", "Dockerfile", "web/Dockerfile"),
        (PROJECT / "web", "../Dockerfile", "Dockerfile"),
        (PROJECT / "web", "/builds/acme/demo/Dockerfile", "Dockerfile"),
    ],
)
def test_paths_start_from_the_project(folder, file, path):
    """Merge requests know files by their path in the repository."""
    (entry,) = report(PlanWarning(problem="odd", location=at(1, file=file)), folder=folder)
    assert entry["location"]["path"] == path


def fingerprints(*warnings):
    """Return the fingerprints of warnings."""
    return [entry["fingerprint"] for entry in report(*warnings)]


def test_a_finding_that_moves_stays_the_same():
    """The line's number does not count; file, text and problem do."""
    (first,) = fingerprints(PlanWarning(problem="odd", location=at(1)))
    assert fingerprints(PlanWarning(problem="odd", location=at(7))) == [first]
    others = [
        PlanWarning(problem="other", location=at(1)),
        PlanWarning(problem="odd", location=at(1, file="b")),
        PlanWarning(problem="odd", location=at(1, text="COPY b /")),
    ]
    assert len({first, *fingerprints(*others)}) == 4


def test_equal_lines_are_findings_of_their_own():
    """Two lines with the same fault have two fingerprints, which are the same in every run."""
    twice = [PlanWarning(problem="odd", location=at(1)), PlanWarning(problem="odd", location=at(2))]
    assert len(set(fingerprints(*twice))) == 2
    assert fingerprints(*twice) == fingerprints(*twice)
