"""The worker process: what is asked of it, what it answers, and what it knows of us."""

from __future__ import annotations

import errno
import operator
import os
import time
from pathlib import Path

import pytest

from tagboat.errors import Location, MachineError
from tagboat.executors.command import Ended, Given, Sandbox
from tagboat.executors.worker import Worker


def test_a_function_is_called_in_another_process():
    """What a function returns there is returned here."""
    with Worker() as worker:
        assert worker.call(os.getpid) == worker.pid != os.getpid()
        assert worker.call(operator.add, "a" * 200_000, "b") == "a" * 200_000 + "b"


def test_an_exception_is_raised_here():
    """What a function raises there is raised here with all that it says, and the worker goes on."""
    with Worker() as worker:
        with pytest.raises(FileNotFoundError) as caught:
            worker.call(os.rmdir, "/not/there")
        assert caught.value.filename == "/not/there"
        assert worker.call(operator.add, 1, 2) == 3


def test_an_error_of_ours_comes_whole():
    """Problem, hint and location of an error survive the way from there to here."""
    error = MachineError("problem", "hint", location=Location(file="Dockerfile", line=2))
    with Worker() as worker:
        answered = worker.call(operator.getitem, (error,), 0)
    assert (type(answered), answered.problem, answered.hint, answered.location) == (
        MachineError,
        "problem",
        "hint",
        error.location,
    )


def test_it_knows_nothing_of_ours(variable_and_file):
    """The environment of the worker holds no variable of ours, and it has no file of ours open."""
    name, descriptor = variable_and_file
    with Worker() as worker:
        worker.call(os.getpid)
        environ = Path(f"/proc/{worker.pid}/environ").read_bytes()
        opened = [path.readlink() for path in Path(f"/proc/{worker.pid}/fd").iterdir()]
    assert name.encode() not in environ
    assert Path(f"/proc/self/fd/{descriptor}").readlink() not in opened


@pytest.fixture
def variable_and_file(tmp_path):
    """Set a variable and open a file that a child would inherit by itself."""
    os.environ["TAGBOAT_TEST_SECRET"] = "hunter2"
    descriptor = os.open(tmp_path / "ours", os.O_CREAT | os.O_RDWR)
    os.set_inheritable(descriptor, True)
    yield "TAGBOAT_TEST_SECRET", descriptor
    os.close(descriptor)
    del os.environ["TAGBOAT_TEST_SECRET"]


def test_its_will_is_done_at_the_end(tmp_path):
    """What was left to be done is done when the worker ends, in order, and not before."""
    with Worker() as worker:
        worker.leave(os.mkdir, str(tmp_path / "a"))
        worker.leave(os.mkdir, str(tmp_path / "a" / "b"))
        assert not (tmp_path / "a").exists()
    assert (tmp_path / "a" / "b").is_dir()


def test_its_will_is_done_when_it_is_left_alone(tmp_path):
    """It ends, and does so, when its other end is gone without a word."""
    worker = Worker()
    worker.leave(os.mkdir, str(tmp_path / "done"))
    worker._connection.close()
    deadline = time.monotonic() + 10
    while not (tmp_path / "done").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    worker._process.end(timeout_seconds=10)


def test_a_worker_that_is_gone_is_told():
    """Whoever asks a worker that was killed is told so, each time."""
    with Worker() as worker:
        os.kill(worker.pid, 9)
        for _ in range(2):
            with pytest.raises(MachineError, match="ended unexpectedly"):
                worker.call(os.getpid)
        with pytest.raises(MachineError, match="ended unexpectedly"):
            worker.run(Sandbox(root="/", command=None), lambda _chunk: None)


def test_a_root_that_cannot_be_had_is_a_fault():
    """What could not be set up is named, with the system's number for the reason."""
    with Worker() as worker:
        ended = worker.run(Sandbox(root="/not/there", command=None), lambda _chunk: None)
    number = errno.ENOENT if os.geteuid() == 0 else errno.EPERM
    assert ended == Ended(fault="/not/there", errno=number)


def test_a_given_file_does_not_show_its_content():
    """What may be secret is in no text of a value that holds it."""
    assert "hunter2" not in repr(Given(target="/t", data=b"hunter2"))
    assert "hunter2" not in repr(Sandbox(root="/", command=None, mounts=(Given(target="/t", data=b"hunter2"),)))
