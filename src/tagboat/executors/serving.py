"""The worker process: it calls what it is told to, and runs commands, until its other end is gone.

A process of its own, since a user namespace can only be entered by one without threads, and since this one knows no
credential. Messages are pickles behind their length; both ends are the same program, so they are trusted.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tagboat.executors import kernel, sandbox
from tagboat.executors.command import Ended, Sandbox

_LENGTH = struct.Struct("!Q")
_CHILDREN = Path("/proc/thread-self/children")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A function with its arguments, to be called in the worker."""

    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Will:
    """A call to be made at the end, whatever that is: nobody else may be left to make it."""

    call: Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a call returned, or the exception that it raised."""

    value: Any = None
    error: Exception | None = None


def send(connection: socket.socket, message: object, descriptors: tuple[int, ...] = ()) -> None:
    """Send one message, and copies of open files with it."""
    data = pickle.dumps(message)
    socket.send_fds(connection, [_LENGTH.pack(len(data))], descriptors)
    connection.sendall(data)


def receive(connection: socket.socket) -> tuple[Any, list[int]]:
    """Return the next message and the files that came with it; raises `EOFError` when the other end is gone."""
    header, descriptors, _, _ = socket.recv_fds(connection, _LENGTH.size, 1)
    for descriptor in descriptors:
        os.set_inheritable(descriptor, False)
    data = bytearray()
    header += _read(connection, _LENGTH.size - len(header))
    data += _read(connection, _LENGTH.unpack(header)[0])
    return pickle.loads(data), list(descriptors)  # noqa: S301 - from ourselves


def serve(connection: socket.socket) -> None:
    """Answer messages until the other end is gone; nothing that was started outlives that."""
    for number in (signal.SIGINT, signal.SIGTERM):  # they are for the other side, which ends us
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # who ignores it, as our caller may, never hears of an exit status
    os.umask(0o022)
    with suppress(OSError):  # what we may not do here, what we start may not do either
        kernel.leave_keyring()
    connection.set_inheritable(False)  # a command that had it could tell us, and through us the other side, anything
    kernel.adopt_orphans()
    wills: list[Will] = []
    with suppress(EOFError, ConnectionError):
        while True:
            message, descriptors = receive(connection)
            if isinstance(message, Will):
                wills.append(message)
                send(connection, Answer())
            elif isinstance(message, Sandbox):
                send(connection, _answer(_run, message, descriptors.pop(), connection))
            else:
                send(connection, _answer(message.function, *message.arguments))
    for will in wills:
        will.call.function(*will.call.arguments)


def _answer(function: Callable[..., Any], *arguments: object) -> Answer:
    try:
        return Answer(value=function(*arguments))
    except Exception as error:  # noqa: BLE001 - it is raised on the other side
        return Answer(error=error)


def _run(wanted: Sandbox, output: int, connection: socket.socket) -> Ended:
    """Run a command to its end, or to that of the other side; whatever it left running is ended with it."""
    faults, faults_in = os.pipe()
    ends, ends_in = os.pipe()  # held by the processes that wait for the command, so that their end can be waited for
    try:
        try:
            child = sandbox.start(wanted, output, faults_in)
        finally:
            for descriptor in (faults_in, ends_in, output):
                os.close(descriptor)
        ready, _, _ = select.select([ends, connection.fileno()], [], [])
        if ends not in ready:  # nobody wants the result any more
            os.kill(child, signal.SIGKILL)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        number, _, what = os.read(faults, 4096).decode(errors="surrogateescape").partition(" ")
    finally:
        _end_all_children()
        os.close(faults)
        os.close(ends)
    if what:
        return Ended(fault=what, errno=int(number))
    return Ended(status=status if status >= 0 else 128 - status)


def _end_all_children() -> None:
    """End every process that is left, generation by generation: those of an ended parent become our children."""
    with suppress(ChildProcessError):
        while True:
            for number in _CHILDREN.read_text().split():
                with suppress(ProcessLookupError):
                    os.kill(int(number), signal.SIGKILL)
            os.wait()


def _read(connection: socket.socket, size: int) -> bytearray:
    data = bytearray()
    while len(data) < size:
        chunk = connection.recv(min(size - len(data), 1 << 20))
        if not chunk:
            raise EOFError
        data += chunk
    return data
