"""The page about errors."""

from __future__ import annotations

import re
from pathlib import Path

from tagboat import errors

PAGE = (Path(__file__).parents[3] / "docs" / "errors.md").read_text(encoding="utf-8")


def test_every_exit_code_has_a_section():
    """No error ends a run with a code that the page does not explain, and the page explains no other."""
    family = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.TagboatError)
    ]
    sections = [int(code) for code in re.findall(r"^## Exit code (\d+)$", PAGE, re.MULTILINE)]
    assert sections == sorted({0, *(kind.exit_code for kind in family)})


def test_the_table_leads_to_every_section():
    """The overview and the sections are about the same codes."""
    sections = re.findall(r"^## Exit code (\d+)$", PAGE, re.MULTILINE)
    assert re.findall(r"^\| \[(\d+)\]\(#exit-code-\1\) \|", PAGE, re.MULTILINE) == sections
