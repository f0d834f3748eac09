"""One command from its arguments to its result: settings, tools, pipeline, output."""

from __future__ import annotations

import dataclasses
import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TextIO

from tagboat import pipeline
from tagboat.cli.arguments import Arguments
from tagboat.errors import Location, StoppedError, TagboatError, raise_faults
from tagboat.flow.outputs import Outputs
from tagboat.flow.plan import PlanWarning
from tagboat.flow.progress import Progress
from tagboat.flow.request import Request, Step
from tagboat.report.console import Console
from tagboat.report.document import metadata_file, printable
from tagboat.report.sinks import write_outputs
from tagboat.settings import read_request
from tagboat.wiring import open_tools

_COMMANDS: Mapping[str, Callable[[Request, pipeline.Tools], Outputs]] = {
    "run": pipeline.run,
    "plan": pipeline.run,
    "tags": pipeline.tags,
    "build": pipeline.build,
    "push": pipeline.push,
    "promote": pipeline.promote,
}


def execute(arguments: Arguments, environ: Mapping[str, str], folder: Path, console: Console, stdout: TextIO) -> int:
    """Run one command and write its result to `stdout`; returns the exit code, raises `TagboatError`."""
    raise_faults(arguments.faults)
    request = read_request(arguments.command, arguments.flags, arguments.positionals, environ, folder)
    for secret in (request.github_token, *(credentials.password for credentials in request.credentials)):
        console.mask(secret)
    progress = _Recording(console)
    for warning in request.warnings:
        progress.warn(warning)
    if request.command == "migrate":
        from tagboat.cli.migrate import migrate

        return migrate(request, environ, progress, stdout)
    if request.command == "why":
        from tagboat.cli.why import why

        return why(request, environ, progress, stdout)
    if request.command == "plan":
        request = dataclasses.replace(request, dry_run=True)
    started = time.monotonic()
    changes_something = request.command != "tags" and not request.dry_run
    try:
        outputs = _outputs(request, environ, progress)
    except TagboatError as error:
        if changes_something:
            reached = progress.added_to(_formed(Outputs(), request))
            write_outputs(reached, environ, folder, delimiter=_random_word, error=error)
        raise
    outputs = dataclasses.replace(progress.added_to(_formed(outputs, request)), seconds=time.monotonic() - started)
    if changes_something:
        write_outputs(outputs, environ, folder, delimiter=_random_word)
        if request.metadata_file is not None:
            metadata_file(outputs, request.metadata_file)
    stdout.write(_text(request, outputs))
    stdout.flush()
    return next((name.exit_code for name in outputs.released.failed), 0) if outputs.released else 0


def _outputs(request: Request, environ: Mapping[str, str], progress: Progress) -> Outputs:
    try:
        with open_tools(request, environ, progress) as tools:
            return _COMMANDS[request.command](request, tools)
    except KeyboardInterrupt as interruption:
        raise StoppedError(str(interruption)) from interruption


def _formed(outputs: Outputs, request: Request) -> Outputs:
    """Return the outputs with what the request says about their form."""
    return dataclasses.replace(outputs, bake_target=request.bake_target, sets_environment=request.sets_environment)


def _random_word() -> str:
    return os.urandom(16).hex()


def _text(request: Request, outputs: Outputs) -> str:
    """Return what the command prints: its document, or text for people."""
    if request.json:
        return json.dumps(_document(request, outputs), indent=2, ensure_ascii=False) + "\n"
    if request.command == "tags" or request.until is Step.TAGS:
        from tagboat.report.plan_text import tags_text

        return tags_text(outputs.tagset) + "\n"
    if request.dry_run or request.until is Step.PLAN:
        from tagboat.report.plan_text import plan_text

        return plan_text(outputs) + "\n"
    from tagboat.report.result_text import result_text

    return result_text(outputs) + "\n"


def _document(request: Request, outputs: Outputs) -> dict[str, Any]:
    """Return the one document of --json: that of the command, or of the last step that was asked for."""
    if request.command == "tags" or request.until is Step.TAGS:
        return outputs.tagset.to_json()
    steps = {
        Step.CONTEXT: outputs.context,
        Step.PLAN: outputs.plan,
        Step.UPLOAD: outputs.uploaded,
        Step.SIGN: outputs.uploaded,
    }
    reached = steps.get(request.until)
    if reached is not None:  # a run that does not push has nothing uploaded
        return dict(printable(reached))
    if request.dry_run:
        decided = {"context": outputs.context, "push": outputs.decision, "plan": outputs.plan}
        return {**outputs.tagset.to_json(), **dict(printable(decided)), "warnings": list(outputs.warnings)}
    return outputs.to_json()


class _Recording:
    """A listener that passes everything on and keeps the warnings, which the outputs repeat."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._warnings: list[PlanWarning] = []

    def added_to(self, outputs: Outputs) -> Outputs:
        """Return the outputs with the warnings so far."""
        return dataclasses.replace(
            outputs,
            warnings=tuple(
                f"{told.location}: {told.problem}" if told.location else told.problem for told in self._warnings
            ),
            findings=tuple(told for told in self._warnings if told.location),
        )

    def group(self, title: str) -> AbstractContextManager[None]:
        return self._progress.group(title)

    def info(self, text: str) -> None:
        self._progress.info(text)

    def detail(self, text: str) -> None:
        self._progress.detail(text)

    def warn(self, problem: str, hint: str = "", *, location: Location | None = None) -> None:
        self._warnings.append(PlanWarning(problem=problem, hint=hint, location=location))
        self._progress.warn(problem, hint, location=location)

    def output(self, chunk: bytes) -> None:
        self._progress.output(chunk)
