"""Threads for work that waits on the network."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_EXCEPTION, Executor, ThreadPoolExecutor, wait
from typing import TypeVar

from tagboat.errors import StoppedError

T = TypeVar("T")


@contextlib.contextmanager
def threads(count: int, *, stop: Callable[[], None]) -> Iterator[Executor]:
    """Give an executor; when the block is interrupted, `stop` is told, and work that has not begun is dropped.

    An interrupted block does not wait for the work that runs: a server may take minutes to answer it.
    """
    executor = ThreadPoolExecutor(max_workers=count)
    waits = True
    try:
        yield executor
    except (KeyboardInterrupt, StoppedError):
        waits = False
        stop()
        raise
    finally:
        executor.shutdown(wait=waits, cancel_futures=True)


def run_all(executor: Executor, calls: Iterable[Callable[[], T]]) -> list[T]:
    """Run all calls and return their results in order; the first error drops those not begun, and is raised."""
    futures = [executor.submit(call) for call in calls]
    wait(futures, return_when=FIRST_EXCEPTION)
    for future in futures:
        future.cancel()
    wait(futures)
    failed = (error for future in futures if not future.cancelled() and (error := future.exception()))
    for error in failed:
        raise error
    return [future.result() for future in futures]
