"""A workflow's values and the lines they stand on."""

from __future__ import annotations

import pytest

from tagboat.errors import InputError
from tagboat.tools.migrate.document import Workflow

TEXT = """\
on:
  push:
jobs:
  a:
    steps:
      # about the first
      - uses: x/y@v1 # pinned
        with:
          Tags: |
            one
            two

          # about n
          n: 1.10
      -
        name: second
        run: >
          echo
          b
      - { uses: z }
  b:
    uses: ./other.yml
"""


def lines_of(span):
    return TEXT.splitlines()[span.first : span.end]


@pytest.fixture
def steps():
    return Workflow.parse(TEXT, "w.yml").jobs[0].steps


def test_a_step_has_its_lines_and_no_others(steps):
    """A step reaches from its dash to its last line: no blank line behind it, no comment of the next."""
    assert lines_of(steps[0].span)[0].strip().startswith("- uses")
    assert lines_of(steps[0].span)[-1].strip() == "n: 1.10"
    assert lines_of(steps[1].span)[0].strip() == "-"
    assert lines_of(steps[1].span)[-1].strip() == "b"


def test_a_block_scalar_ends_with_its_text(steps):
    """The lines of a value in block style are its own: the blank line and the comment behind it are not."""
    tags, number = steps[0].entry("with").inner
    assert [line.strip() for line in lines_of(tags.span)] == ["Tags: |", "one", "two"]
    assert lines_of(number.span) == ["          n: 1.10"]


def test_scalars_are_texts(steps):
    """A number keeps its digits; names of inputs are known in small letters."""
    assert steps[0].table("with") == {"tags": "one\ntwo\n", "n": "1.10"}


def test_one_key_a_line(steps):
    """A step in flow style is known as one that cannot be edited by lines."""
    assert [step.is_plain for step in steps] == [True, True, False]


@pytest.mark.parametrize(
    ("head", "triggers"),
    [
        ("on: push", {"push": ""}),
        ("on: [push, release]", {"push": "", "release": ""}),
        ('"on": {push: }', {"push": ""}),
    ],
)
def test_triggers(head, triggers):
    """Events are known in each of the three forms of `on`, which is a word here and no truth value."""
    assert Workflow.parse(head + "\njobs: {}\n", "w.yml").triggers == triggers


def test_a_fault_has_its_line():
    """Broken YAML is reported with its line."""
    with pytest.raises(InputError) as caught:
        Workflow.parse("on: push\njobs:\n  a: [\n", "w.yml")
    assert caught.value.location is not None
