"""The closing lines of `build`, `run` and `push`."""

from __future__ import annotations

from collections.abc import Iterator

from tagboat.flow.outputs import Outputs
from tagboat.flow.released import Move, ReleasedName
from tagboat.flow.uploaded import Transfer
from tagboat.report.colour import coloured
from tagboat.report.escaping import visible
from tagboat.report.units import size_text


def result_text(outputs: Outputs, *, colour: bool = False) -> str:
    """Return what a run left, one fact a line: the digest, each name with its outcome, the layout.

    The first word of a line says what follows, so that a script can cut it; no newline at the end.
    """
    lines = list(_lines(outputs))
    return "\n".join(coloured(line) for line in lines) if colour else "\n".join(lines)


def _lines(outputs: Outputs) -> Iterator[str]:
    if outputs.root:
        yield f"digest     {outputs.root.digest}"
    if outputs.built and len(outputs.built.images) > 1:
        for platform, digest in outputs.built.digests.items():
            yield f"platform   {digest}  {platform}"
    if outputs.layout:
        yield f"layout     {visible(outputs.layout)}"
    for name in outputs.released.names if outputs.released else ():
        yield _name(name)
    if outputs.decision and not outputs.decision.push:
        yield f"not pushed: {visible(outputs.decision.reason)}"


def _name(name: ReleasedName) -> str:
    match name.outcome:
        case Move.FAILED:
            return f"{name.outcome:<9}  {name.reference.familiar}: {visible(name.problem)}"
        case Move.PUSHED | Move.UNCHANGED:
            return f"{name.outcome:<9}  {name.reference.familiar}{_cost(name.transfer)}"


def _cost(transfer: Transfer) -> str:
    """Return what a repository cost; it stands at the first of its names only."""
    if not transfer.requests:
        return ""
    sent, there = size_text(transfer.bytes_sent), size_text(transfer.bytes_skipped)
    return f"  ({sent} sent, {there} there before)"
