"""What the steps need of the outside world, as one value."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tagboat.flow.context import Context
from tagboat.flow.history import History
from tagboat.flow.past import Past
from tagboat.flow.progress import Progress
from tagboat.flow.request import Request
from tagboat.oci.platform import Platform

if TYPE_CHECKING:
    from tagboat.executors.roots import Executor
    from tagboat.registry.client import Registry
    from tagboat.sources import Fetched, RecordedModes


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """What the steps need of the outside world; `wiring` makes the real ones.

    `history` and `past` ask git about the checkout that the build context lies in. `registry` makes the client at its
    first call; `recorded_modes` gives what version control records for the files below a folder; `fetch` downloads a
    URL into a file; `temporary` is the folder for what does not outlive the run. `executor` finds a way to run
    commands, whose files it keeps in a folder; `name_servers` is the resolv.conf that they get.
    """

    progress: Progress
    now: datetime
    native: Platform
    jobs: int
    temporary: Path
    read_context: Callable[[Request], Context]
    history: History
    past: Past
    recorded_modes: Callable[[Path], RecordedModes]
    registry: Callable[[], Registry]
    fetch: Callable[[str, Path], Fetched]
    executor: Callable[[Request, Path], AbstractContextManager[Executor]]
    name_servers: Callable[[], bytes]
