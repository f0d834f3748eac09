"""Runs that are stopped or run out of room: no partial result, nothing left behind, and no wait for a slow server."""

from __future__ import annotations

import http.server
import signal
import subprocess
import threading
import time
from pathlib import Path
from random import Random

import pytest

SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
SOON_SECONDS = 10  # GitHub kills a cancelled step after 7.5 + 2.5 seconds


def stop(process: subprocess.Popen[str], number: signal.Signals) -> tuple[int, str, str]:
    """Send a signal, and return the exit code, stdout and stderr of a process that must end soon."""
    process.send_signal(number)
    out, err = process.communicate(timeout=SOON_SECONDS)
    return process.returncode, out, err


def wait_for(happens, process: subprocess.Popen[str]) -> None:
    """Wait until something is true while a process runs."""
    until = time.monotonic() + 60
    while not happens():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.fixture
def large(tagboat, write) -> Path:
    """Return a context that takes long to build but no room: a file of nothing but holes."""
    folder = write(tagboat.cwd / "large", {"Dockerfile": "FROM scratch\nCOPY holes /\n"})
    with (folder / "holes").open("wb") as file:
        file.truncate(16 << 30)
    return folder


@SIGNALS
@pytest.mark.parametrize("output", ["out", "out.tar"])
def test_a_stopped_build_leaves_nothing(number, output, tagboat, large):
    """A build that is stopped ends at once with 130; nothing is at its output, beside it or among temporary files."""
    process = tagboat.start("build", large, "--output", output)
    temporary = Path(tagboat.env["TMPDIR"])
    wait_for(
        lambda: [path for path in [*tagboat.cwd.iterdir(), *temporary.rglob("*")] if "partial" in path.name], process
    )
    code, out, err = stop(process, number)

    assert (code, out) == (130, "")
    assert f"interrupted by {number.name}" in err
    assert "Traceback" not in err
    assert [path.name for path in tagboat.cwd.iterdir()] == ["large"]
    assert list(temporary.iterdir()) == []


def test_a_stopped_build_keeps_what_was_there(tagboat, large, examples):
    """A build that is stopped leaves the layout of an earlier one as it was."""
    before = tagboat("build", examples / "hello", "--output", "out").digest
    process = tagboat.start("build", large, "--output", "out")
    wait_for(lambda: [path for path in tagboat.cwd.iterdir() if "partial" in path.name], process)
    code, _, _ = stop(process, signal.SIGTERM)

    assert code == 130
    assert before in (tagboat.cwd / "out" / "index.json").read_text()
    assert sorted(path.name for path in tagboat.cwd.iterdir()) == ["large", "out"]


