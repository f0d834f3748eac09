"""The metadata steps of a job: whose outputs are used where, and whether a build step can take their inputs over."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tagboat.flow.inputs import BY_NAME, Peer
from tagboat.tools.migrate.document import Job, Span, Step, Workflow
from tagboat.tools.migrate.expressions import whole_expression
from tagboat.tools.migrate.inputs import Translated, split_items

_BAKE_FILES = ("bake-file", "bake-file-tags", "bake-file-labels", "bake-file-annotations")
_OUTPUTS = ("tags", "labels", "annotations", "version", "json", "tag-names", *_BAKE_FILES)
# build-push-action parts tags at lines and commas, labels and annotations at lines alone.
_INLINED = ("tags", "labels", "annotations")


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """A line that names an output of a metadata step; `step` is the step it stands in, None outside of all."""

    line: int
    output: str
    step: Step | None


def uses_of(metadata: Step, workflow: Workflow, job: Job, besides: Iterable[Span]) -> list[Use]:
    """Return where a job uses a metadata step, lines in `besides` and its own left out."""
    name = re.escape(metadata.text("id"))
    if not name:
        return []
    pattern = re.compile(
        rf"\bsteps(?:\.{name}(?![\w-])|\[['\"]{name}['\"]\])(?:\.outputs(?:\.([\w-]+)|\[['\"]([\w-]+)))?"
    )
    skipped = [metadata.span, *besides]
    return [
        Use(line=number, output=found[1] or found[2] or "", step=_step_at(job, number))
        for number in range(job.span.first, job.span.end)
        if not any(number in span for span in skipped)
        for found in pattern.finditer(workflow.lines[number])
    ]


def reads_variables(workflow: Workflow, job: Job) -> bool:
    """Tell whether a step of the job reads the variables that a metadata step sets."""
    return any("DOCKER_METADATA_OUTPUT" in line for line in workflow.lines[job.span.first : job.span.end])


def strange_use(uses: Iterable[Use], workflow: Workflow) -> str:
    """Return what a job uses of a metadata step that Tagboat does not give, empty when there is nothing."""
    for use in uses:
        if use.output not in _OUTPUTS:
            return use.output or workflow.lines[use.line].strip()
        if use.output == "json" and re.search(r"json\s*\)\.annotations", workflow.lines[use.line]):
            return "json.annotations"
    return ""


def inlined_step(build: Step, candidates: Iterable[Step]) -> Step | None:
    """Return the metadata step whose rules a build step can take over: its tags are that one's, and perhaps more."""
    by_id = {step.text("id"): step for step in candidates if step.text("id")}
    items = split_items(build.table("with").get("tags", ""))
    named = [name for item in items if (name := _id_in(item, "tags"))]
    others = [item for item in items if not _id_in(item, "tags")]
    if len(named) != 1 or named[0] not in by_id or any("steps." in item for item in others):
        return None
    found = by_id[named[0]]
    texts = [build.table("with").get(name, "") for name in ("labels", "annotations")]
    foreign = [line for text in texts for line in text.splitlines() if _names_other(line, by_id, found)]
    return found if found.text("if") in {"", build.text("if")} and not foreign else None


def merged(build: Step, metadata: Step, name: str) -> tuple[list[str], bool]:
    """Return the lines of a build step's list input that are its own, and whether it takes in the metadata's too."""
    text = build.table("with").get(name, "")
    items = split_items(text) if name == "tags" else [line.strip() for line in text.splitlines() if line.strip()]
    own = [item for item in items if _id_in(item, name) != metadata.text("id")]
    return own, len(own) < len(items)


def translate_metadata(step: Step, *, used: bool) -> Translated:
    """Return the inputs that stay inputs; `used` says that steps other than the build use the outputs."""
    translated = Translated()
    for name, text in step.table("with").items():
        entry = BY_NAME.get(name)
        if not text.strip():
            translated.drop(name, "it is empty")
        elif name == "context":
            _translate_context(translated, text.strip())
        elif entry is None or Peer.METADATA not in entry.peers:
            translated.refuse(name, "docker/metadata-action has no such input today")
        elif name == "github-token":
            translated.drop(name, "no API is called")
        elif name.startswith("sep-") and used:
            translated.refuse(name, "outputs have one item a line, and other steps use them")
        elif name == "bake-target" and not used:
            translated.drop(name, "nothing uses the bake files")
        elif entry.unneeded:
            translated.drop(name, entry.unneeded)
        else:
            translated.keep(step, name)
    return translated


def _translate_context(translated: Translated, text: str) -> None:
    if text == "workflow":
        translated.drop("context", "it is what Tagboat does")
    else:
        translated.refuse("context", f"Tagboat goes by the event, not by the checkout ({text})")


def _id_in(item: str, output: str) -> str:
    """Return the id of the step whose output an item consists of, empty when it is anything else."""
    found = re.fullmatch(rf"steps\.([\w-]+)\.outputs\.{output}", whole_expression(item))
    return found[1] if found else ""


def _names_other(line: str, by_id: dict[str, Step], wanted: Step) -> bool:
    """Tell whether a line of labels names a metadata step otherwise than as the wanted one's whole output."""
    named = {name for name in by_id if re.search(rf"\bsteps\.{re.escape(name)}\b", line)}
    whole = any(_id_in(line.strip(), output) == wanted.text("id") for output in _INLINED)
    return bool(named) and not whole


def _step_at(job: Job, line: int) -> Step | None:
    return next((step for step in job.steps if line in step.span), None)
