"""The files that derive from the table of inputs are those that it gives."""

from __future__ import annotations

import re
from pathlib import Path

from tagboat.flow.inputs import INPUTS
from tagboat.tools.generate import HOW, action_inputs, render_action, render_documentation, write_files
from tagboat.tools.gitlab_template import render_template

ROOT = Path(__file__).parents[3]
REMEDY = "run python3 -m tagboat.tools.generate"


def test_action_is_current():
    """`action.yml` is what the table gives."""
    assert (ROOT / "action.yml").read_text() == render_action(), REMEDY


def test_component_is_current():
    """`templates/tagboat.yml` is what the table gives."""
    assert (ROOT / "templates" / "tagboat.yml").read_text() == render_template(HOW), REMEDY


def test_documentation_is_current():
    """`docs/inputs.md` is what the table gives."""
    assert (ROOT / "docs" / "inputs.md").read_text() == render_documentation(), REMEDY


def test_action_runs_one_line():
    """The action has one step with one `run:` line, which holds no expression, and uses no other action."""
    action = render_action()
    runs = re.findall(r"^ *run: (.*)$", action, re.MULTILINE)
    assert runs == ['python3 "$GITHUB_ACTION_PATH/entrypoint.py"']
    assert "uses:" not in action


def test_action_has_one_default():
    """No input of the action has a default but the token, so that an empty value is an absent one."""
    assert re.findall(r"^ *default: (.*)$", render_action(), re.MULTILINE) == ["${{ github.token }}"]


def test_action_passes_every_input():
    """Every input of the action reaches the command as a variable that it reads."""
    passed = dict(re.findall(r"^ *(INPUT_\w+): \$\{\{ inputs\.([a-z-]+) \}\}$", render_action(), re.MULTILINE))
    assert set(passed.values()) == {entry.name for entry in action_inputs()}
    assert all(
        variable in entry.variables
        for entry in action_inputs()
        for variable in passed
        if passed[variable] == entry.name
    )


def test_documentation_names_every_input():
    """The documentation has a row for each input."""
    text = render_documentation()
    assert all(f"| `{entry.name}` |" in text for entry in INPUTS)


def test_files_are_written(tmp_path):
    """The files are written where they belong."""
    (tmp_path / "docs").mkdir()
    write_files(tmp_path)
    assert (tmp_path / "action.yml").read_text() == render_action()
    assert (tmp_path / "templates" / "tagboat.yml").read_text() == render_template(HOW)
    assert (tmp_path / "docs" / "inputs.md").read_text() == render_documentation()
