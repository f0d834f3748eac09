"""Which executor is taken where, found out in places that are made to be what they are."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from tagboat.errors import MachineError
from tagboat.executors.choice import open_executor
from tagboat.flow.request import ExecutorChoice

ROOT = Path(__file__).parents[3]
EVERYBODYS_PYTHON = "/usr/bin/python3"  # ours may lie in root's own home
SOMEBODY = 12345  # a user without a range of subordinate IDs
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="not here: root's rights")

# Tells what is chosen in a folder, after making a mount of that folder's parent in a mount namespace of its own.
CHILD = """
import json, os, sys
from pathlib import Path

from fakes.progress import KeptProgress
from tagboat.errors import MachineError
from tagboat.executors import kernel
from tagboat.executors.choice import open_executor
from tagboat.flow.request import ExecutorChoice
from tagboat.proc import run

choice, place, folder = ExecutorChoice(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
if place != "disk":
    kernel.unshare(kernel.CLONE_NEWNS)
    kernel.mount("", "/", flags=kernel.MS_REC | kernel.MS_PRIVATE)
if place == "overlay":
    parts = [folder.parent / name for name in ("lower", "upper", "work")]
    for part in parts:
        part.mkdir(exist_ok=True)
    lower, upper, work = parts
    kernel.mount("overlay", str(folder), "overlay", options=f"lowerdir={lower},upperdir={upper},workdir={work}")
elif place != "disk":
    flags = {"noexec": kernel.MS_NOEXEC, "nodev": kernel.MS_NODEV, "memory": 0}[place]
    kernel.mount("tmpfs", str(folder), "tmpfs", flags)
progress = KeptProgress()
said = {"name": "", "problem": "", "hint": ""}
try:
    with open_executor(choice, folder / "a" / "roots", run=lambda argv: run(argv, env={}), progress=progress) as found:
        said["name"] = found.name
except MachineError as error:
    said |= {"problem": error.problem, "hint": error.hint}
print(json.dumps({**said, "lines": progress.lines, "warnings": progress.warnings}))
"""


@pytest.fixture
def choose():
    """Tell what is chosen: `choose("auto", "overlay")` in a folder that is an overlay mount; `uid` is who asks."""
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are for root alone
        folder = Path(name) / "folder"
        (folder / "a").mkdir(parents=True)
        Path(name).chmod(0o755)

        def ask(choice, place="disk", uid=None):
            python = [sys.executable]
            if uid is not None:
                os.chown(folder / "a", uid, uid)
                python = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups", EVERYBODYS_PYTHON]
            env = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'tests'}"}
            words = [*python, "-c", CHILD, choice, place, str(folder)]
            done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            return json.loads(done.stdout)

        yield ask


def test_none_refuses_every_run(tmp_path, progress):
    """With `executor: none` nothing is tried or made."""
    with (
        pytest.raises(MachineError, match="executor is none") as caught,
        open_executor(ExecutorChoice.NONE, tmp_path / "roots", run=pytest.fail, progress=progress),
    ):
        pass
    assert (caught.value.hint, list(tmp_path.iterdir()), progress.lines) == ("write executor: auto", [], [])


@needs_root
@pytest.mark.parametrize(("choice", "name"), [("auto", "overlay"), ("overlay", "overlay"), ("chroot", "chroot")])
def test_a_way_can_be_named(choose, choice, name):
    """Root on a machine of its own has overlay and chroot; the one that is taken is said."""
    said = choose(choice)
    assert (said["name"], said["warnings"]) == (name, [])
    assert said["lines"][-1].startswith(f"RUN: {name}, ")


@needs_root
def test_an_overlay_is_no_place_for_an_overlay(choose):
    """Where the folder cannot be an upper directory, chroot is taken, and the reason is told to who wants to know."""
    said = choose("auto", "overlay")
    assert said["name"] == "chroot"
    reasons = [line for line in said["lines"] if "overlayfs cannot write into" in line]
    assert len(reasons) == 2, "as root, and in a user namespace"


@needs_root
def test_a_way_that_does_not_work_is_not_replaced(choose):
    """A way that was named and does not work is an error with each reason."""
    said = choose("overlay", "overlay")
    assert said["name"] == ""
    assert said["problem"].startswith("RUN cannot be run here: overlay: merged: Invalid argument (overlayfs cannot")
    assert "give work-dir a folder on a volume" in said["problem"]
    assert "hostUsers: false" in said["hint"]


@needs_root
@pytest.mark.parametrize("place", ["noexec", "nodev"])
def test_chroot_needs_programs_and_devices(choose, place):
    """Where a mount forbids programs or devices, chroot is refused before any work."""
    said = choose("chroot", place)
    assert said["name"] == ""
    assert f"is mounted {place}; give work-dir another folder" in said["problem"]


@needs_root
@pytest.mark.parametrize("place", ["memory", "noexec", "nodev"])
def test_overlay_does_not_mind_the_mount_below(choose, place):
    """Overlayfs has flags of its own, so it works in memory, and where programs are forbidden."""
    assert choose("overlay", place)["name"] == "overlay"


def test_chroot_is_for_root(choose):
    """Who is not root is told so."""
    uid = SOMEBODY if os.geteuid() == 0 else None
    said = choose("chroot", uid=uid)
    assert (said["name"], said["problem"]) == ("", "RUN cannot be run here: chroot: this user is not root")


def test_who_is_nobody_special_is_root_alone(choose):
    """A user without a range of others runs as root of a namespace that has no others, which is a warning."""
    said = choose("auto", uid=SOMEBODY if os.geteuid() == 0 else None)
    if said["problem"]:
        assert "user namespace" in said["problem"], "this machine lets no user make one"
        return
    (last,) = said["lines"][-1:]
    assert (said["name"], last.startswith("RUN: overlay, in a user namespace")) == ("overlay", True)
    assert ["one user alone" in warning for warning in said["warnings"]] == ([True] if "root alone" in last else [])
