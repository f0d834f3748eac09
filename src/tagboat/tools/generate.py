"""Write the files that derive from the table of inputs: `action.yml`, `templates/tagboat.yml`, `docs/inputs.md`."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from tagboat.flow.inputs import INPUTS, Input, Kind, Peer
from tagboat.tools.gitlab_template import render_template

HOW = "python3 -m tagboat.tools.generate"
_OUTPUTS = {
    "digest": "Digest that every pushed tag resolves to.",
    "digests": "Manifest digest of each platform, as JSON.",
    "imageid": "Digest of the image configuration, or of the index when there are several platforms.",
    "metadata": "Build result metadata, as JSON.",
    "version": "Version: the main tag.",
    "tags": "Full references, one a line.",
    "tag-names": "Tags without an image name, one a line.",
    "labels": "Labels, one a line.",
    "annotations": "Annotations, one a line.",
    "json": "Tags, labels and annotations, as JSON.",
    "references": "Pushed references with tag and digest, one a line.",
    "layout": "Folder or archive of the image layout.",
    "report": "File of the report.",
    "bake-file": "File for docker/bake-action with tags, labels and arguments.",
    "bake-file-tags": "File for docker/bake-action with tags and arguments.",
    "bake-file-labels": "File for docker/bake-action with labels.",
    "bake-file-annotations": "File for docker/bake-action with annotations.",
}


def render_action() -> str:
    """Return `action.yml`: every input passes through the environment, none through the command line."""
    return "\n".join((*_action_head(), *_action_inputs(), *_action_outputs(), *_action_steps(), ""))


def render_documentation() -> str:
    """Return `docs/inputs.md`."""
    return "\n".join((*_preface(), *_groups(), ""))


def write_files(root: Path) -> None:
    """Write them all below the project's folder."""
    (root / "action.yml").write_text(render_action(), encoding="utf-8")
    (root / "templates").mkdir(exist_ok=True)
    (root / "templates" / "tagboat.yml").write_text(render_template(HOW), encoding="utf-8")
    (root / "docs" / "inputs.md").write_text(render_documentation(), encoding="utf-8")


def action_inputs() -> tuple[Input, ...]:
    """Return the inputs of the action: those of `run` that are no mere flags."""
    return tuple(entry for entry in INPUTS if "run" in entry.commands and not entry.flag_only)


def _action_head() -> Iterator[str]:
    yield f"# Generated from src/tagboat/flow/inputs.py: {HOW}"
    yield "name: Tagboat"
    yield "description: Build, tag and push container images without a Docker daemon"
    yield "branding:"
    yield "  icon: anchor"
    yield "  color: blue"


def _action_inputs() -> Iterator[str]:
    yield ""
    yield "inputs:"
    for entry in action_inputs():
        yield f"  {entry.name}:"
        yield f"    description: {json.dumps(_description(entry), ensure_ascii=False)}"
        yield "    required: false"
        if entry.name == "github-token":
            yield "    default: ${{ github.token }}"


def _description(entry: Input) -> str:
    if entry.unneeded and not entry.choices:
        return f"Accepted without effect: {entry.unneeded}."
    later = " Not built yet." if not entry.built else ""
    return f"{entry.help}{_choices(entry)}{later}"


def _choices(entry: Input) -> str:
    return f" One of {', '.join(entry.choices)}." if entry.kind is Kind.CHOICE else ""


def _action_outputs() -> Iterator[str]:
    yield ""
    yield "outputs:"
    for name, description in _OUTPUTS.items():
        yield f"  {name}:"
        yield f"    description: {json.dumps(description)}"
        yield f"    value: ${{{{ steps.tagboat.outputs.{name} }}}}"


def _action_steps() -> Iterator[str]:
    yield ""
    yield "runs:"
    yield "  using: composite"
    yield "  steps:"
    yield "    - id: tagboat"
    yield "      shell: bash"
    yield '      run: python3 "$GITHUB_ACTION_PATH/entrypoint.py"'
    yield "      env:"
    for entry in action_inputs():
        yield f"        INPUT_{entry.name.upper().replace('-', '_')}: ${{{{ inputs.{entry.name} }}}}"


def _preface() -> Iterator[str]:
    yield f"<!-- Generated from src/tagboat/flow/inputs.py: {HOW} -->"
    yield "# Inputs"
    yield ""
    yield "An input has one name everywhere. `build-args` is"
    yield ""
    yield "| where | how |"
    yield "| --- | --- |"
    yield "| command line | `--build-args A=1 --build-args B=2` |"
    yield "| GitHub step | `with: build-args:`, which is the variable `INPUT_BUILD_ARGS` |"
    yield "| GitLab include | `inputs: build-args:`, which is the same variable |"
    yield "| anywhere | the variable `TAGBOAT_BUILD_ARGS` |"
    yield '| `tagboat.toml` | `build-args = ["A=1", "B=2"]`, or a table `[build-args]` |'
    yield ""
    yield "The first that is not empty counts, in this order: flag, `INPUT_…`, `TAGBOAT_…`, file, default."
    yield "`tagboat.toml` is the one in the build context, else the one in the working folder; paths in it start there."
    yield "*lines* is one item a line; *words* the same, and commas part items too; *rules* are lines with a grammar of"
    yield "their own, which commas do not part."
    yield "A switch is `--pull` or `--pull=false`. Secrets have neither a flag nor a key in the file."


def _groups() -> Iterator[str]:
    for title, entries in groupby(INPUTS, key=lambda entry: entry.group):
        yield ""
        yield f"## {title}"
        yield ""
        yield "| input | meaning | form | default | known from |"
        yield "| --- | --- | --- | --- | --- |"
        yield from (_row(entry) for entry in entries)


def _row(entry: Input) -> str:
    form = "secret" if entry.secret else str(entry.kind)
    default = entry.default or ("false" if entry.kind is Kind.BOOLEAN else "")
    remedy = f" Until then: {entry.instead}." if not entry.built else ""
    return _cells((f"`{entry.name}`", _description(entry) + remedy, form, default, _known_from(entry.peers)))


def _known_from(peers: Iterable[Peer]) -> str:
    return ", ".join(str(peer).removeprefix("docker/") for peer in peers)


def _cells(texts: Iterable[str]) -> str:
    return f"| {' | '.join(text.replace('|', chr(92) + '|') for text in texts)} |"


if __name__ == "__main__":
    write_files(Path())
