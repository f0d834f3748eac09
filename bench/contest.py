"""Let contestants do the same task in turn, and measure each time."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from bench.daemons import Daemon, DaemonCommand, DaemonError
from bench.layouts import count_entries, size_of
from bench.registry import PROGRAM, Registry

STOPWATCH = Path(__file__).with_name("stopwatch.py")


class BenchError(Exception):
    """A contestant failed, or did not do the whole task."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What one run cost and produced; `requests` is none where no registry is involved."""

    wall_seconds: float
    cpu_seconds: float
    peak_bytes: int
    size_bytes: int = 0
    requests: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """One way to do a task: `commands` are measured together; `setup`, once, `before` and `after`, each time, are not.

    A command is words; the first names a tool, `{out}` in the others is the layout to write, `{registry}` the host to
    push to, other names in braces are its own places and the task's. What `daemon` costs meanwhile is added, but not
    its start.
    """

    name: str
    commands: tuple[str, ...]
    setup: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    daemon: str = ""

    @property
    def programs(self) -> frozenset[str]:
        """The tools that it needs."""
        return frozenset(command.split()[0] for command in (*self.setup, *self.before, *self.commands, *self.after))


@dataclass(frozen=True, slots=True, kw_only=True)
class Slope:
    """What one step more costs: the contestant `many` less `few`, divided by the `steps` that `many` has more."""

    name: str
    many: str
    few: str
    steps: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is to be done, by whom, and who is compared with whom.

    `setup` runs once for all. Each of `pairs` is told as what the first takes, divided by what the second takes.
    `entries` is how much the last layers must hold at least; `turns` multiplies the number of runs of a short task.
    """

    name: str
    title: str
    contestants: tuple[Contestant, ...]
    pairs: tuple[tuple[str, str], ...] = ()
    slopes: tuple[Slope, ...] = ()
    places: Mapping[str, str] = field(default_factory=dict)
    setup: tuple[str, ...] = ()
    entries: int = 0
    needs_registry: bool = False
    turns: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """All samples of a task, by contestant and in the order of rounds; `absent` says why others have none."""

    task: Task
    samples: Mapping[str, Sequence[Sample]]
    absent: Mapping[str, str]

    def rounds(self, pair: tuple[str, str]) -> list[tuple[Sample, Sample]]:
        """Return what both cost, round by round; nothing where one of them did not run."""
        first, second = (self.samples.get(name, ()) for name in pair)
        return list(zip(first, second, strict=bool(first and second)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where contests take place: the tools' command lines, a folder for scratch, what all processes are given.

    `places` are known to the commands of every task.
    """

    tools: Mapping[str, Sequence[str]]
    daemons: Mapping[str, DaemonCommand]
    scratch: Path
    environ: Mapping[str, str]
    places: Mapping[str, str]

    def hold(self, task: Task, *, runs: int, warm_up: bool, say: Callable[[str], None]) -> Outcome:
        """Let all contestants do the task in turn, `runs` times each; who cannot, or fails, is out with a reason."""
        samples: dict[str, list[Sample]] = {each.name: [] for each in task.contestants}
        absent = {each.name: lacks for each in task.contestants if (lacks := self._lacks(task, each))}
        turns = range(-int(warm_up), runs * task.turns)
        for command in task.setup:
            if command.split()[0] in self.tools:
                self.prepare(command, task.places)
        with ExitStack() as stack:
            running: dict[str, Daemon] = {}
            for turn, contestant in itertools.product(turns, task.contestants):
                if contestant.name in absent:
                    continue
                say(f"{task.name}: {contestant.name}, {f'run {turn + 1}' if turn >= 0 else 'warm-up'}")
                try:
                    if contestant.daemon and contestant.daemon not in running:
                        daemon = Daemon(self.daemons[contestant.daemon], self.environ)
                        running[contestant.daemon] = stack.enter_context(daemon)
                    daemon = running.get(contestant.daemon)
                    samples[contestant.name].append(self._take(task, contestant, daemon, is_first=turn == turns.start))
                except (BenchError, DaemonError) as error:
                    absent[contestant.name] = str(error)
        kept = {name: taken[int(warm_up) :] for name, taken in samples.items() if name not in absent}
        return Outcome(task=task, samples=kept, absent=absent)

    def _lacks(self, task: Task, contestant: Contestant) -> str:
        """Say what a contestant does not find here; empty for nothing."""
        tools = contestant.programs | ({PROGRAM} if task.needs_registry else set())
        lacks = (tools - self.tools.keys()) | ({contestant.daemon} - {"", *self.daemons})
        return f"{', '.join(sorted(lacks))}: not found" if lacks else ""

    def prepare(self, command: str, places: Mapping[str, str]) -> None:
        """Run a command that nobody measures; raises BenchError when it fails."""
        self._run(self._argv(command, {**self.places, **places}), {})

    def _take(self, task: Task, contestant: Contestant, daemon: Daemon | None, *, is_first: bool) -> Sample:
        """Let one contestant do the task once; the first time, look at what it made."""
        with ExitStack() as stack:
            scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=self.scratch)))
            places = {**self.places, **task.places, **contestant.places, "out": str(scratch / "out")}
            registry = stack.enter_context(Registry(scratch)) if task.needs_registry else None
            if registry:
                places["registry"] = registry.host
            for command in (*(contestant.setup if is_first else ()), *contestant.before):
                self._run(self._argv(command, places), contestant.variables)
            os.sync()  # so that nobody pays for what another wrote
            asked = registry.count_requests() if registry else 0
            sample = self._measure(contestant, daemon, places)
            for command in contestant.after:
                self._run(self._argv(command, places), contestant.variables)
            if task.entries and is_first:
                _check(contestant, count_entries(scratch / "out"), task.entries)
            requests = registry.count_requests() - asked if registry else None
            return replace(sample, size_bytes=size_of(scratch / "out"), requests=requests)

    def _measure(self, contestant: Contestant, daemon: Daemon | None, places: Mapping[str, str]) -> Sample:
        """Run a contestant's commands, and add what its daemon cost meanwhile."""
        if daemon:
            daemon.forget_peak()
        before = daemon.cpu_seconds() if daemon else 0.0
        sample = _sum(self._clock(self._argv(text, places), contestant.variables) for text in contestant.commands)
        if daemon is None:
            return sample
        cpu_seconds = sample.cpu_seconds + daemon.cpu_seconds() - before
        return replace(sample, cpu_seconds=cpu_seconds, peak_bytes=max(sample.peak_bytes, daemon.peak_bytes()))

    def _argv(self, command: str, places: Mapping[str, str]) -> list[str]:
        tool, *words = command.split()
        return [*self.tools[tool], *(word.format_map(places) for word in words)]

    def _run(self, argv: Sequence[str], variables: Mapping[str, str]) -> None:
        code, printed = _finish(argv, {**self.environ, **variables})
        if code:
            raise BenchError(f"{' '.join(argv)}\nended with {code}: {printed[-2000:]}")

    def _clock(self, argv: Sequence[str], variables: Mapping[str, str]) -> tuple[float, float, int]:
        """Run a command; return its wall and CPU seconds, and its peak memory in bytes."""
        with tempfile.NamedTemporaryFile(dir=self.scratch) as log:
            watch = [sys.executable, "-I", "-S", str(STOPWATCH), log.name, *argv]
            _, printed = _finish(watch, {**self.environ, **variables})
            code, wall, cpu, peak = printed.split()
            if code != "0":
                raise BenchError(f"{' '.join(argv)}\nended with {code}: {Path(log.name).read_text()[-2000:]}")
        return float(wall), float(cpu), int(peak) * 1024


def _finish(argv: Sequence[str], environ: Mapping[str, str]) -> tuple[int, str]:
    """Run a program to its end, and leave nothing of it running when we are interrupted; return code and output."""
    process = subprocess.Popen(
        argv, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    try:
        printed, _ = process.communicate()
    except BaseException:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise
    return process.returncode, printed


def _check(contestant: Contestant, found: int | None, wanted: int) -> None:
    if found is not None and found < wanted:
        raise BenchError(f"{contestant.name} wrote {found} entries, at least {wanted} are wanted")


def _sum(costs: Iterable[tuple[float, float, int]]) -> Sample:
    """Return what several commands in a row cost: times add up, peaks do not."""
    walls, cpus, peaks = zip(*costs, strict=True)
    return Sample(wall_seconds=sum(walls), cpu_seconds=sum(cpus), peak_bytes=max(peaks))
