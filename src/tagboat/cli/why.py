"""The command `why`: which rule gives a tag, on which event, and why."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TextIO

from tagboat import pipeline
from tagboat.flow.progress import Progress
from tagboat.flow.request import Request
from tagboat.report.why_text import why_text
from tagboat.wiring import open_tools


def why(request: Request, environ: Mapping[str, str], progress: Progress, stdout: TextIO) -> int:
    """Explain a tag on `stdout`; returns the exit code 0, whether or not there is one."""
    with open_tools(request, environ, progress) as tools:
        explanation = pipeline.why(request, tools)
    if request.json:
        stdout.write(json.dumps(explanation.to_json(), indent=2, ensure_ascii=False) + "\n")
    else:
        stdout.write(why_text(explanation) + "\n")
    stdout.flush()
    return 0
