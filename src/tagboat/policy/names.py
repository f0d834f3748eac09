"""What a push needs: at least one name, and each at most once."""

from __future__ import annotations

from collections.abc import Iterator

from tagboat.errors import InputError
from tagboat.flow.tagset import Outcome, TagSet


def check_names(tagset: TagSet, *, names_images: bool) -> Iterator[InputError]:
    """Yield what keeps a tag set from being pushed: no tag, or no image; `names_images` says that the input does.

    A set whose tags are all withheld is no fault of the inputs: there is just nothing to push.
    """
    if not tagset.names and any(decision.outcome is Outcome.WITHHELD for decision in tagset.decisions):
        return
    if not tagset.names:
        reasons = "; ".join(
            f"{decision.rule}: {decision.reason}"
            for decision in tagset.decisions
            if decision.outcome is Outcome.SKIPPED
        )
        yield InputError(
            "tags: this run is to push, but no rule gives a tag" + (f" ({reasons})" if reasons else ""),
            "add a rule that holds on this event, such as type=sha; `tagboat tags` shows what each rule gives",
        )
    if not tagset.references and not names_images:
        yield InputError(
            "images: this run is to push, but no image is named", "write images: HOST/NAME, such as ghcr.io/me/app"
        )
