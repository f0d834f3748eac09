"""The guards: pure functions that say whether a run may do what it is about to do."""

from __future__ import annotations

from tagboat.policy.events import decide_push, refuse_unsafe_event
from tagboat.policy.existing import NameTakenError, check_write_once
from tagboat.policy.forward import withhold_outdated
from tagboat.policy.job_token import check_job_token
from tagboat.policy.names import check_names

__all__ = [
    "NameTakenError",
    "check_job_token",
    "check_names",
    "check_write_once",
    "decide_push",
    "refuse_unsafe_event",
    "withhold_outdated",
]
