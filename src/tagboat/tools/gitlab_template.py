"""The GitLab component, `templates/tagboat.yml`, as it derives from the table of inputs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from tagboat.flow.inputs import INPUTS, Input, Kind
from tagboat.report.gitlab import ANNOTATIONS, CODE_QUALITY, DOTENV

_LISTS = {Kind.LINES, Kind.WORDS, Kind.RULES}

# What GitLab itself asks for a job; these have defaults, inputs of Tagboat have none: an empty value is an absent one.
_JOB_INPUTS = """\
    job-name:
      description: "Name of the job."
      default: tagboat
    stage:
      description: "Stage of the job."
      default: build
    image:
      description: "Image that the job runs in: any with python3, 3.11 or newer. git and pip are added if need be."
      default: python:3.13-slim
    runner-tags:
      description: "Tags of the runners that may take the job."
      type: array
      default: [" "] # GitLab drops a blank tag, while its schema refuses an empty list
    rules:
      description: "When the job runs. Usually in every pipeline of a branch or tag, as a job without rules does."
      type: array
      default:
        - if: $CI_COMMIT_BRANCH || $CI_COMMIT_TAG
    tool:
      description: "What to install: a pip requirement, a wheel's path or address; empty where the image has it."
      default: tagboat"""

_JOB = """\
---
"$[[ inputs.job-name ]]":
  stage: $[[ inputs.stage ]]
  image: $[[ inputs.image ]]
  tags: $[[ inputs.runner-tags ]]
  rules: $[[ inputs.rules ]]
  variables:
    # INPUT_ and not TAGBOAT_: the job's empty variables would hide the TAGBOAT_ ones that a pipeline sets for all jobs.
"""

# In a subshell, since the runner has a trap of its own; nothing is left on a runner that keeps its file system.
_SCRIPT = """\
    COMPONENT_TOOL: $[[ inputs.tool ]]
  script:
    - |
      (
        set -eu
        [ -n "$COMPONENT_TOOL" ] || exec tagboat run
        missing=""
        command -v git >/dev/null || missing="git"
        python3 -m pip --version >/dev/null 2>&1 || missing="$missing python3-pip"
        if [ -n "$missing" ]; then
          echo "installing what this image lacks: $missing"
          if command -v apt-get >/dev/null; then
            apt-get update -qq && apt-get install -qq -y --no-install-recommends $missing >/dev/null
          elif command -v apk >/dev/null; then
            apk add --quiet $(echo "$missing" | sed s/python3-pip/py3-pip/)
          elif command -v microdnf >/dev/null; then
            microdnf install -y $missing >/dev/null
          elif command -v dnf >/dev/null; then
            dnf install -q -y $missing
          else
            false
          fi || { echo "cannot install them: choose an image that has python3, pip and git" >&2; exit 11; }
        fi
        folder=$(mktemp -d)
        trap 'rm -rf "$folder"' EXIT
        python3 -m venv --without-pip "$folder"
        python3 -m pip --python "$folder/bin/python" install --quiet --disable-pip-version-check "$COMPONENT_TOOL"
        "$folder/bin/tagboat" run
      )
"""


def render_template(how: str) -> str:
    """Return the component: two YAML documents, its inputs and its job; `how` is the command that writes it anew.

    Every input of Tagboat is a text: GitLab's booleans and numbers cannot be absent, and its arrays lose backslashes on
    their way into a variable.
    """
    return "\n".join((*_head(how), *_inputs(), "")) + _JOB + "\n".join((*_variables(), "")) + _SCRIPT + _reports()


def template_inputs() -> tuple[Input, ...]:
    """Return the table's inputs that the component takes: those of `run` that have an effect."""
    return tuple(entry for entry in INPUTS if _is_of_use(entry))


def _is_of_use(entry: Input) -> bool:
    return "run" in entry.commands and not entry.flag_only and entry.built and not entry.unneeded


def _head(how: str) -> Iterator[str]:
    yield f"# Generated from src/tagboat/flow/inputs.py: {how}"
    yield "spec:"
    yield "  inputs:"
    yield _JOB_INPUTS


def _inputs() -> Iterator[str]:
    for entry in template_inputs():
        yield f"    {entry.name}:"
        yield f"      description: {json.dumps(_description(entry), ensure_ascii=False)}"
        yield '      default: ""'
        yield from _limits(entry)


def _description(entry: Input) -> str:
    if entry.secret:
        return f"{entry.help} Write the name of a masked variable, as $NAME, never the value."
    return f"{entry.help} One item a line." if entry.kind in _LISTS else entry.help


def _limits(entry: Input) -> Iterable[str]:
    match entry.kind:
        case Kind.BOOLEAN:
            return (f"      options: {json.dumps(['', 'true', 'false'])}",)
        case Kind.CHOICE:
            return (f"      options: {json.dumps(['', *entry.choices])}",)
        case Kind.INTEGER:
            return ("      regex: ^[0-9]*$",)
        case _:
            return ()


def _variables() -> Iterator[str]:
    for entry in template_inputs():
        yield f"    INPUT_{entry.name.upper().replace('-', '_')}: $[[ inputs.{entry.name} ]]"


def _reports() -> str:
    return f"""\
  artifacts:
    reports:
      dotenv: {DOTENV}
      annotations: {ANNOTATIONS}
      codequality: {CODE_QUALITY}
"""
