"""`entrypoint.py` as a process: it makes its environment once, safely, and is not in the way afterwards."""

from __future__ import annotations

import ast
import hashlib
import http.server
import io
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import venv
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WHEEL = "greeting-1.0-py3-none-any.whl"
UNREACHABLE = "http://127.0.0.1:9/simple"

COMMAND_LINE = """
import sys

def main(argv=None):
    words = sys.argv[1:]
    if "--help" in words:
        print("usage: tagboat")
        return 0
    import greeting
    print(greeting.TEXT, *words, sys.stdin.read())
    return 5 if "fail" in words else 0
"""

PIP = """
import pathlib, sys
assert "--require-hashes" in sys.argv
target = next(word.partition("=")[2] for word in sys.argv if word.startswith("--target="))
pathlib.Path(target).mkdir()
pathlib.Path(target, "greeting.py").write_text("TEXT = 'hello'")
"""


def archive(files: dict[str, str]) -> bytes:
    """Return a zip file, and so a wheel, with these files."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
    return raw.getvalue()


def greeting_wheel() -> bytes:
    """Return the one library that the checkouts of these tests need."""
    info = "greeting-1.0.dist-info"
    return archive(
        {
            "greeting.py": "TEXT = 'hello'",
            f"{info}/METADATA": "Metadata-Version: 2.1\nName: greeting\nVersion: 1.0\n",
            f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            f"{info}/RECORD": f"greeting.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n",
        }
    )


@dataclass
class Index:
    """A package index on this machine: `files` by name, what was `asked` for, and a gate that can hold answers back."""

    files: dict[str, bytes]
    url: str = ""
    asked: list[str] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def index() -> Iterator[Index]:
    """Serve the greeting on a free port."""
    served = Index({WHEEL: greeting_wheel()})
    served.gate.set()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Serve a file by its name, and for every folder the page of all files."""
            name = self.path.rpartition("/")[2]
            served.asked.append(self.path)
            page = "".join(f'<a href="/files/{file}">{file}</a>' for file in served.files).encode()
            if name in served.files:
                served.gate.wait(60)
            body = served.files.get(name, page)
            self.send_response(200)
            self.send_header("Content-Type", "application/octet-stream" if name else "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815 (the name is the base class's)

        def log_message(self, *_words: object) -> None:
            """Stay silent."""

    class Server(http.server.ThreadingHTTPServer):
        def handle_error(self, *_who: object) -> None:
            """Stay silent: a killed client hangs up."""

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        served.url = f"http://127.0.0.1:{server.server_port}/simple"
        yield served
        served.gate.set()
        server.shutdown()
        thread.join()


@dataclass
class Checkout:
    """A copy of `entrypoint.py` with a small command line and lock, in folders with spaces in their names."""

    folder: Path
    store: Path
    env: dict[str, str]
    python: str = sys.executable

    def start(self, *words: str, **env: str) -> subprocess.Popen[str]:
        """Start the entrypoint in a session of its own."""
        return subprocess.Popen(
            [self.python, str(self.folder / "entrypoint.py"), *words],
            env={**self.env, **env},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *words: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run the entrypoint with nothing on stdin."""
        return finish(self.start(*words, **env))

    def environments(self) -> list[str]:
        """Return the names in the store, half-made ones too."""
        return sorted(path.name for path in self.store.iterdir()) if self.store.exists() else []


def finish(process: subprocess.Popen[str], stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Wait for a process and return what it left."""
    out, err = process.communicate(stdin, timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@pytest.fixture
def checkout(tmp_path: Path, index: Index) -> Checkout:
    """Return a checkout whose installers know this machine's index and nothing else."""
    folder = tmp_path / "check out"
    package = folder / "src" / "tagboat" / "cli"
    package.mkdir(parents=True)
    shutil.copy(ROOT / "entrypoint.py", folder)
    (package / "main.py").write_text(COMMAND_LINE)
    digest = hashlib.sha256(index.files[WHEEL]).hexdigest()
    (folder / "requirements.lock").write_text(f"greeting==1.0 --hash=sha256:{digest}\n")
    env = {
        "PATH": "/nowhere",
        "HOME": str(tmp_path / "ho me"),
        "RUNNER_TOOL_CACHE": str(tmp_path / "tool cache"),
        "PIP_INDEX_URL": index.url,
        "PIP_RETRIES": "1",
        "UV_HTTP_RETRIES": "0",
        "NO_PROXY": "*",
    }
    return Checkout(folder, tmp_path / "tool cache" / "tagboat", env)


@pytest.fixture
def uv(tmp_path: Path) -> str:
    """Return a folder for PATH that has uv and nothing else."""
    found = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert found, "uv is a development dependency"
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "uv").symlink_to(found)
    return str(folder)


@pytest.fixture
def bare_python(tmp_path: Path) -> Path:
    """Return a Python as Debian ships it: its pip and ensurepip are packages of their own, and not installed."""
    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
    site = next((tmp_path / "bare" / "lib").glob("python3.*/site-packages"))
    (site / "none").mkdir()
    (site / "none" / "ensurepip.py").touch()
    # Not a sitecustomize module: Debian has one of its own, which comes first.
    (site / "bare.pth").write_text(
        f"import sys, sysconfig; sys.path.insert(0, {str(site / 'none')!r}); "
        "sysconfig.get_config_vars().pop('WHEEL_PKG_DIR', None)\n"
    )
    return tmp_path / "bare" / "bin" / "python"


def test_first_call_makes_the_environment_and_the_second_needs_no_index(checkout: Checkout) -> None:
    """The first call installs the locked libraries; the second asks nobody and says nothing on stderr."""
    first = checkout.run("build", ".")
    second = checkout.run("build", ".", PIP_INDEX_URL=UNREACHABLE)

    assert (first.returncode, first.stdout) == (0, "hello build . \n")
    assert len(first.stderr.splitlines()) == 1
    assert (second.returncode, second.stdout, second.stderr) == (0, "hello build . \n", "")


def test_uv_makes_it_when_there_is_one(checkout: Checkout, uv: str, index: Index) -> None:
    """With uv on PATH uv installs, from the index that PIP_INDEX_URL names."""
    done = checkout.run("plan", PATH=uv)

    assert (done.returncode, done.stdout) == (0, "hello plan \n")
    assert "with uv" in done.stderr
    assert any(path.endswith(WHEEL) for path in index.asked)


def test_no_argument_is_run(checkout: Checkout) -> None:
    """Without arguments the command is `run`."""
    assert checkout.run().stdout == "hello run \n"


def test_exit_code_and_stdin_pass_through(checkout: Checkout) -> None:
    """The command's exit code is ours, and what comes in on stdin is the command's to read."""
    done = finish(checkout.start("fail"), stdin="from a pipe")

    assert (done.returncode, done.stdout) == (5, "hello fail from a pipe\n")


def test_help_needs_no_environment(checkout: Checkout, index: Index) -> None:
    """`--help` runs at once: nothing is installed, nothing is written, nobody is asked."""
    done = checkout.run("build", "--help")

    assert (done.returncode, done.stdout, done.stderr) == (0, "usage: tagboat\n", "")
    assert index.asked == []
    assert checkout.environments() == []


def test_two_first_calls_at_once_make_one_environment(checkout: Checkout, index: Index) -> None:
    """Of two runs that start together one installs, the other waits for it, and both succeed."""
    both = [finish(process) for process in [checkout.start("one"), checkout.start("two")]]

    assert [done.returncode for done in both] == [0, 0]
    assert len(checkout.environments()) == 1
    assert sum(path.endswith(WHEEL) for path in index.asked) == 1


def test_half_made_environment_is_not_used(checkout: Checkout, index: Index) -> None:
    """What a killed run leaves is never run, and the next one removes it."""
    index.gate.clear()
    killed = checkout.start("build")
    until = time.monotonic() + 30
    while not any(path.endswith(WHEEL) for path in index.asked) and time.monotonic() < until:
        time.sleep(0.01)
    os.killpg(killed.pid, signal.SIGKILL)
    finish(killed)
    assert [name.startswith(".making-") for name in checkout.environments()] == [True]

    index.gate.set()
    assert checkout.run("build").returncode == 0
    assert [name.startswith("python3.") for name in checkout.environments()] == [True]


def test_checkout_stays_as_it_was(checkout: Checkout) -> None:
    """A read-only checkout works, since nothing is written to it: no bytecode, no environment."""
    before = sorted(checkout.folder.rglob("*"))
    for folder in (path for path in [checkout.folder, *before] if path.is_dir()):
        folder.chmod(0o555)

    assert checkout.run("build").returncode == 0
    assert checkout.run("build").returncode == 0
    assert sorted(checkout.folder.rglob("*")) == before


def test_another_lock_is_another_environment(checkout: Checkout) -> None:
    """A changed lock never meets the libraries of the old one."""
    checkout.run("build")
    lock = checkout.folder / "requirements.lock"
    lock.write_text(lock.read_text() + "# newer\n")
    checkout.run("build")

    assert len(checkout.environments()) == 2


def test_wrong_hash_stops(checkout: Checkout, index: Index) -> None:
    """A package that is not the locked one is exit 11 with the reason, and leaves no environment."""
    index.files[WHEEL] += b"\n"
    done = checkout.run("build")

    assert (done.returncode, done.stdout) == (11, "")
    assert "its hash differs" in done.stderr
    assert "hint:" in done.stderr
    assert checkout.environments() == []


@pytest.mark.parametrize("with_uv", [True, False], ids=["uv", "pip"])
def test_unreachable_index_is_named_without_its_password(checkout: Checkout, uv: str, with_uv: bool) -> None:
    """No network is exit 11 with a hint that names the settings, no traceback, and no credential in the words."""
    index_url = UNREACHABLE.replace("//", "//me:s3cret@")
    done = checkout.run("build", PIP_INDEX_URL=index_url, PATH=uv if with_uv else "/nowhere")

    assert (done.returncode, done.stdout) == (11, "")
    assert "the package index cannot be reached" in done.stderr
    assert "PIP_INDEX_URL" in done.stderr
    assert "s3cret" not in done.stderr
    assert "Traceback" not in done.stderr


def test_installers_see_no_secret_and_a_broken_one_is_passed_over(checkout: Checkout, tmp_path: Path) -> None:
    """An installer sees no input and no token; when it cannot do the work the next one does, and both are named."""
    seen = tmp_path / "seen"
    fake = tmp_path / "broken"
    fake.mkdir()
    (fake / "uv").write_text(f"#!/bin/sh\nexport -p > '{seen}'\necho unexpected argument\nexit 2\n")
    (fake / "uv").chmod(0o755)
    secrets = {"INPUT_PASSWORD": "s3cret", "TAGBOAT_PASSWORD": "s3cret", "GITHUB_TOKEN": "s3cret", "SECRETS": "s3cret"}
    done = checkout.run("build", **secrets, PATH=str(fake))

    assert done.returncode == 0
    assert [word in done.stderr for word in ("with uv", "with pip")] == [True, True]
    assert "PIP_INDEX_URL" in seen.read_text()
    assert "s3cret" not in seen.read_text()


def test_bare_python_runs_pip_from_its_wheel(checkout: Checkout, index: Index, bare_python: Path) -> None:
    """Without uv, pip and ensurepip the pinned wheel of pip comes from the index and is run from its file."""
    index.files["pip-1.0-py3-none-any.whl"] = pip = archive({"pip/__main__.py": PIP})
    entrypoint = checkout.folder / "entrypoint.py"
    names = {"PIP_WHEEL = ": "pip-1.0-py3-none-any.whl", "PIP_WHEEL_SHA256 = ": hashlib.sha256(pip).hexdigest()}
    lines = entrypoint.read_text().splitlines()
    for start, value in names.items():
        lines = [f"{start}{value!r}" if line.startswith(start) else line for line in lines]
    entrypoint.write_text("\n".join(lines))
    checkout.python = str(bare_python)
    done = checkout.run("build")

    assert (done.returncode, done.stdout) == (0, "hello build \n")
    assert index.asked == ["/simple/pip/", "/files/pip-1.0-py3-none-any.whl"]


def test_wheel_of_pip_with_another_hash_is_not_run(checkout: Checkout, index: Index, bare_python: Path) -> None:
    """A wheel under pip's name that is not the pinned one is exit 11 and never started."""
    pinned = next(
        ast.literal_eval(node.value)
        for node in ast.parse((ROOT / "entrypoint.py").read_text()).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "PIP_WHEEL"
    )
    index.files[pinned] = archive({"pip/__main__.py": PIP})
    checkout.python = str(bare_python)
    done = checkout.run("build")

    assert (done.returncode, done.stdout) == (11, "")
    assert "its hash differs" in done.stderr
    assert checkout.environments() == []


def test_store_that_others_can_write_to_is_not_used(checkout: Checkout) -> None:
    """An environment that somebody else could have planted is not run: the user's own cache is used instead."""
    checkout.store.mkdir(parents=True)
    checkout.store.chmod(0o777)

    assert checkout.run("build").returncode == 0
    assert checkout.environments() == []
    assert len(list(Path(checkout.env["HOME"], ".cache", "tagboat").iterdir())) == 1


def test_without_a_home_the_store_is_private_and_temporary(checkout: Checkout, tmp_path: Path) -> None:
    """With no cache folder at all the environment is below the temporary folder, in one that only we can read."""
    checkout.env = {"PATH": "/nowhere", "TMPDIR": str(tmp_path), "PIP_INDEX_URL": checkout.env["PIP_INDEX_URL"]}
    done = checkout.run("build")

    assert done.returncode == 0
    assert (tmp_path / f"tagboat-{os.geteuid()}").stat().st_mode & 0o777 == 0o700


def test_no_store_at_all_is_said(checkout: Checkout, tmp_path: Path) -> None:
    """When there is no folder to write to, exit 11 names the folders that were tried."""
    (tmp_path / "file").touch()
    checkout.env = {"PATH": "/nowhere", "TMPDIR": str(tmp_path / "file")}
    done = checkout.run("build")

    assert (done.returncode, done.stdout) == (11, "")
    assert str(tmp_path / "file") in done.stderr


def test_syntax_is_readable_for_old_pythons() -> None:
    """Python 3.7 can still read the file, and so can say that it is too old; 3.6 lacks only what is asked for here."""
    source = (ROOT / "entrypoint.py").read_text()
    ast.parse(source, feature_version=(3, 7))
    assert "__future__" not in source


def old_python(checkout: Checkout, **env: str) -> subprocess.CompletedProcess[str]:
    """Start the entrypoint in a Python that says it is 3.9."""
    start = "import runpy, sys; sys.version_info = (3, 9, 18); sys.argv = sys.argv[1:]"
    argv = [sys.executable, "-c", f"{start}; runpy.run_path(sys.argv[0], run_name='__main__')"]
    return subprocess.run(
        [*argv, str(checkout.folder / "entrypoint.py"), "--help"],
        env={**checkout.env, **env},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_old_python_hands_over_to_a_newer_one(checkout: Checkout, tmp_path: Path) -> None:
    """An old Python looks for a newer one on PATH, past those that do not start, and runs there."""
    (tmp_path / "shims").mkdir()
    (tmp_path / "shims" / "python3.14").write_text("#!/bin/sh\nexit 127\n")
    (tmp_path / "shims" / "python3.14").chmod(0o755)
    (tmp_path / "shims" / "python3.11").symlink_to(sys.executable)
    done = old_python(checkout, PATH=str(tmp_path / "shims"))

    assert (done.returncode, done.stdout) == (0, "usage: tagboat\n")


def test_setup_pythons_tool_cache_is_looked_into(checkout: Checkout) -> None:
    """A Python that actions/setup-python has put into the tool cache is found without PATH."""
    folder = Path(checkout.env["RUNNER_TOOL_CACHE"], "Python", "3.12.7", "x64", "bin")
    folder.mkdir(parents=True)
    (folder / "python3.12").symlink_to(sys.executable)
    done = old_python(checkout)

    assert (done.returncode, done.stdout) == (0, "usage: tagboat\n")
