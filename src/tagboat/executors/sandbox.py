"""Starting a command in its sandbox: what a forked, single-threaded process does to itself before it runs it.

Everything here ends in `exec` or in `os._exit`; what goes wrong before is told through a pipe that `exec` closes.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import NoReturn

from tagboat.executors import kernel
from tagboat.executors.command import EXEC, USER, Command, Layers, Sandbox
from tagboat.executors.filesystems import mount_all

# What Docker leaves to a container's root (moby/oci/caps/defaults.go), by the numbers of linux/capability.h.
_CAPABILITIES = frozenset({0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31})
_STOPPED = 128


def start(sandbox: Sandbox, output: int, faults: int) -> int:
    """Fork a process that runs the sandbox's command, with `output` as its stdout and stderr; return its number.

    It ends as the command ends: with its exit status, or with 128 and the number of the signal. When something cannot
    be set up, `ERRNO WHAT` is written to `faults`, which is closed otherwise.
    """
    return _fork(lambda: _isolated(sandbox, output, faults), faults)


def _isolated(sandbox: Sandbox, output: int, faults: int) -> int:
    """Run the command in its root, with namespaces of its own where that is made of layers; return its status."""
    kernel.die_with_parent(signal.SIGKILL)
    root, command = sandbox.root, sandbox.command
    if isinstance(root, str):
        return _wait(_fork(lambda: _run_in_folder(root, command, output), faults))
    flags = kernel.CLONE_NEWNS | kernel.CLONE_NEWPID | kernel.CLONE_NEWIPC | kernel.CLONE_NEWUTS
    if command is not None and not command.network:
        flags |= kernel.CLONE_NEWNET
    kernel.unshare(flags)
    return _wait(_fork(lambda: _first_process(root, sandbox, output), faults))


def _first_process(root: Layers, sandbox: Sandbox, output: int) -> int:
    """Set everything up and become the command: the namespace's first process, with whose end all others end."""
    kernel.die_with_parent(signal.SIGKILL)
    command = sandbox.command
    kernel.set_host_name(command.host_name if command else "localhost")
    if command is not None and not command.network:
        kernel.start_loopback()
    mount_all(root, sandbox.mounts, command)
    return _execute(command, output) if command else 0


def _run_in_folder(folder: str, command: Command | None, output: int) -> int:
    """Run the command with a folder as its root; without a command only try that."""
    os.chroot(folder)
    os.chdir("/")
    return _execute(command, output) if command else 0


def _execute(command: Command, output: int) -> NoReturn:
    """Become the command, with its user, folder and environment and nothing of ours; stdin is empty as the worker's."""
    kernel.limit_capabilities(_CAPABILITIES)
    os.setsid()
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.umask(0o022)
    os.makedirs(command.workdir, exist_ok=True)  # as runc does, whoever the user is
    _become(command)
    os.chdir(command.workdir)
    _reset_signals()
    try:
        os.execvpe(command.argv[0], command.argv, dict(command.env))  # noqa: S606 - an argument list, no shell
    except OSError as error:
        error.filename = f"{EXEC}{command.argv[0]}"
        raise


def _reset_signals() -> None:
    """Let every signal do what it does by default: neither Python's choices nor those of our caller are a program's."""
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _become(command: Command) -> None:
    """Take the command's user and groups."""
    try:
        _set_groups(command.groups)
        os.setresgid(command.gid, command.gid, command.gid)
        os.setresuid(command.uid, command.uid, command.uid)
    except OSError as error:
        error.filename = f"{USER}{command.uid}:{command.gid}"
        raise
    kernel.die_with_parent(signal.SIGKILL)  # a change of the user makes the kernel forget it, so it comes after that


def _set_groups(groups: tuple[int, ...]) -> None:
    try:
        os.setgroups(groups)
    except PermissionError:
        if groups:  # a user namespace with one user alone has no further groups
            raise


def _fork(deed: Callable[[], int], faults: int) -> int:
    """Do something in a new process, whose exit status is the result, and return its number."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        status = deed()
    except OSError as error:
        os.write(faults, f"{error.errno or 0} {error.filename or error}".encode(errors="surrogateescape"))
    except Exception as error:  # noqa: BLE001 - a forked process has no other way to say it
        os.write(faults, f"0 {error!r}".encode(errors="surrogateescape"))
    finally:
        os._exit(status)


def _wait(child: int) -> int:
    """Wait for a child; return its exit status, 128 and the number for a signal."""
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return code if code >= 0 else _STOPPED - code
