"""Tagboat as a process, git repositories for it, and other people's tools to look at what it made."""

from __future__ import annotations

import base64
import json
import os
import runpy
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fakes.servers import JUDGES

ROOT = Path(__file__).parents[2]
PYTHON = sys.executable
LONGEST_SECONDS = 120
COMMIT_TIME = "2025-03-04T05:06:07+00:00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a process left."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self):
        """The one document on stdout."""
        return json.loads(self.stdout)

    @property
    def digest(self) -> str:
        """The digest that the closing lines name."""
        return next(line.split()[1] for line in self.stdout.splitlines() if line.startswith("digest "))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagboat:
    """The command line in an environment of its own; `cwd` is its working folder."""

    cwd: Path
    env: Mapping[str, str]
    started: list[subprocess.Popen[str]] = field(default_factory=list)

    def argv(self, words: Sequence[object], prefix: Sequence[str] = (), **env: object) -> list[str]:
        """Return the command line, its environment included, so that a prefix such as sudo cannot change it."""
        pairs = [f"{name}={value}" for name, value in {**self.env, **env}.items()]
        return [*prefix, "env", "-i", *pairs, PYTHON, "-m", "tagboat", *map(str, words)]

    def __call__(
        self, *words: object, code: int = 0, cwd: Path | None = None, prefix: Sequence[str] = (), **env: object
    ) -> Done:
        """Run a command to its end; its exit code must be `code`, and no traceback may be shown."""
        done = run(self.argv(words, prefix, **env), cwd=cwd or self.cwd, code=code)
        assert "Traceback" not in done.stderr
        return done

    def start(self, *words: object, **env: object) -> subprocess.Popen[str]:
        """Start a command and return at once; it does not outlive the test."""
        argv = self.argv(words, **env)
        process = subprocess.Popen(argv, cwd=self.cwd, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.started.append(process)
        return process


def run(
    argv: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None = None, code: int = 0, umask: int = 0o022
) -> Done:
    """Run a program to its end; its exit code must be `code`."""
    done = subprocess.run(
        argv, cwd=cwd, env=env, umask=umask, capture_output=True, text=True, check=False, timeout=LONGEST_SECONDS
    )
    assert done.returncode == code, f"{argv}\n{done.stdout}\n{done.stderr}"
    return Done(code=done.returncode, stdout=done.stdout, stderr=done.stderr)


@pytest.fixture
def tagboat(tmp_path: Path) -> Iterator[Tagboat]:
    """Return the command with an empty home, working in a folder where nothing else lies."""
    folders = {name: tmp_path / name for name in ("work", "home", "temporary")}
    for folder in folders.values():
        folder.mkdir()
    env = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT / "src"),
        "HOME": str(folders["home"]),
        "TMPDIR": str(folders["temporary"]),
    }
    command = Tagboat(cwd=folders["work"], env=env)
    yield command
    for process in command.started:
        if process.poll() is None:
            process.kill()
            process.communicate()


@pytest.fixture(scope="session")
def program():
    """Make functions that run a program in a folder and return what it prints; skip where it is not installed."""
    places = os.pathsep.join([str(JUDGES), os.environ["PATH"], str(Path(PYTHON).parent)])

    def find(name: str):
        path = shutil.which(name, path=places)
        if path is None:
            pytest.skip(f"not installed: {name}")
        return lambda *words, cwd=ROOT, **options: run([path, *map(str, words)], cwd=Path(cwd), **options).stdout

    return find


@pytest.fixture(scope="session")
def skopeo(program):
    """Run skopeo."""
    return program("skopeo")


@pytest.fixture(scope="session")
def umoci(program):
    """Run umoci."""
    return program("umoci")


