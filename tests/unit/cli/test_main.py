"""The program as a process: streams, exit codes and signals."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from fakes.building import write_tree

SOURCE = Path(__file__).parents[3] / "src"


def environ(place: Path, **more: str) -> dict[str, str]:
    """Return a small environment that finds the package."""
    return {"PATH": os.environ["PATH"], "PYTHONPATH": str(SOURCE), "HOME": str(place), "TMPDIR": str(place), **more}


@pytest.fixture
def call(tmp_path):
    """Run the program in a folder of its own."""

    def run(*line: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "tagboat", *line]
        settings = {"cwd": tmp_path, "env": environ(tmp_path, **more), "timeout": 60}
        return subprocess.run(command, check=False, capture_output=True, text=True, **settings)

    return run


@pytest.mark.parametrize("line", ["--help", "build --help", "--version", "nonsense --help"])
def test_help_and_version_go_to_stdout(call, line):
    """What was asked for is the result: stdout, nothing on stderr, exit 0."""
    done = call(*line.split())
    assert (done.returncode, done.stderr) == (0, "")
    assert "tagboat" in done.stdout


def test_an_error_goes_to_stderr_with_its_hint(call):
    """Nothing but a command's result is on stdout; the nearest flag is named."""
    done = call("build", "--outptu", "x", "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "outptu" in done.stderr
    assert "did you mean output?" in done.stderr


def test_a_dockerfile_error_shows_file_and_line(call, tmp_path):
    """The place and the line itself are shown."""
    write_tree(tmp_path, {"Dockerfile": "FROM scratch\nCOPY none /x\n"})
    done = call("build", ".", "--output", "out", "--json")
    assert (done.returncode, done.stdout) == (4, "")
    assert "Dockerfile:2" in done.stderr
    assert "COPY none /x" in done.stderr


def test_json_is_all_there_is_on_stdout(call, tmp_path):
    """Progress and warnings go to stderr, also with --verbose."""
    write_tree(tmp_path, {"Dockerfile": "FROM scratch\nCOPY . /x\n"})
    done = call("build", ".", "--output", "out", "--json", "--verbose", "--build-args=TYPO=1")
    assert json.loads(done.stdout)["layout"].endswith("out")
    assert "TYPO" in done.stderr


def test_names_that_the_locale_cannot_write_end_no_run(call, tmp_path):
    """An ASCII terminal gets escapes."""
    write_tree(tmp_path, {"Dockerfile": "FROM scratch\nLABEL a=ä€\n"})
    done = call("build", ".", "--output", "ä", LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    assert (done.returncode, (tmp_path / "ä").is_dir()) == (0, True)


def test_a_reader_that_went_away_is_no_error(tmp_path):
    """A closed pipe ends the output quietly."""
    write_tree(tmp_path, {"Dockerfile": "FROM scratch\n"})
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "tagboat", "plan", ".", "--json"]
    done = subprocess.run(
        command, check=False, cwd=tmp_path, env=environ(tmp_path), stdout=writing, stderr=subprocess.PIPE, timeout=60
    )
    os.close(writing)
    assert (done.returncode, b"Traceback" in done.stderr, b"Broken" in done.stderr) == (0, False, False)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_build_with_130_and_nothing_left(tmp_path, number):
    """An interrupted build says so, exits with 130, and leaves no layout and no temporary file."""
    context = write_tree(tmp_path / "context", {"Dockerfile": "FROM scratch\nCOPY big /\n"})
    with (context / "big").open("wb") as stream:
        stream.truncate(8 << 30)  # a hole: it takes long to compress and no room
    before = set(tmp_path.iterdir())
    process = subprocess.Popen(
        [sys.executable, "-m", "tagboat", "build", "context", "--output", "out"],
        cwd=tmp_path,
        env=environ(tmp_path),
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    for _ in range(600):
        if any(path.name.startswith(".out") for path in tmp_path.iterdir()):
            break
        time.sleep(0.02)
    process.send_signal(number)
    stdout, stderr = process.communicate(timeout=30)
    assert (process.returncode, stdout) == (130, "")
    assert number.name in stderr
    assert set(tmp_path.iterdir()) == before
