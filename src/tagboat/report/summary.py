"""The job summary: what a person looks for after a run, as Markdown."""

from __future__ import annotations

from collections.abc import Mapping

from tagboat.errors import Location, TagboatError
from tagboat.flow.built import Built
from tagboat.flow.outputs import Outputs
from tagboat.flow.released import Move, ReleasedName
from tagboat.flow.tagset import Outcome
from tagboat.report.escaping import code, markdown
from tagboat.report.faults import flattened
from tagboat.report.markdown_table import table, within
from tagboat.report.units import count, duration_text, size_text

# GitHub refuses a summary over 1 MiB as a whole; the parts below stay under 200 KiB together.
_PLATFORMS, _TAGS, _NAMES, _LABELS, _WARNINGS, _ERRORS = 20_000, 50_000, 40_000, 20_000, 30_000, 20_000

_SIGNS = {
    Outcome.MADE: "✅",
    Outcome.SKIPPED: "⏭️",
    Outcome.WITHHELD: "✋",
    Outcome.DUPLICATE: "♻️",
    Move.PUSHED: "✅",
    Move.UNCHANGED: "🟰",
    Move.FAILED: "❌",
}


def summary_markdown(outputs: Outputs, *, error: TagboatError | None = None) -> str:
    """Return the summary of a run, less than 200 KiB; `error` is what ended it early.

    Every text that comes from outside is escaped.
    """
    parts = (
        _head(outputs, error),
        _image(outputs),
        _errors(error),
        _platforms(outputs.built),
        _names(outputs),
        _tags(outputs),
        _labels(outputs.tagset.labels),
        _warnings(outputs),
    )
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def _head(outputs: Outputs, error: TagboatError | None) -> list[str]:
    released = outputs.released.names if outputs.released else ()
    names = [*outputs.tagset.references, *(name.reference for name in released)]
    title = names[0].repository.familiar if names else "image"
    version = f" {markdown(outputs.tagset.version)}" if outputs.tagset.version else ""
    spent = f" · {duration_text(outputs.seconds)}" if outputs.seconds else ""
    return [f"## Tagboat: {markdown(title)}{version}", "", f"{_status(outputs, error)}{spent}"]


def _status(outputs: Outputs, error: TagboatError | None) -> str:
    """Return the one line that says what came of the run."""
    released = outputs.released
    if released and released.failed:
        return f"❌ **{len(released.failed)} of {count(len(released.names), 'name')} failed**"
    if error:
        return f"❌ **Failed** (exit code {error.exit_code})"
    if released and released.names:
        moved = sum(name.outcome is Move.PUSHED for name in released.names)
        return f"✅ **Pushed {count(moved, 'name')}**" if moved else "✅ **Every name pointed to this image before**"
    why = f": {markdown(outputs.decision.reason)}" if outputs.decision and not outputs.decision.push else ""
    return f"✅ **Built, not pushed**{why}" if outputs.built else f"⏭️ **Nothing was built**{why}"


def _errors(error: TagboatError | None) -> list[str]:
    if error is None:
        return []
    faults = flattened(error)
    return ["### Errors", "", *within([_finding(f.problem, f.hint, f.location) for f in faults], _ERRORS)]


def _image(outputs: Outputs) -> list[str]:
    rows = [
        ("Digest", code(str(outputs.root.digest)) if outputs.root else ""),
        ("Version", code(outputs.tagset.version)),
        ("Layout", code(outputs.layout)),
        ("Push", markdown(outputs.decision.reason) if outputs.decision and outputs.decision.push else ""),
    ]
    facts = [f"- **{name}**: {value}" for name, value in rows if value]
    if not outputs.references:
        return facts
    # A checked reference holds nothing that could end the code block.
    return [*facts, "", "```sh", f"docker pull {outputs.references[0]}", "```"]


def _platforms(built: Built | None) -> list[str]:
    if built is None:
        return []
    rows = [
        (
            markdown(str(platform)),
            str(len(image.layers)),
            size_text(image.layer_bytes),
            code(image.manifest.digest),
        )
        for platform, image in built.images.items()
    ]
    return ["### Platforms", "", *table(("Platform", "Layers", "Size", "Manifest"), rows, budget_bytes=_PLATFORMS)]


def _names(outputs: Outputs) -> list[str]:
    if outputs.released is None or not outputs.released.names:
        return []
    rows = [_name(name) for name in outputs.released.names]
    return ["### Names", "", *table(("Name", "Outcome", "Sent", "There before"), rows, budget_bytes=_NAMES)]


def _name(name: ReleasedName) -> tuple[str, ...]:
    problem = f": {markdown(name.problem)}" if name.problem else ""
    cost = name.transfer  # zero where another name of the same repository has it
    return (
        code(name.reference.familiar),
        f"{_SIGNS[name.outcome]} {name.outcome}{problem}",
        *((size_text(cost.bytes_sent), size_text(cost.bytes_skipped)) if cost.requests else ("", "")),
    )


def _tags(outputs: Outputs) -> list[str]:
    rows = [
        (
            code(decision.rule),
            code(decision.tag),
            f"{_SIGNS[decision.outcome]} {decision.outcome}",
            markdown(decision.reason),
        )
        for decision in outputs.tagset.decisions
    ]
    return ["### Tags", "", *table(("Rule", "Tag", "Outcome", "Reason"), rows, budget_bytes=_TAGS)] if rows else []


def _labels(labels: Mapping[str, str]) -> list[str]:
    if not labels:
        return []
    rows = [(code(key), code(value)) for key, value in sorted(labels.items())]
    shown = table(("Label", "Value"), rows, budget_bytes=_LABELS)
    return [f"<details><summary>{count(len(rows), 'label')}</summary>", "", *shown, "", "</details>"]


def _warnings(outputs: Outputs) -> list[str]:
    """Return the warnings, each once; those about a line of a file first, since there is something to mend."""
    planned = outputs.plan.warnings if outputs.plan else ()
    told = {f"{warning.location}: {warning.problem}" if warning.location else warning.problem for warning in planned}
    others = (text for text in (*outputs.tagset.warnings, *outputs.warnings) if text not in told)
    lines = [_finding(warning.problem, warning.hint, warning.location) for warning in planned]
    lines += [f"- {markdown(text)}" for text in others]
    return ["### Warnings", "", *within(list(dict.fromkeys(lines)), _WARNINGS)] if lines else []


def _finding(problem: str, hint: str, location: Location | None) -> str:
    place = f"{code(str(location))} " if location else ""
    return f"- {place}{markdown(problem)}{f' — {markdown(hint)}' if hint else ''}"
