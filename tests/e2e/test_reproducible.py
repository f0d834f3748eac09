"""Same commit, same digest: whoever checks it out and builds it, where, when and how."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

FILES = {
    "Dockerfile": 'FROM scratch\nCOPY app /app/\nCOPY conf /etc/conf/\nCMD ["/app/run"]\n',
    "app/run": "#!/bin/sh\necho run\n",
    "app/data/words.txt": "one two three\n" * 2000,
    "app/data/empty": "",
    "conf/app.conf": "log = info\n",
}
NOBODY = 65534
BEFORE_THE_COMMIT, AFTER_IT = 1_000_000_000, 1_900_000_000


@pytest.fixture(scope="module")
def repository(tmp_path_factory, commit) -> Path:
    """Return a repository with one commit that holds a program, a symlink and some folders."""
    folder = tmp_path_factory.mktemp("repository")
    (folder / "app").mkdir()
    (folder / "app" / "link").symlink_to("data/words.txt")
    commit(folder, FILES)
    return folder


@pytest.fixture(scope="module")
def clone(git, repository):
    """Clone the repository under an umask, and give all its files one time."""

    def make(target: Path, umask: int = 0o022, mtime: int = AFTER_IT) -> Path:
        target.parent.mkdir(exist_ok=True)
        git(repository, "clone", "--quiet", repository, target, umask=umask)
        for path in [target, *target.rglob("*")]:
            os.utime(path, (mtime, mtime), follow_symlinks=False)
        return target

    return make


@pytest.fixture
def expected(tagboat, repository) -> str:
    """Return the digest of the repository itself."""
    return tagboat("build", repository, "--output", "expected").digest


@pytest.mark.parametrize("mtime", [BEFORE_THE_COMMIT, AFTER_IT], ids=["older", "newer"])
@pytest.mark.parametrize("umask", [0o002, 0o022, 0o077], ids=lambda umask: f"{umask:03o}")
def test_every_clone_gives_the_same_digest(umask, mtime, tagboat, clone, expected, tmp_path):
    """Neither a clone's path, nor its umask, nor the times of its files are in the image."""
    folder = clone(tmp_path / "an other" / "place", umask, mtime)

    assert tagboat("build", folder, "--output", "out").digest == expected


@pytest.mark.parametrize(
    "env",
    [
        {"TZ": "Pacific/Chatham"},
        {"LC_ALL": "C"},
        {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"},
        {"PYTHONHASHSEED": "1"},
        {"PYTHONHASHSEED": "2", "TAGBOAT_JOBS": "1"},
        {"PYTHONUTF8": "0", "TAGBOAT_JOBS": "2"},
    ],
    ids=lambda env: " ".join(f"{name}={value}" for name, value in env.items()),
)
def test_no_setting_of_the_machine_is_in_the_image(env, tagboat, repository, expected):
    """Time zone, language, hash seed and the number of threads leave the digest alone."""
    assert tagboat("build", repository, "--output", "out", **env).digest == expected


def test_a_folder_below_is_the_same_as_the_working_folder(tagboat, repository, expected):
    """A context gives one digest, whether it is named from elsewhere or is the working folder itself."""
    assert tagboat("build", "--output", tagboat.cwd / "out", cwd=repository).digest == expected


def test_the_umask_of_the_build_is_not_in_the_layout(tagboat, repository, expected):
    """A build under a strict umask gives the same image, in files that other users can read."""
    done = tagboat("build", repository, "--output", "out", prefix=["sh", "-c", 'umask 077; exec "$@"', "sh"])

    assert done.digest == expected
    assert {oct(path.stat().st_mode & 0o777) for path in (tagboat.cwd / "out").rglob("*") if path.is_file()} == {
        "0o644"
    }


@pytest.fixture
def as_nobody(as_root) -> list[str]:
    """Return the words that run a program as another user, who may read our Python and write to our folders."""
    if shutil.which("setpriv") is None:
        pytest.skip("not installed: setpriv")
    capability = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    return [*as_root, "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *capability]


@pytest.fixture
def open_folder(as_root):
    """Return a folder that every user can enter: git goes by the modes alone, whatever else a process may do."""
    folder = Path(tempfile.mkdtemp(prefix="tagboat-test-"))
    folder.chmod(0o755)
    yield folder
    subprocess.run([*as_root, "rm", "-rf", folder], check=True)


def test_another_users_clone_gives_the_same_digest(tagboat, clone, expected, as_root, as_nobody, open_folder):
    """Who has cloned, and builds, is not in the image: not by the owner, not by modes that a strict umask gave."""
    folder = clone(open_folder / "clone", 0o077)
    subprocess.run([*as_root, "chown", "--recursive", f"{NOBODY}:{NOBODY}", folder], check=True)

    assert tagboat("build", folder, "--output", "out", prefix=as_nobody).digest == expected


def test_a_safe_directory_gives_the_same_digest(tagboat, clone, expected, as_nobody, open_folder):
    """A checkout that belongs to somebody else gives the same image, once git is told that it may read it."""
    folder = clone(open_folder / "clone")
    (open_folder / ".gitconfig").write_text(f"[safe]\n\tdirectory = {folder}\n")

    assert tagboat("build", folder, "--output", "out", prefix=as_nobody, HOME=open_folder).digest == expected


def test_a_checkout_that_git_refuses_is_an_error(tagboat, clone, as_nobody, open_folder):
    """Where git does not read another user's checkout, the image would lose its time: cause and cure are named."""
    folder = clone(open_folder / "clone")
    done = tagboat("build", folder, "--output", "out", prefix=as_nobody, code=3)

    assert "belongs to another user" in done.stderr
    assert f"safe.directory {folder}" in done.stderr


def test_an_untouched_folder_is_the_same_layer_in_the_next_commit(tagboat, clone, commit, tmp_path):
    """A commit that changes one folder changes one layer: the other COPY's digest stays."""
    folder = clone(tmp_path / "clone")
    before = layers(tagboat, folder)
    commit(folder, {"conf/app.conf": "log = debug\n"})
    after = layers(tagboat, folder)

    assert [old == new for old, new in zip(before, after, strict=True)] == [True, False]


def test_source_date_epoch_is_the_time_of_the_image(tagboat, repository, skopeo):
    """SOURCE_DATE_EPOCH wins over the commit's time, and no file is younger."""
    tagboat("build", repository, "--output", "out", SOURCE_DATE_EPOCH="86400")

    assert json.loads(skopeo("inspect", "oci:out", cwd=tagboat.cwd))["Created"] == "1970-01-02T00:00:00Z"


def layers(tagboat, folder: Path) -> list[str]:
    """Build a folder and return the digests of its layers."""
    document = tagboat("build", folder, "--output", "out", "--json").json
    manifest = tagboat.cwd / "out" / "blobs" / document["digest"].replace(":", "/")
    return [layer["digest"] for layer in json.loads(manifest.read_text())["layers"]]
