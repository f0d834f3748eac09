"""That nothing is left of a command when its worker or this process is killed or interrupted in the middle of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from fakes.building import folder
from fakes.executors import Stage, Way
from fakes.processes import LONGEST_SECONDS, processes, seconds_of_ours
from tagboat.errors import MachineError
from tagboat.executors.command import Bind, Command, Given

ROOT = Path(__file__).parents[2]
SECRET = b"hunter2-of-the-killed"

# Prints the worker's number, then what the command prints.
BUILDER = """
import sys
from pathlib import Path
from fakes.executors import CannotError, Stage, Way, open_way
from tagboat.executors.command import Command, Given

def pass_on(chunk):
    sys.stdout.buffer.write(chunk)
    sys.stdout.flush()

way, folder, number = Way(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
try:
    with open_way(way, folder) as executor:
        print(executor.worker.pid, flush=True)
        stage = Stage(executor)
        script = f"sleep {number} & setsid sleep {number} & (setsid sleep {number} &) ; echo started; sleep {number}"
        command = Command(argv=("/bin/sh", "-c", script), env={"PATH": "/bin"})
        secret = Given(target="/run/secrets/key", data=b"hunter2-of-the-killed")
        stage.state.root_on(executor).run(command, [secret], stage.state.tree, pass_on)
except CannotError as reason:
    print(f"cannot: {reason}", flush=True)
"""


@pytest.fixture
def number():
    """Return a number of seconds to sleep that no other process sleeps."""
    return seconds_of_ours()


@pytest.fixture(params=list(Way), ids=str)
def build(request, tmp_path, number):
    """Start a process of its own that runs a command; return it and its worker's number once the command runs."""
    env = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'tests'}"}
    words = [sys.executable, "-c", BUILDER, request.param, str(tmp_path / "roots"), number]
    with subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        first = process.stdout.readline()
        if first.startswith("cannot"):
            pytest.skip(f"{request.param} cannot be had here: {first}")
        assert process.stdout.readline() == "started\n"
        yield process, int(first)
        process.kill()


def sleepers(number: str) -> list[int]:
    """Return the processes that sleep this long."""
    return processes(lambda words: number.encode() in words[1:])


def is_alive(pid: int) -> bool:
    """Say whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_until_gone(number: str, *pids: int) -> float:
    """Wait until no process sleeps and these are gone; return how many seconds that took."""
    started = time.monotonic()
    while sleepers(number) or any(map(is_alive, pids)):
        assert time.monotonic() - started < LONGEST_SECONDS, (sleepers(number), pids)
        time.sleep(0.02)
    return time.monotonic() - started


def secrets_below(top: Path) -> list[Path]:
    """Return the files that hold the secret."""
    return [path for path in top.rglob("*") if path.is_file() and not path.is_symlink() and SECRET in path.read_bytes()]


@pytest.mark.parametrize("number_of_signal", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_when_this_process_ends(build, number, tmp_path, number_of_signal):
    """When our process is killed or interrupted, the worker, the command, its mounts and its secrets go with it."""
    process, worker = build
    assert sleepers(number)
    process.send_signal(number_of_signal)
    process.wait(LONGEST_SECONDS)
    wait_until_gone(number, worker)
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()
    assert secrets_below(tmp_path) == []


def test_a_killed_worker_is_told(lone_executor, number):
    """When the worker is killed, the command ends with it, and the error says that it is gone."""
    stage = Stage(lone_executor)
    killer = threading.Thread(target=kill_when_asleep, args=(number, lone_executor.worker.pid))
    killer.start()
    with pytest.raises(MachineError, match="ended unexpectedly"):
        stage.run(["sleep", number])
    killer.join()
    wait_until_gone(number)
    with pytest.raises((MachineError, OSError)):
        stage.run("true")


def test_a_killed_worker_is_told_though_something_still_prints(lone_executor, number):
    """What outlives a killed worker, as it may in chroot, does not keep us waiting."""
    stage = Stage(lone_executor)
    killer = threading.Thread(target=kill_when_asleep, args=(number, lone_executor.worker.pid))
    killer.start()
    try:
        with pytest.raises(MachineError, match="ended unexpectedly"):
            stage.run(f"setsid sh -c 'while true; do echo {number}; sleep 0.1; done' & sleep {number}")
    finally:
        killer.join()
        for pid in [*sleepers(number), *printers(number)]:
            with suppress(ProcessLookupError):  # it may be ending just now
                os.kill(pid, signal.SIGKILL)


def printers(number: str) -> list[int]:
    """Return the shells whose script holds a number."""
    return processes(lambda words: words[:2] == [b"sh", b"-c"] and number.encode() in words[-1])


def kill_when_asleep(number: str, worker: int) -> None:
    """Kill a worker as soon as its command sleeps."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while not sleepers(number) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(worker, signal.SIGKILL)


def test_an_interruption_ends_the_command_before_its_mounts_go(lone_executor, number):
    """Whatever stops us while we listen, the command has ended when its surroundings are put in order."""
    stage = Stage(lone_executor)
    cache = Bind(source=lone_executor.folder_of([folder("")]), target="/cache", read_only=False)
    secret = Given(target="/run/secrets/key", data=SECRET)
    root = stage.state.root_on(lone_executor)

    def interrupt(_chunk: bytes) -> None:
        raise KeyboardInterrupt

    script = (
        f"echo 1 > /cache/file; sleep {number} & while true; do echo x >> /cache/more; mkdir -p /dev/x/y; echo; done"
    )
    command = Command(argv=("/bin/sh", "-c", script), env={"PATH": "/bin"})
    with pytest.raises(KeyboardInterrupt):
        root.run(command, [cache, secret], stage.state.tree, interrupt)
    assert sleepers(number) == []
    assert secrets_below(lone_executor.folder) == []
    assert not lone_executor.folder.exists() or (Path(cache.source) / "file").read_text() == "1\n"
