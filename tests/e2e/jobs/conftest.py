"""Places to run jobs in: containers that allow what Docker or a person's machine allows."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from fakes import bases
from fakes.containers import PROGRAMS, container
from fakes.seccomp import PROFILE
from fakes.servers import missing_programs


@pytest.fixture
def job(tmp_path, private_environment, as_root):
    """Start containers that see this test's folder: `job(Place.DOCKER)`; they end with the test."""
    if missing := missing_programs(*PROGRAMS) or ("" if PROFILE.exists() else str(PROFILE)):
        pytest.skip(f"not installed: {missing}")
    private_environment.chmod(0o755)
    numbers = itertools.count()
    with contextlib.ExitStack() as stack:

        def start(place):
            folder = private_environment.parent / f"{tmp_path.name}-{place}-{next(numbers)}"
            folder.mkdir()
            return stack.enter_context(container(place, folder, [tmp_path, private_environment], as_root))

        yield start


@pytest.fixture(scope="session")
def debian(as_root) -> Path:
    """Return the layout of Debian's smallest system."""
    return make_debian([], as_root)


@pytest.fixture(scope="session")
def toolbox(as_root) -> Path:
    """Return the layout of a Debian that holds Python and a C compiler."""
    return make_debian(["gcc", "libc6-dev", "python3-venv"], as_root)


def make_debian(packages: Sequence[str], as_root: Sequence[str]) -> Path:
    """Return the layout of a Debian from the user's cache, made where it is not in there."""
    if missing := missing_programs(*bases.PROGRAMS):
        pytest.skip(f"not installed: {missing}")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tagboat-tests"
    try:
        return bases.debian(cache, packages, as_root)
    except bases.CannotMakeError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def seen_processes():
    """Make a function that lists the processes with a word in their command line, those in containers too."""

    def find(word: str) -> list[str]:
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                words = path.read_bytes().decode(errors="replace").split("\0")
                if word in words:
                    found.append(" ".join(words))
        return found

    return find
