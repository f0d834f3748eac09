"""Names of versions only move forward: what the git tags say of it, before anything is built."""

from __future__ import annotations

import dataclasses

from tagboat.flow.past import Past
from tagboat.flow.tagset import Decision, Outcome, TagSet, VersionLine
from tagboat.oci.reference import TagName
from tagboat.versions import find_higher, versions_within


def withhold_outdated(tagset: TagSet, past: Past) -> TagSet:
    """Return the set without the names that belong to a higher version, by the git tags here.

    Each is a decision with its reason, and a warning. A checkout that may lack tags proves what it has; what it lacks
    is left to the registry, and the decisions say so.
    """
    lines = {name: known.line for name, known in tagset.standings.items() if known.line}
    if not lines:
        return tagset
    higher = {name: _find(line, past.tags()) for name, line in lines.items()}
    outdated = {name for name, version in higher.items() if version}
    decisions = tuple(_decided(decision, higher, past.missing()) for decision in tagset.decisions)
    withheld = (each for each in decisions if each.outcome is Outcome.WITHHELD and each not in tagset.decisions)
    return dataclasses.replace(
        tagset,
        names=tuple(name for name in tagset.names if name not in outdated),
        references=tuple(reference for reference in tagset.references if reference.tag not in outdated),
        decisions=decisions,
        warnings=(*tagset.warnings, *(f"tags: {each.tag} is withheld: {each.reason}" for each in withheld)),
    )


def _find(line: VersionLine, tags: tuple[str, ...]) -> str:
    """Return the git tag that has the name's line before this run's version, empty without one."""
    found = find_higher(line, versions_within(tags, line.git_prefix, line.git_suffix))
    return f"{line.git_prefix}{found}{line.git_suffix}" if found else ""


def _decided(decision: Decision, higher: dict[TagName, str], missing: str) -> Decision:
    """Return a decision with what the git tags have to say about its name."""
    name = TagName(decision.tag.rpartition(":")[2])
    if decision.outcome is not Outcome.MADE or name not in higher:
        return decision
    if higher[name]:
        reason = f"{decision.reason}, but the git tag {higher[name]} is higher"
        return dataclasses.replace(decision, outcome=Outcome.WITHHELD, reason=reason)
    known = f"{missing}: the tags of the registry decide when it is pushed" if missing else "no git tag is higher"
    return dataclasses.replace(decision, reason=f"{decision.reason}; {known}")
