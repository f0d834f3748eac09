"""The only door to subprocess: run a program to its end, never through a shell."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tagboat.errors import MachineError


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """What a program left: its exit status (negative: the signal that ended it) and its output as bytes."""

    status: int
    stdout: bytes
    stderr: bytes


def run(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    stdin: bytes = b"",
    cwd: str | None = None,
    timeout_seconds: float = 60,
) -> Finished:
    """Run `argv` with exactly this environment and wait for it.

    Raises `MachineError` when the program is not there, cannot be started or does not end in time. A non-zero exit
    status is not an error here: the caller knows what it means.
    """
    try:
        done = subprocess.run(
            list(argv), env=dict(env), input=stdin, cwd=cwd, timeout=timeout_seconds, capture_output=True, check=False
        )
    except FileNotFoundError as error:
        raise MachineError(f"{argv[0]} is not installed", f"install {argv[0]}, or put it on PATH") from error
    except OSError as error:
        raise MachineError(f"{argv[0]} cannot be started: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        raise MachineError(f"{argv[0]} did not end within {timeout_seconds:g} seconds") from error
    return Finished(status=done.returncode, stdout=done.stdout, stderr=done.stderr)


class Started:
    """A program that runs beside us."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """The process number."""
        return self._process.pid

    def end(self, *, timeout_seconds: float) -> None:
        """Wait until it has ended, which it was told to by other means; after the time is up, end it by force."""
        try:
            self._process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def start(argv: Sequence[str], *, env: Mapping[str, str], pass_files: Sequence[int] = ()) -> Started:
    """Start `argv` in a session of its own, with exactly this environment, no input, and these open files.

    Its output goes where ours goes to. Raises `MachineError` when it cannot be started.
    """
    try:
        process = subprocess.Popen(
            list(argv), env=dict(env), stdin=subprocess.DEVNULL, start_new_session=True, pass_fds=pass_files
        )
    except OSError as error:
        raise MachineError(f"{argv[0]} cannot be started: {error.strerror}") from error
    return Started(process)
