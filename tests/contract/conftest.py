"""Every executor that this machine has, and stages to run commands in."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from fakes.executors import CannotError, Stage, Way, open_way


@pytest.fixture(scope="module", params=list(Way), ids=str)
def executor(request, tmp_path_factory):
    """Return an executor; those that this machine lacks are skipped by name."""
    with ExitStack() as opened:
        try:
            yield opened.enter_context(open_way(request.param, tmp_path_factory.mktemp("executor") / "roots"))
        except CannotError as reason:
            pytest.skip(f"{request.param} cannot be had here: {reason}")


@pytest.fixture(params=list(Way), ids=str)
def lone_executor(request, tmp_path):
    """Return an executor that no other test uses, since this one may end its worker."""
    with ExitStack() as opened:
        try:
            yield opened.enter_context(open_way(request.param, tmp_path / "roots"))
        except CannotError as reason:
            pytest.skip(f"{request.param} cannot be had here: {reason}")


@pytest.fixture
def way(executor, request):
    """Return which executor it is."""
    return request.node.callspec.params["executor"]


@pytest.fixture
def stage(executor):
    """Return a stage of busybox; its base is shared by all tests of the executor."""
    return Stage(executor, key="busybox")


@pytest.fixture
def make_stage(executor):
    """Make stages with more in their bases: `make_stage(folder("etc"), …)`."""
    return lambda *entries, key=None: Stage(executor, entries, key)
