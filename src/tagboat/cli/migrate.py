"""`tagboat migrate`: a workflow in, the new one and a report on it out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TextIO

from tagboat.errors import InputError, MachineError
from tagboat.flow.migration import Migration
from tagboat.flow.progress import Progress
from tagboat.flow.request import Request
from tagboat.report.migration_text import job_text, left_text
from tagboat.temporary import partial_path
from tagboat.tools.migrate import migrate_workflow
from tagboat.wiring import open_tools


def migrate(request: Request, environ: Mapping[str, str], progress: Progress, stdout: TextIO) -> int:
    """Rewrite a workflow: to `stdout`, or into its file with `write`; returns the exit code, raises `TagboatError`.

    A job that is left as it is makes a warning and no failure: the workflow still works.
    """
    assert request.workflow is not None, "the settings ask for a workflow"
    text = _read(request.workflow)
    with open_tools(request, environ, progress) as tools:
        checkout = tools.read_context(request)
        migration = migrate_workflow(text, str(request.workflow), checkout=checkout, now=tools.now)
    _tell(migration, progress)
    if request.write and migration.text != text:
        _write(request.workflow, migration.text)
    if request.json:
        stdout.write(json.dumps(migration.to_json(), indent=2, ensure_ascii=False) + "\n")
    elif not request.write:
        stdout.write(migration.text)
    stdout.flush()
    return 0


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise InputError(f"migrate: {path} cannot be read: {error.strerror}", "make it readable") from error
    except UnicodeDecodeError as error:
        raise InputError(f"migrate: {path} is no text", "name a file of .github/workflows") from error


def _tell(migration: Migration, progress: Progress) -> None:
    if not migration.jobs:
        progress.warn(f"{migration.file}: no job uses docker's actions, so there is nothing to migrate")
    for report in migration.jobs:
        for line in job_text(report):
            progress.info(line)
        if not report.is_converted:
            progress.warn(left_text(report))


def _write(path: Path, text: str) -> None:
    try:
        with partial_path(path.parent, path.name) as partial:
            partial.write_bytes(text.encode())
            partial.chmod(path.stat().st_mode)
            partial.replace(path)
    except OSError as error:
        raise MachineError(f"cannot write {path}: {error.strerror}", "make the file and its folder writable") from error
