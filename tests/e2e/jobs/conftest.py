"""Places to run jobs in: containers that allow what Docker or a person's machine allows."""

from __future__ import annotations

import contextlib
import itertools

import pytest

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