@pytest.fixture
def stuck():
    """Serve a registry that has nothing and never answers an upload; `asked` holds its requests."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            """Answer all but the body of a blob."""
            server.asked.append(f"{self.command} {self.path}")
            if self.command == "PUT":
                released.wait(60)
            self.send_response({"HEAD": 404, "POST": 202}.get(self.command, 200))
            self.send_header("Location", f"{self.path.partition('?')[0]}1")
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_HEAD = do_POST = do_PUT = answer  # noqa: N815 (the names are the base class's)

        def log_message(self, *_words: object) -> None:
            """Stay silent."""

    class Server(http.server.ThreadingHTTPServer):
        asked: list[str] = []  # noqa: RUF012 (one server, one list)

        def handle_error(self, *_who: object) -> None:
            """Stay silent: the client hangs up."""

    released = threading.Event()
    with Server(("127.0.0.1", 0), Handler) as server:
        server.asked = []
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield server
        released.set()
        server.shutdown()


@SIGNALS
def test_a_stopped_push_ends_at_once(number, tagboat, stuck, write):
    """A run that is stopped while a server keeps it waiting ends with 130, moves no name and leaves no file."""
    write(tagboat.cwd / "app", {"Dockerfile": "FROM scratch\nCOPY hello /\n", "hello": "hello\n"})
    image = f"127.0.0.1:{stuck.server_port}/acme/app"
    process = tagboat.start("run", "app", "--images", image, "--tags", "type=raw,value=1", "--push")
    wait_for(lambda: [entry for entry in stuck.asked if entry.startswith("PUT")], process)
    code, out, err = stop(process, number)

    assert (code, out) == (130, "")
    assert f"interrupted by {number.name}" in err
    assert "Traceback" not in err
    assert [entry for entry in stuck.asked if entry.startswith("PUT") and "/manifests/" in entry] == []
    assert list(Path(tagboat.env["TMPDIR"]).iterdir()) == []


@pytest.fixture
def on_disk(as_root, tagboat, tmp_path):
    """Build into a disk of its own, mounted with these options; standard error ends with what the disk holds then."""
    disk = tmp_path / "disk"
    disk.mkdir()
    script = 'mount -t tmpfs -o "$1" none "$0" && shift && { "$@"; code=$?; ls -A "$0" >&2; exit $code; }'
    shell = [*as_root, "unshare", "--mount", "sh", "-c", script, str(disk)]
    if subprocess.run([*shell, "size=100k", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount a tmpfs")

    def build(context: Path, output: str, options: str, *words: object) -> subprocess.CompletedProcess[str]:
        argv = tagboat.argv(["build", context, "--output", disk / output, *words], [*shell, options])
        done = subprocess.run(argv, cwd=tagboat.cwd, capture_output=True, text=True, check=False, timeout=60)
        assert "Traceback" not in done.stderr
        return done

    return build


OUTPUTS = pytest.mark.parametrize("output", ["out", "out.tar", "."])


@OUTPUTS
def test_a_full_disk_is_said_and_leaves_nothing(output, on_disk, write, tmp_path):
    """A disk that gets full is exit 11 with a hint, and what was written so far is gone."""
    folder = write(tmp_path / "app", {"Dockerfile": "FROM scratch\nCOPY noise /\n"})
    (folder / "noise").write_bytes(Random(1).randbytes(400_000))
    done = on_disk(folder, output, "size=100k")

    assert done.returncode == 11
    assert "No space left on device" in done.stderr
    assert done.stderr.splitlines()[-1] == "  hint: free some disk space, or choose another place"


@OUTPUTS
def test_a_disk_may_get_full_at_any_file(output, on_disk, write, tagboat, examples, tmp_path):
    """Whichever file or folder is the one too many, the build ends with 11 and deletes all that it made."""
    tagboat("build", examples / "hello", "--output", "base", "--platforms", "linux/amd64")
    folder = write(tagboat.cwd / "app", {"Dockerfile": "FROM base\nCOPY Dockerfile /\n"})
    words = ["--work-dir", tmp_path / "disk", "--build-contexts", f"base=oci-layout://{tagboat.cwd / 'base'}"]
    for files in range(1, 30):
        done = on_disk(folder, output, f"nr_inodes={files + 1}", *words)  # the disk's own folder is one
        if done.returncode == 0:
            break
        assert (done.returncode, done.stderr.splitlines()[-1][:7]) == (11, "  hint:"), done.stderr
        assert "No space left on device" in done.stderr
    assert 8 < files < 29


@OUTPUTS
def test_a_read_only_place_is_said(output, on_disk, examples):
    """An output where nothing can be written is exit 11, and the place is named."""
    done = on_disk(examples / "hello", output, "ro")

    assert done.returncode == 11
    assert "cannot be written: Read-only file system" in done.stderr
    assert done.stderr.splitlines()[-1] == "  hint: choose a place that you may write to"


@OUTPUTS
def test_a_disk_with_room_is_enough(output, on_disk, examples):
    """A small image fits on a small disk: nothing is written that is not in the output."""
    done = on_disk(examples / "hello", output, "size=100k")

    held = ["blobs", "index.json", "oci-layout"] if output == "." else [output]
    assert done.returncode == 0
    assert done.stderr.splitlines()[-len(held) :] == held
