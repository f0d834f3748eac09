"""The real tools: what they take from the environment, and that nothing is opened before it is needed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest

from tagboat.errors import InputError
from tagboat.flow.context import System
from tagboat.flow.request import Request
from tagboat.wiring import native_platform, open_tools

REQUEST = Request(command="build")


def test_the_clock_may_be_set(progress):
    """TAGBOAT_NOW takes the place of the clock, in UTC where it names no zone."""
    expected = {
        "2026-01-31T12:00:00Z": datetime(2026, 1, 31, 12, tzinfo=UTC),
        "2026-01-31T12:00:00": datetime(2026, 1, 31, 12, tzinfo=UTC),
        "2026-01-31T12:00:00+02:00": datetime(2026, 1, 31, 12, tzinfo=timezone(timedelta(hours=2))),
    }
    for text, now in expected.items():
        with open_tools(REQUEST, {"TAGBOAT_NOW": text}, progress) as tools:
            assert tools.now == now


def test_without_it_the_clock_is_the_machines(progress):
    """An absent or empty TAGBOAT_NOW means now."""
    for environ in ({}, {"TAGBOAT_NOW": " "}):
        with open_tools(REQUEST, environ, progress) as tools:
            assert abs(datetime.now(UTC) - tools.now) < timedelta(minutes=1)


def test_a_time_that_is_none_is_an_input_error(progress):
    """The error names the variable and shows how to write it."""
    with (
        pytest.raises(InputError, match="TAGBOAT_NOW") as caught,
        open_tools(REQUEST, {"TAGBOAT_NOW": "noon"}, progress),
    ):
        pass
    assert "2026-01-31T12:00:00Z" in caught.value.hint


def test_temporary_files_go_where_the_runner_wants_them(progress):
    """RUNNER_TEMP comes before the system's folder."""
    with open_tools(REQUEST, {"RUNNER_TEMP": "/runner"}, progress) as tools:
        assert tools.temporary == Path("/runner")


def test_offline_there_is_no_registry(progress):
    """A run that is offline cannot get a registry by accident."""
    request = Request(command="run", offline=True)
    with open_tools(request, {}, progress) as tools, pytest.raises(InputError, match="offline"):
        tools.registry()


def test_there_is_one_registry_client(progress, tmp_path):
    """Connections and tokens are shared by all steps."""
    with open_tools(REQUEST, {"HOME": str(tmp_path)}, progress) as tools:
        assert tools.registry() is tools.registry()


def test_images_are_for_linux(progress):
    """The native platform is this machine's architecture with linux as the OS."""
    with open_tools(REQUEST, {}, progress) as tools:
        assert (tools.native, tools.native.os) == (native_platform(), "linux")
        assert tools.jobs >= 1


def test_the_context_is_that_of_the_request(progress, tmp_path):
    """Events are simulated, and facts come from the environment that was handed in."""
    request = Request(command="plan", context=tmp_path, event="tag:v1.2.3")
    with open_tools(request, {"PATH": "/usr/bin:/bin"}, progress) as tools:
        context = tools.read_context(request)
    assert (context.system, context.tag) == (System.LOCAL, "v1.2.3")
