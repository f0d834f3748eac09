"""The real tools of the pipeline: network client, keychain, CI context, clock."""

from __future__ import annotations

import os
import platform
import random
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tagboat import __version__
from tagboat.ci.history import GitHistory
from tagboat.ci.past import CheckoutPast
from tagboat.errors import InputError
from tagboat.flow.context import Context
from tagboat.flow.inputs import CLOCK_VARIABLE
from tagboat.flow.progress import Progress
from tagboat.flow.request import Request
from tagboat.oci.platform import Platform
from tagboat.pipeline import Tools

if TYPE_CHECKING:
    from tagboat.executors.roots import Executor
    from tagboat.net.client import HttpClient
    from tagboat.registry.client import Registry
    from tagboat.sources import Fetched, RecordedModes


@contextmanager
def open_tools(request: Request, environ: Mapping[str, str], progress: Progress) -> Iterator[Tools]:
    """Give the tools of one command; nothing is opened or asked before a step needs it, all is closed at the end.

    Raises `InputError` when TAGBOAT_NOW is no time.
    """
    opened: list[HttpClient] = []
    registries: list[Registry] = []

    def http() -> HttpClient:
        if not opened:
            opened.append(_http(request, environ))
        return opened[0]

    def registry() -> Registry:
        if not registries:
            registries.append(_registry(request, environ, http()))
        return registries[0]

    def fetch(url: str, path: Path) -> Fetched:
        from tagboat.sources import fetch_file

        return fetch_file(url, path, http())

    tools = Tools(
        progress=progress,
        now=_now(environ),
        native=native_platform(),
        jobs=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        temporary=Path(environ.get("RUNNER_TEMP") or tempfile.gettempdir()),
        read_context=lambda request: _context(request, environ),
        history=GitHistory(environ, request.context),
        past=CheckoutPast(environ=environ, folder=request.context),
        recorded_modes=lambda folder: _recorded_modes(folder, environ),
        registry=registry,
        fetch=fetch,
        executor=lambda request, folder: _executor(request, folder, environ, progress),
        name_servers=_name_servers,
    )
    try:
        yield tools
    finally:
        for client in opened:
            client.close()


def native_platform() -> Platform:
    """Return the platform that images for this machine have: its architecture, with linux as the OS."""
    return Platform.normalised("linux", platform.machine() or "amd64")


def _context(request: Request, environ: Mapping[str, str]) -> Context:
    from tagboat.ci import read_context

    return read_context(environ, request.context, simulate=request.event, pr_head_sha=request.tagging.pr_head_sha)


def _recorded_modes(folder: Path, environ: Mapping[str, str]) -> RecordedModes:
    from tagboat.ci.records import recorded_modes

    return recorded_modes(environ, folder)


def _executor(
    request: Request, folder: Path, environ: Mapping[str, str], progress: Progress
) -> AbstractContextManager[Executor]:
    from tagboat.executors.choice import open_executor
    from tagboat.proc import run

    path = {"PATH": environ.get("PATH", os.defpath)}
    return open_executor(request.executor, folder, run=lambda argv: run(argv, env=path), progress=progress)


def _name_servers() -> bytes:
    try:
        return Path("/etc/resolv.conf").read_bytes()
    except OSError:
        return b""


def _http(request: Request, environ: Mapping[str, str]) -> HttpClient:
    if request.offline:
        raise InputError(
            "offline: this run needs a registry or another server",
            "drop offline, or name a layout for the image in build-contexts",
        )
    from tagboat.net.client import HttpClient

    return HttpClient(
        environ=environ,
        random=random.random,
        now=time.time,
        ca_file=request.ca_file,
        user_agent=f"tagboat/{__version__} python/{sys.version_info.major}.{sys.version_info.minor}",
    )


def _registry(request: Request, environ: Mapping[str, str], http: HttpClient) -> Registry:
    from tagboat.auth.keychain import Keychain
    from tagboat.proc import run
    from tagboat.registry.client import Registry

    keychain = Keychain.usual(
        credentials=request.credentials,
        github_token=request.github_token,
        environ=environ,
        home=_home(environ),
        uid=os.getuid(),
        run=run,
    )
    return Registry(http, keychain, insecure_registries=request.insecure_registries)


def _home(environ: Mapping[str, str]) -> Path | None:
    return Path(environ["HOME"]) if environ.get("HOME") else None


def _now(environ: Mapping[str, str]) -> datetime:
    """Return the clock's time, or the one that TAGBOAT_NOW puts in its place; UTC unless it says otherwise."""
    text = environ.get(CLOCK_VARIABLE, "").strip()
    if not text:
        return datetime.now(UTC)
    try:
        now = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{CLOCK_VARIABLE}: {text!r} is not a time", "write it as 2026-01-31T12:00:00Z") from error
    return now if now.tzinfo else now.replace(tzinfo=UTC)
