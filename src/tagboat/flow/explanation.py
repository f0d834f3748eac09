"""The answer to `why TAG`: what became of a name here, and which events would give it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tagboat.flow.tagset import Decision, Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """A rule that gives the name on another event; `event` is in the form of `--event`."""

    event: str
    decision: Decision

    def to_json(self) -> dict[str, str]:
        """Return the object of `why --json`."""
        return {"event": self.event, **self.decision.to_json()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why there is a name, or why not.

    `decisions` are those about the name on this event, or where there is none those of all rules. `elsewhere` has one
    event for each rule that gives the name, of those `tried`.
    """

    tag: str
    decisions: tuple[Decision, ...]
    is_about_tag: bool
    elsewhere: tuple[Elsewhere, ...] = ()
    tried: tuple[str, ...] = ()

    @property
    def is_made(self) -> bool:
        """Tell whether this event gives the name."""
        return self.is_about_tag and any(decision.outcome is Outcome.MADE for decision in self.decisions)

    def to_json(self) -> dict[str, Any]:
        """Return the document of `why --json`."""
        return {
            "tag": self.tag,
            "made": self.is_made,
            "decisions": [decision.to_json() for decision in self.decisions],
            "events": [entry.to_json() for entry in self.elsewhere],
            "tried": list(self.tried),
        }
