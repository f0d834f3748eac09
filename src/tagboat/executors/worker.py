"""The parent's side of the worker process: start it, have it call functions and run commands, end it."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar, cast

from tagboat.errors import MachineError
from tagboat.executors.command import Ended, Sandbox
from tagboat.executors.serving import Answer, Call, Will, receive, send
from tagboat.proc import start

_P = ParamSpec("_P")
_R = TypeVar("_R")

_PACKAGES = str(Path(__file__).parents[2])
_PROGRAM = """\
import sys, socket
sys.path.insert(0, sys.argv[1])
from tagboat.executors.serving import serve
serve(socket.socket(fileno=int(sys.argv[2])))
"""
_END_SECONDS = 60


class Worker:
    """A worker process; at the end of the `with` block it is gone, with all that it started.

    One thing at a time: it is not for several threads.
    """

    def __init__(self) -> None:
        self._connection, theirs = socket.socketpair()
        cache = [f"-Xpycache_prefix={sys.pycache_prefix}"] if sys.pycache_prefix else []
        python = [sys.executable, "-I", "-S", "-Xutf8", *cache, "-c", _PROGRAM, _PACKAGES, str(theirs.fileno())]
        with theirs:
            # Nothing of our environment: it holds the job's secrets, and a command may see that of other processes.
            self._process = start(python, env={"PATH": os.defpath}, pass_files=(theirs.fileno(),))

    @property
    def pid(self) -> int:
        """The process number."""
        return self._process.pid

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._connection.close()  # it ends what runs, and itself
        self._process.end(timeout_seconds=_END_SECONDS)

    def call(self, function: Callable[_P, _R], *arguments: _P.args, **keywords: _P.kwargs) -> _R:
        """Call a function of a module in the worker, with arguments that can be pickled; raises what it raises."""
        assert not keywords
        return cast("_R", self._ask(Call(function=function, arguments=arguments)))

    def leave(self, function: Callable[..., object], *arguments: object) -> None:
        """Have a function called when the worker ends, even where that is because this process was killed."""
        self._ask(Will(call=Call(function=function, arguments=arguments)))

    def run(self, sandbox: Sandbox, output: Callable[[bytes], None]) -> Ended:
        """Run a command to its end; `output` gets what it prints, in pieces, as it comes.

        What the command left running is ended with it.
        """
        printed, theirs = os.pipe()
        try:
            try:
                send(self._connection, sandbox, (theirs,))
            finally:
                os.close(theirs)
            self._listen(printed, output)
            return cast("Ended", self._answer())
        finally:
            os.close(printed)

    def _listen(self, printed: int, output: Callable[[bytes], None]) -> None:
        """Pass on what is printed until nobody is left who could print."""
        while chunk := os.read(printed, 1 << 16):
            output(chunk)

    def _ask(self, message: Call | Will) -> Any:
        send(self._connection, message)
        return self._answer()

    def _answer(self) -> Any:
        try:
            answer, _ = receive(self._connection)
        except (EOFError, ConnectionError) as error:
            raise MachineError(
                "the process that runs commands ended unexpectedly", "the kernel may have ended it for lack of memory"
            ) from error
        assert isinstance(answer, Answer)
        if answer.error is not None:
            raise answer.error
        return answer.value
