"""RUN: a command in the stage's root file system, and the layer of what it changed."""

from __future__ import annotations

import errno
import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import assert_never

from tagboat.build.filetree import FileTree
from tagboat.build.ownership import User, find_user
from tagboat.build.stage import StageState
from tagboat.errors import DockerfileError, MachineError, StepError, TagboatError
from tagboat.executors.command import EXEC, SHM_SIZE_BYTES, USER, Bind, Command, Ended, Given, Memory, Mounted
from tagboat.executors.roots import Executor
from tagboat.flow.plan import BindMount, CacheMount, Mount, Network, Origin, RunStep, SecretMount, TmpfsMount
from tagboat.flow.progress import Progress
from tagboat.layers.changes import Entry, Kind
from tagboat.layers.tarball import WHITEOUT_PREFIX
from tagboat.secret import Secret

_HOSTS = "127.0.0.1\tlocalhost {name}\n::1\tlocalhost ip6-localhost ip6-loopback\n"
_EPOCH = "SOURCE_DATE_EPOCH"
_LAST_LINES = 12
_LAST_BYTES = 1 << 16
_SIGNALLED = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """What every RUN of a build gets: names of hosts with their addresses, the machine's name servers, secrets.

    `latest`, in seconds since the epoch, is the time that files of a RUN have at most; None leaves them as they are.
    """

    hosts: tuple[tuple[str, str], ...] = ()
    name_servers: bytes = b""
    secrets: Mapping[str, Secret | Path] = field(default_factory=dict)
    shm_size_bytes: int = 0
    latest: int | None = None


class Runner:
    """Runs the RUN steps of a build; caches of mounts live as long as it does."""

    def __init__(self, executor: Executor, settings: RunSettings, progress: Progress) -> None:
        self.executor = executor
        self._settings = settings
        self._progress = progress
        self._caches: dict[str, str] = {}

    def run(self, number: int, step: RunStep, state: StageState, files: Callable[[Origin], FileTree]) -> None:
        """Run a step in a stage and add what it changed as the stage's layer `number`; `files` gives mounts' origins.

        Raises `StepError` with the end of what it printed when it fails, `MachineError` when it cannot be run.
        """
        user = find_user(step.user, lambda: state.tree, step.location)
        mounts = [mounted for mount in step.mounts if (mounted := self._mounted(mount, files))]
        self._progress.info(f"{step.location}: {_short(step.instruction)}")
        printed = _Printed(self._progress.output)
        root = state.root_on(self.executor)
        outcome = root.run(self._command(step, user), [*self._usual(step), *mounts], state.tree, printed)
        printed.finish()
        _check(step, outcome.ended, printed.last_lines())
        _check_changes(outcome.changes)
        state.record_run(number, [self._timed(entry) for entry in outcome.changes])

    def _command(self, step: RunStep, user: User) -> Command:
        env = {"HOME": user.home, **step.env, **self._secret_variables(step.mounts)}
        if self._settings.latest is not None:
            env.setdefault(_EPOCH, str(self._settings.latest))
        return Command(
            argv=step.argv,
            env=env,
            workdir=step.workdir,
            uid=user.uid,
            gid=user.gid,
            groups=user.groups,
            network=step.network is not Network.NONE,
            host_name=step.hostname,
            programs={step.program.name: step.program.data} if step.program else {},
            shm_size_bytes=self._settings.shm_size_bytes or SHM_SIZE_BYTES,
        )

    def _usual(self, step: RunStep) -> list[Mounted]:
        """Return what every command gets: the machine's name servers, and a table of hosts."""
        lines = "".join(f"{address}\t{name}\n" for name, address in self._settings.hosts)
        hosts = _HOSTS.format(name=step.hostname) + lines
        return [
            Given(target="/etc/resolv.conf", data=self._settings.name_servers, mode=0o644),
            Given(target="/etc/hosts", data=hosts.encode(), mode=0o644),
        ]

    def _mounted(self, mount: Mount, files: Callable[[Origin], FileTree]) -> Mounted | None:
        match mount:
            case TmpfsMount():
                return Memory(target=mount.target, size_bytes=mount.size_bytes)
            case SecretMount():
                data = self._secret(mount)
                if data is None or not mount.target:
                    return None
                return Given(target=mount.target, data=data, mode=mount.mode, uid=mount.uid, gid=mount.gid)
            case CacheMount():
                if mount.id not in self._caches:
                    held = _below(files(mount.origin), mount.source) if mount.origin else []
                    top = Entry("", Kind.DIRECTORY, mount.mode, mount.uid, mount.gid)
                    self._caches[mount.id] = self.executor.folder_of([top, *held[1:]])
                return Bind(source=self._caches[mount.id], target=mount.target, read_only=mount.read_only)
            case BindMount():
                return self._bound(mount, files(mount.origin))
            case _ as never:
                assert_never(never)

    def _bound(self, mount: BindMount, tree: FileTree) -> Bind:
        """Return a copy of what is mounted: what a command writes there is gone with it, as in BuildKit."""
        entries = _below(tree, mount.source)
        if not entries:
            raise DockerfileError(f"RUN --mount: {mount.source or '/'} is not there", "check source and from")
        if entries[0].kind is Kind.DIRECTORY:
            return Bind(source=self.executor.folder_of(entries), target=mount.target, read_only=mount.read_only)
        folder = self.executor.folder_of([Entry("", Kind.DIRECTORY, 0o755), entries[0]._replace(path="file")])
        return Bind(source=f"{folder}/file", target=mount.target, read_only=mount.read_only)

    def _secret_variables(self, mounts: Iterable[Mount]) -> dict[str, str]:
        given = {
            mount.env: data
            for mount in mounts
            if isinstance(mount, SecretMount) and mount.env and (data := self._secret(mount)) is not None
        }
        for name, data in given.items():
            if b"\0" in data:
                raise DockerfileError(
                    f"RUN --mount=type=secret: what {name} would hold has a zero byte, which no variable can",
                    "leave env out and read the file",
                )
        return {name: data.decode("utf-8", "surrogateescape") for name, data in given.items()}

    def _secret(self, mount: SecretMount) -> bytes | None:
        """Return a secret's value, None when the caller did not give it; the plan refused that where it is required."""
        given = self._settings.secrets.get(mount.id)
        match given:
            case Secret():
                return given.reveal().encode("utf-8", "surrogateescape")
            case Path():
                return _read(given, mount.id)
            case None:
                return None

    def _timed(self, entry: Entry) -> Entry:
        latest = self._settings.latest
        return entry if latest is None or entry.mtime <= latest else entry._replace(mtime=latest)


