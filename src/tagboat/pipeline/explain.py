"""Why a run has a name or not: this event's decisions, and those of events that are acted out."""

from __future__ import annotations

from collections.abc import Callable

from tagboat.ci.simulation import Simulation
from tagboat.errors import FaultsError, InputError
from tagboat.flow.context import Context
from tagboat.flow.explanation import Elsewhere, Explanation
from tagboat.flow.tagset import Outcome, TagSet
from tagboat.tags.asked import AskedName


def explain(asked: AskedName, context: Context, rules: str, derive: Callable[[Context], TagSet]) -> Explanation:
    """Return why this context gives a name or not, and which of the likely events would.

    `derive` gives the tag set of a context; `rules` is the `tags` input. Raises what `derive` does for this context.
    """
    here = derive(context)
    about = asked.decisions(here)
    elsewhere: dict[str, Elsewhere] = {}
    tried = []
    for event in asked.likely_events(context, rules):
        try:
            there = derive(Simulation.parse(event).act_out(context))
        except (InputError, FaultsError):  # no name of a ref, or a rule that cannot be asked on this event
            continue
        tried.append(event)
        for decision in asked.decisions(there):
            if decision.outcome is Outcome.MADE:
                elsewhere.setdefault(decision.rule, Elsewhere(event=event, decision=decision))
    return Explanation(
        tag=str(asked),
        decisions=about or here.decisions,
        is_about_tag=bool(about),
        elsewhere=tuple(elsewhere.values()),
        tried=tuple(tried),
    )
