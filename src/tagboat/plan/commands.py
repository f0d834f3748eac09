"""The words of a command: as they are in JSON form, behind the stage's shell in shell form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from tagboat.dockerfile.instructions import Command, ExecForm, ShellForm

_DEFAULT_SHELLS = {"windows": ("cmd", "/S", "/C")}


def command_words(command: Command, shell: Sequence[str], os: str) -> list[str]:
    """Return the words that a command runs; `shell` is that of the configuration, empty for the OS's own."""
    match command:
        case ExecForm():
            return list(command.arguments)
        case ShellForm():
            return [*(shell or _DEFAULT_SHELLS.get(os, ("/bin/sh", "-c"))), command.text]
        case _ as never:
            assert_never(never)
