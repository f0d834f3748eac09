"""The laws of work in threads."""

from __future__ import annotations

import threading
import time

import pytest

from tagboat.errors import RegistryError, StoppedError
from tagboat.registry.pool import run_all, threads


def test_results_come_in_order():
    """Results stand where their calls stood, whoever ended first."""
    with threads(4, stop=lambda: None) as executor:
        calls = [lambda number=number: time.sleep((5 - number) / 200) or number for number in range(5)]
        assert run_all(executor, calls) == [0, 1, 2, 3, 4]


def test_the_first_error_drops_what_has_not_begun():
    """After an error no further call begins, those that run end, and the error is raised."""
    begun = []

    def fail():
        raise RegistryError("no")

    def note():
        begun.append(True)
        time.sleep(0.01)

    with threads(1, stop=lambda: None) as executor, pytest.raises(RegistryError):
        run_all(executor, [fail, *[note] * 100])
    assert len(begun) < 100


def interrupted(interruption, stop, work):
    """Begin some work in one thread, be interrupted, and return its futures."""
    futures = []
    begun = threading.Event()
    try:
        with threads(1, stop=stop) as executor:
            futures += [executor.submit(work, begun) for _ in range(3)]
            begun.wait(5)
            raise interruption
    except (KeyboardInterrupt, StoppedError):
        return futures


@pytest.mark.parametrize("interruption", [KeyboardInterrupt(), StoppedError("SIGTERM")])
def test_an_interruption_stops_what_runs(interruption):
    """An interrupted block tells the work that runs to stop, and drops the rest."""
    stopped = threading.Event()

    def work(begun):
        begun.set()
        assert stopped.wait(5)

    futures = interrupted(interruption, stopped.set, work)
    assert [future.cancelled() for future in futures] == [False, True, True]
