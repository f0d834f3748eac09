"""What people and CI systems see of a run: progress, errors, outputs, the job summary and the texts of the commands."""

from __future__ import annotations

from tagboat.report.console import Console, open_console
from tagboat.report.document import metadata_file, printable
from tagboat.report.faults import render_error, unexpected
from tagboat.report.github_console import GitHubProgress
from tagboat.report.gitlab_console import GitLabProgress
from tagboat.report.plain_console import PlainProgress
from tagboat.report.plan_text import plan_text, tags_text
from tagboat.report.result_text import result_text
from tagboat.report.sinks import write_outputs

__all__ = [
    "Console",
    "GitHubProgress",
    "GitLabProgress",
    "PlainProgress",
    "metadata_file",
    "open_console",
    "plan_text",
    "printable",
    "render_error",
    "result_text",
    "tags_text",
    "unexpected",
    "write_outputs",
]