@pytest.fixture(scope="session")
def git(program):
    """Run git as one and the same person, at one and the same time, whatever this machine's settings are."""
    call = program("git")
    person = {"NAME": "Ann", "EMAIL": "ann@example.org", "DATE": COMMIT_TIME}
    env = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER") for key, value in person.items()}
    env |= {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_CONFIG_NOSYSTEM": "1"}
    return lambda cwd, *words, umask=0o022: call(*words, cwd=cwd, env=env, umask=umask).strip()


@pytest.fixture(scope="session")
def write():
    """Write files below a folder: path to text; what begins with `#!` can be executed."""

    def write_files(folder: Path, files: Mapping[str, str]) -> Path:
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            path.chmod(0o755 if text.startswith("#!") else 0o644)
        return folder

    return write_files


@pytest.fixture(scope="session")
def commit(git, write):
    """Write files, commit them in a repository that is made when there is none, and return the commit's hash."""

    def commit_files(folder: Path, files: Mapping[str, str]) -> str:
        write(folder, files)
        if not (folder / ".git").exists():
            git(folder, "init", "--quiet", "--initial-branch=main")
            git(folder, "remote", "add", "origin", "https://github.com/acme/app.git")
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message=change")
        return git(folder, "rev-parse", "HEAD")

    return commit_files


@pytest.fixture(scope="session")
def as_root() -> list[str]:
    """Return the words that run a program as root: none when we are root."""
    if os.geteuid() == 0:
        return []
    if subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0:
        return ["sudo", "-n"]
    pytest.skip("neither root nor a sudo that asks nothing")


@pytest.fixture(scope="session")
def examples() -> Path:
    """Return the folder of examples."""
    return ROOT / "examples"


@pytest.fixture(scope="session")
def private_environment(tmp_path_factory) -> Path:
    """Return a cache folder that holds the environment which `entrypoint.py` looks for, made of the libraries here.

    How it is made from the lock is tested apart (`test_entrypoint.py`); these tests need no package index.
    """
    name = runpy.run_path(str(ROOT / "entrypoint.py"))["environment_name"]()
    cache = tmp_path_factory.mktemp("cache")
    environment = cache / "tagboat" / name
    for folder in (environment.parent, environment):
        folder.mkdir(mode=0o755)
    (environment / "lib").symlink_to(sysconfig.get_path("purelib"))
    return cache


@pytest.fixture
def entrypoint(tagboat: Tagboat, private_environment: Path):
    """Run `entrypoint.py`, as somebody does who has nothing but a checkout."""
    env = {**tagboat.env, "XDG_CACHE_HOME": str(private_environment)}
    del env["PYTHONPATH"]
    return lambda *words: run([PYTHON, str(ROOT / "entrypoint.py"), *map(str, words)], cwd=tagboat.cwd, env=env)


@pytest.fixture
def tags_of(tls_registry):
    """Return the tags of an image and their digests as the registry has them on its disk; none before a push."""

    def read(image: str) -> dict[str, str]:
        name = image.removeprefix(f"{tls_registry.host}/")
        folder = tls_registry.folder / "data" / "docker" / "registry" / "v2" / "repositories" / name / "_manifests"
        return {link.parts[-3]: link.read_text() for link in sorted(folder.glob("tags/*/current/link"))}

    return read


@pytest.fixture(params=["tls_registry", "distribution_registry"], ids=["docker-registry", "distribution"])
def server(request, tagboat: Tagboat):
    """Return each real registry in turn, after a login as Docker stores it in the home of the test."""
    registry = request.getfixturevalue(request.param)
    auth = base64.b64encode(f"{registry.username}:{registry.password}".encode()).decode()
    config = Path(tagboat.env["HOME"]) / ".docker" / "config.json"
    config.parent.mkdir()
    config.write_text(json.dumps({"auths": {registry.host: {"auth": auth}}}))
    return registry


@pytest.fixture
def judge(program, tagboat: Tagboat, server):
    """Run other people's programs where Tagboat works, with its home and with trust in the registry's authority."""
    env = {**tagboat.env, "SSL_CERT_FILE": str(server.ca_file)}
    return lambda name, *words, **more: program(name)(*words, cwd=tagboat.cwd, env={**env, **more})


@pytest.fixture(scope="session")
def blobs():
    """Read all blobs of a layout or an archive of one: digest to content."""

    def read(place: Path) -> dict[str, bytes]:
        if place.is_dir():
            return {f"sha256:{path.name}": path.read_bytes() for path in (place / "blobs" / "sha256").iterdir()}
        with tarfile.open(place) as archive:
            files = [member for member in archive if member.isfile() and member.name.startswith("blobs/sha256/")]
            return {f"sha256:{Path(member.name).name}": archive.extractfile(member).read() for member in files}

    return read
