"""The text of `why`: the rules that gave a name or did not, and the events that would."""

from __future__ import annotations

from tagboat.flow.explanation import Explanation
from tagboat.flow.tagset import Decision
from tagboat.report.escaping import visible
from tagboat.report.table import columns

_INDENT = "  "


def why_text(explanation: Explanation, *, width: int = 100) -> str:
    """Return the answer for people; `width` is the terminal's, in characters."""
    name = visible(explanation.tag)
    verdict = "is made here" if explanation.is_made else "is not made here"
    rows = [_row(decision, with_tag=not explanation.is_about_tag) for decision in explanation.decisions]
    lines = [f"{name} {verdict}", *columns(rows, width=width, indent=_INDENT)]
    if explanation.is_made:
        return "\n".join(lines)
    if not explanation.elsewhere:
        tried = ", ".join(visible(event) for event in explanation.tried)
        return "\n".join([*lines, "", f"No rule gives it on these events either: {tried}"])
    events = [
        (f"--event {entry.event}", f"{entry.decision.rule}: {entry.decision.reason}") for entry in explanation.elsewhere
    ]
    return "\n".join([*lines, "", "It would be made on", *columns(events, width=width, indent=_INDENT)])


def _row(decision: Decision, *, with_tag: bool) -> tuple[str, ...]:
    told = f"{decision.rule}: {decision.reason}"
    return (decision.outcome, decision.tag or "-", told) if with_tag else (decision.outcome, told)
