"""The one place that prints and exits: run a command, show what it gives or what is wrong."""

from __future__ import annotations

import io
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

from tagboat import __version__
from tagboat.cli.arguments import Arguments, read_arguments

_BUG, _INTERRUPTED = 1, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; nothing but the command's own result goes to stdout."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # names that the locale cannot write must not end a run
        sys.stdout.reconfigure(errors="backslashreplace")
    arguments = read_arguments(sys.argv[1:] if argv is None else argv)
    if arguments.wants_version:
        sys.stdout.write(f"tagboat {__version__}\n")
        return 0
    if arguments.wants_help:
        return _help(arguments)
    signal.signal(signal.SIGTERM, _stop)
    signal.signal(signal.SIGINT, _stop)
    try:
        code = _run(arguments, os.environ)
        # All is done: while it ends, Python takes its handlers away, and a late signal would look like a crash.
        signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT))
    except KeyboardInterrupt as interruption:  # before there is a console
        sys.stderr.write(f"error: {interruption}\n")
        code = _INTERRUPTED
    if code == _INTERRUPTED:
        _leave(code)
    return code


def _help(arguments: Arguments) -> int:
    from tagboat.cli.help import command_help, overview
    from tagboat.flow.commands import BY_NAME

    is_about_one = arguments.names_command and arguments.command in BY_NAME
    sys.stdout.write(command_help(arguments.command) if is_about_one else overview())
    return 0


def _run(arguments: Arguments, environ: Mapping[str, str]) -> int:
    from tagboat.errors import StoppedError, TagboatError
    from tagboat.report.console import open_console

    console = open_console(
        environ,
        sys.stderr,
        token=_random_word,
        now=time.time,
        quiet=arguments.is_on("quiet"),
        verbose=arguments.is_on("verbose"),
    )
    try:
        from tagboat.cli.execute import execute

        return execute(arguments, environ, Path.cwd(), console, sys.stdout)
    except TagboatError as error:
        console.error(error)
        return error.exit_code
    except KeyboardInterrupt as interruption:
        console.error(StoppedError(str(interruption)))
        return _INTERRUPTED
    except BrokenPipeError:  # the reader of stdout went away: nobody is left to be told
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # noqa: BLE001 - whatever is left is our own bug, and is said as one
        console.error(error)
        return _BUG
    finally:
        console.close()


def _leave(code: int) -> NoReturn:
    """End the process at once: Python itself would wait for threads, and these for a server, perhaps for minutes."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _random_word() -> str:
    return os.urandom(16).hex()


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    """Interrupt whatever runs, once: a second signal, as CI systems and `timeout` send, must not disturb the cleaning.

    Not as a `TagboatError`, which code that collects faults would take for one of them.
    """
    for further in (signal.SIGTERM, signal.SIGINT):
        signal.signal(further, _ignore)
    raise KeyboardInterrupt(f"interrupted by {signal.Signals(number).name}")


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """Do nothing. SIG_IGN would make Python complain about a signal that came just before."""
