"""Processes of this machine, found by their command lines."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable
from pathlib import Path

LONGEST_SECONDS = 10
_NUMBERS = itertools.count()


def seconds_of_ours() -> str:
    """Return a time to sleep that no other process of this machine is given: a minute, lest a failure lasts longer."""
    return f"60.{os.getpid()}0{next(_NUMBERS)}"


def processes(wanted: Callable[[list[bytes]], bool]) -> list[int]:
    """Return the numbers of the processes whose words are wanted."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")[:-1]
            except OSError:
                continue  # it has ended
            if words and wanted(words):
                found.append(int(entry.name))
    return found


def processes_of(cmdline: bytes) -> list[int]:
    """Return the numbers of the processes with this very command line, each word with a zero byte after it."""
    return processes(lambda words: words == cmdline.split(b"\0")[:-1])


def find_process(cmdline: bytes) -> int:
    """Return the number of the process with this command line, waiting for it to appear."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < deadline:
        if found := processes_of(cmdline):
            return found[0]
        time.sleep(0.01)
    raise AssertionError(f"no process {cmdline!r}")
