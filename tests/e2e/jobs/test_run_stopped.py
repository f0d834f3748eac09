"""Builds with RUN that are killed or stopped at any moment, in both tiers: nothing of them lives or stays."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from random import Random

import pytest

from fakes.containers import Place
from tagboat.layout.validate import validate_layout

SEED = 7
KILLS, STOPS = 13, 6
AMD64 = ("--platforms", "linux/amd64")
PLACES = [
    pytest.param(place, id=str(place or "root")) for place in (None, Place.DOCKER, Place.UNFILTERED, Place.PERSON)
]

# A system of a shell and one program, so that most moments fall into a RUN.
SMALL = """FROM debian
FROM scratch
COPY --from=0 /usr/bin/dash /bin/sh
COPY --from=0 /usr/bin/sleep /bin/sleep
COPY --from=0 /usr/bin/setsid /bin/setsid
COPY --from=0 /lib/x86_64-linux-gnu/libc.so.6 /lib/x86_64-linux-gnu/libc.so.6
COPY --from=0 /lib64/ld-linux-x86-64.so.2 /lib64/ld-linux-x86-64.so.2
ENV PATH=/bin
"""
STEP = """RUN --mount=type=cache,target=/cache echo {n} >/cache/{n}; sleep {s} & setsid sleep {s} & sleep 0.1
RUN echo {n} >/{n}
"""


@pytest.fixture
def small(tagboat, write, debian) -> Path:
    """Return the layout of a system that holds a shell."""
    folder = write(tagboat.cwd / "small-source", {"Dockerfile": SMALL})
    tagboat("build", folder, *AMD64, "--build-contexts", f"debian=oci-layout://{debian}", "--output", "small")
    shutil.rmtree(folder)
    return tagboat.cwd / "small"


@pytest.fixture
def seconds(tmp_path) -> int:
    """Return how long the background processes of this test sleep: no other process sleeps exactly as long."""
    return 31_536_000 + Random(str(tmp_path)).randrange(10_000_000)


@pytest.fixture
def words(tagboat, write, small, seconds):
    """Return the words that build an image of several RUNs."""
    steps = "".join(STEP.format(n=number, s=seconds) for number in range(4))
    app = write(tagboat.cwd / "app", {"Dockerfile": f"FROM small\n{steps}"})
    return ("build", app, *AMD64, "--build-contexts", f"small=oci-layout://{small}", "--no-cache", "--output", "out")


@pytest.fixture
def start(tagboat, job, as_root, tmp_path):
    """Make a function that starts the command in a place; the process has the number that this machine gives it."""

    def opened(place):
        box = job(place) if place else None
        pid_file = tmp_path / "pid"

        def run_words(words):
            pid_file.unlink(missing_ok=True)
            prefix = box.prefix(tagboat.cwd, pid_file) if box else ()
            argv = tagboat.argv(words, prefix)
            process = subprocess.Popen(
                argv,
                cwd=tagboat.cwd,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            tagboat.started.append(process)
            while box and process.poll() is None and not (pid_file.exists() and pid_file.read_text()):
                time.sleep(0.002)
            return process, int(pid_file.read_text()) if box else process.pid

        return run_words

    return opened


@pytest.fixture
def send(as_root):
    """Send a signal to a process, be it ours or root's; it may be gone."""
    return lambda number, pid: subprocess.run(
        [*as_root, "kill", f"-{int(number)}", str(pid)], capture_output=True, check=False
    )


@pytest.fixture
def left(tagboat):
    """List what a build left beside its context, its base and its output."""
    folders = [tagboat.cwd, Path(tagboat.env["TMPDIR"])]
    return lambda: sorted({path.name for folder in folders for path in folder.iterdir()} - {"app", "small", "out"})


def mounts_of(folder: Path) -> list[str]:
    """Return this machine's mounts below a folder."""
    return [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if str(folder) in line]


def gone(seen, seconds: int) -> list[str]:
    """Return the processes that are still there after a moment in which the kernel may clean up."""
    ends = time.monotonic() + 10
    while seen(str(seconds)) and time.monotonic() < ends:
        time.sleep(0.02)
    return seen(str(seconds))


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_a_build_that_is_killed(place, start, send, words, seconds, seen_processes, left, tagboat):
    """After a kill at any moment no process of a RUN and no mount is there; the next build succeeds and tidies up."""
    run_words, random = start(place), Random(SEED)
    began = time.monotonic()
    process, _ = run_words(words)
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 0, stderr
    longest, seen = time.monotonic() - began, set()
    for number in range(KILLS):
        moment = random.random() * longest
        process, pid = run_words(words)
        time.sleep(moment)
        seen.update(seen_processes(str(seconds)))
        send(signal.SIGKILL, pid)
        process.communicate(timeout=30)
        assert gone(seen_processes, seconds) == [], f"seed {SEED}, kill {number} after {moment:.3f} s"
        assert mounts_of(tagboat.cwd.parent) == [], f"seed {SEED}, kill {number} after {moment:.3f} s"
    assert seen, "no kill fell into a RUN"

    process, _ = run_words(words)
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 0, stderr
    assert validate_layout(tagboat.cwd / "out") == []
    assert left() == []


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("place", PLACES)
def test_a_build_that_is_stopped(place, number, start, send, words, seconds, seen_processes, left, tagboat):
    """A signal at any moment ends a build with 130 and leaves nothing: no process, mount, folder or lock."""
    run_words, random = start(place), Random(SEED)
    began = time.monotonic()
    process, _ = run_words(words)
    process.communicate(timeout=120)
    longest = time.monotonic() - began
    for turn in range(STOPS):
        moment = (0.3 + 0.7 * random.random()) * longest  # before that there is no handler yet
        process, pid = run_words(words)
        time.sleep(moment)
        send(number, pid)
        _, stderr = process.communicate(timeout=30)
        told = f"seed {SEED}, stop {turn} after {moment:.3f} s: {stderr}"
        assert process.returncode in {0, 130}, told
        assert "Traceback" not in stderr, told
        assert gone(seen_processes, seconds) == [], told
        assert mounts_of(tagboat.cwd.parent) == [], told
        assert left() == [], told


@pytest.mark.parametrize("place", PLACES)
def test_a_step_that_fails(place, start, write, small, seconds, seen_processes, left, tagboat):
    """A RUN that fails is exit 5 with its line, and its background processes go with it."""
    text = f"FROM small\nRUN sleep {seconds} & echo made >/made; exit 3\n"
    app = write(tagboat.cwd / "app", {"Dockerfile": text})
    words = ("build", app, *AMD64, "--build-contexts", f"small=oci-layout://{small}", "--output", "out")
    process, _ = start(place)(words)
    _, stderr = process.communicate(timeout=60)

    assert process.returncode == 5, stderr
    assert "Dockerfile:2" in stderr
    assert gone(seen_processes, seconds) == []
    assert left() == []
    assert os.path.lexists(tagboat.cwd / "out") is False
