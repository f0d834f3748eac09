"""What system calls do to a process, looked at in one that is there for nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[3] / "src"


def run(program):
    """Run a program of Python that can import the package, and return what it prints."""
    done = subprocess.run(
        [sys.executable, "-c", program], env={"PYTHONPATH": str(SOURCE)}, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode().split()


def test_the_session_keyring_is_left():
    """After leaving, the session's keyring is another, empty one."""
    program = """
import os
from tagboat.executors import kernel

def session():
    return kernel._libc().syscall(kernel._KEYCTL[os.uname().machine], 0, -3, 1, 0, 0)

before = session()
if before < 0:
    print("none")
else:
    kernel.leave_keyring()
    print(session() not in (-1, before))
"""
    (said,) = run(program)
    if said == "none":
        pytest.skip("this system has no keyrings")
    assert said == "True"


def test_no_capability_is_left_to_programs_but_those_kept():
    """The bounding set is what was to be kept, and nothing can be inherited; root alone may say so."""
    program = """
import os
from tagboat.executors import kernel

if os.geteuid() == 0:
    kernel.limit_capabilities(frozenset({0, 8}))
for line in open("/proc/self/status"):
    if line.startswith(("CapInh", "CapAmb", "CapBnd")) and os.geteuid() == 0:
        print(int(line.split()[1], 16))
"""
    assert sorted(run(program)) in (["0", "0", "257"], [])


def test_a_call_that_fails_names_what_it_was_for():
    """The error of a mount has the target as its file name."""
    program = """
from tagboat.executors import kernel

try:
    kernel.mount("tmpfs", "/not/there", "tmpfs")
except OSError as error:
    print(error.filename, error.errno in (1, 2))
"""
    assert run(program) == ["/not/there", "True"]