class _Printed:
    """Passes on what a command prints, and keeps the end of it."""

    def __init__(self, output: Callable[[bytes], None]) -> None:
        self._output = output
        self._kept: deque[bytes] = deque()
        self._kept_bytes = 0

    def __call__(self, chunk: bytes) -> None:
        self._output(chunk)
        self._kept.append(chunk)
        self._kept_bytes += len(chunk)
        while self._kept_bytes - len(self._kept[0]) > _LAST_BYTES:
            self._kept_bytes -= len(self._kept.popleft())

    def finish(self) -> None:
        """End the last line, so that what comes next starts one."""
        if self._kept and not self._kept[-1].endswith(b"\n"):
            self._output(b"\n")

    def last_lines(self) -> list[str]:
        """Return the last lines that were printed."""
        text = b"".join(self._kept)[-_LAST_BYTES:].decode("utf-8", "replace")
        return [line.rstrip() for line in text.splitlines() if line.strip()][-_LAST_LINES:]


def _check(step: RunStep, ended: Ended, last_lines: list[str]) -> None:
    """Raise what tells of a command that did not end well."""
    if ended.fault:
        raise _fault(step, ended)
    if ended.status:
        shown = "".join(f"\n  {line}" for line in last_lines)
        raise StepError(
            f"{_short(step.instruction)}: {_status_words(ended.status)}",
            f"the last lines that it printed:{shown}" if shown else "it printed nothing",
            location=step.location,
        )


def _check_changes(changes: Iterable[Entry]) -> None:
    """Raise what no layer can hold: there it would delete something (image-spec layer.md, "Whiteouts")."""
    marks = [
        f"/{entry.path}"
        for entry in changes
        if entry.path.rpartition("/")[2].startswith(WHITEOUT_PREFIX)
        or (entry.kind is Kind.CHARACTER_DEVICE and entry.device == (0, 0))
    ]
    if marks:
        raise StepError(
            f"RUN left {', '.join(marks)}, which a layer would take for a deletion",
            f"delete it in the same RUN: names that begin with {WHITEOUT_PREFIX} and devices 0:0 are reserved",
        )


def _fault(step: RunStep, ended: Ended) -> TagboatError:
    reason = os.strerror(ended.errno)
    if not ended.fault.startswith(EXEC):
        hint = "give this user a range in /etc/subuid and /etc/subgid" if ended.fault.startswith(USER) else ""
        return MachineError(f"{_short(step.instruction)}: {ended.fault}: {reason}", hint, location=step.location)
    program = ended.fault.removeprefix(EXEC)
    problem = f"{_short(step.instruction)}: {program} cannot be started: {reason}"
    hint = ""
    if ended.errno == errno.ENOENT:
        problem = f"{_short(step.instruction)}: {program} is not in the image"
        hint = "take a base image that has it, or look whether the program's own interpreter or loader is missing"
    elif ended.errno == errno.ENOEXEC:
        hint = "it is for another processor, or a script without a first line #!"
    elif ended.errno == errno.E2BIG:
        hint = "Linux takes 128 KiB in one argument or variable: COPY long scripts, or mount them"
    return StepError(problem, hint, location=step.location)


def _status_words(status: int) -> str:
    if status <= _SIGNALLED:
        return f"exit status {status}"
    try:
        name = signal.Signals(status - _SIGNALLED).name
    except ValueError:
        return f"exit status {status}"
    memory = ", perhaps for lack of memory" if name == "SIGKILL" else ""
    return f"exit status {status} ({name}{memory})"


def _short(instruction: str) -> str:
    """Return the first line of an instruction, with a sign that there is more."""
    first, _, rest = instruction.strip().partition("\n")
    return f"{first} …" if rest.strip() else first


def _below(tree: FileTree, source: str) -> list[Entry]:
    """Return what lies at a path and below, the path itself becoming the root; nothing when it is not there."""
    top = tree.resolve(source)
    start = len(top) + 1 if top else 0
    return [entry._replace(path=entry.path[start:]) for entry in tree.walk(top)]


def _read(path: Path, name: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise MachineError(f"the file of the secret {name!r} cannot be read: {error.strerror}") from error
