"""The parent's side of the worker process: start it, have it call functions and run commands, end it."""

from __future__ import annotations

import os
import select
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
        self._end()

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
                self._send(sandbox, theirs)
            finally:
                os.close(theirs)
            self._listen(printed, output)
            answer = self._receive()
        except BaseException:
            self._end()  # who puts things in order now must not meet a command that still runs
            raise
        finally:
            os.close(printed)
        return cast("Ended", _value(answer))

    def _listen(self, printed: int, output: Callable[[bytes], None]) -> None:
        """Pass on what is printed until nobody is left who could print, or the worker is gone."""
        poll = select.poll()
        poll.register(printed, select.POLLIN)
        poll.register(self._connection, select.POLLIN)
        while True:
            ready = {descriptor for descriptor, _ in poll.poll()}
            if printed not in ready or not (chunk := os.read(printed, 1 << 16)):
                return
            output(chunk)
            if self._connection.fileno() in ready and self._is_gone():
                return  # what it could no longer end may print for ever

    def _is_gone(self) -> bool:
        """Say whether a connection that has something to say says that nobody is there."""
        try:
            return not self._connection.recv(1, socket.MSG_PEEK)
        except ConnectionError:
            return True

    def _ask(self, message: Call | Will) -> Any:
        self._send(message)
        return _value(self._receive())

    def _send(self, message: Call | Will | Sandbox, *descriptors: int) -> None:
        try:
            send(self._connection, message, descriptors)
        except ConnectionError as error:
            raise _gone() from error

    def _receive(self) -> Answer:
        try:
            answer, _ = receive(self._connection)
        except (EOFError, ConnectionError) as error:
            raise _gone() from error
        assert isinstance(answer, Answer)
        return answer

    def _end(self) -> None:
        self._connection.close()  # it ends what runs, and itself
        self._process.end(timeout_seconds=_END_SECONDS)


def _gone() -> MachineError:
    return MachineError(
        "the process that runs commands ended unexpectedly", "the kernel may have ended it for lack of memory"
    )


def _value(answer: Answer) -> Any:
    if answer.error is not None:
        raise answer.error
    return answer.value
