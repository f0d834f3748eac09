"""HEALTHCHECK: in an image's configuration and in its history."""

from __future__ import annotations

from typing import Any

from tagboat.dockerfile.durations import show_duration
from tagboat.dockerfile.instructions import Healthcheck


def health_config(instruction: Healthcheck) -> dict[str, Any]:
    """Return the object of the image configuration; times are in nanoseconds."""
    members = {
        "Test": list(instruction.test),
        "Interval": instruction.interval_ns,
        "Timeout": instruction.timeout_ns,
        "StartPeriod": instruction.start_period_ns,
        "StartInterval": instruction.start_interval_ns,
        "Retries": instruction.retries,
    }
    return {key: value for key, value in members.items() if value}


def health_history(instruction: Healthcheck) -> str:
    """Write a health check as Go's %+v writes its struct, the form of a history."""
    times = {
        "Interval": instruction.interval_ns,
        "Timeout": instruction.timeout_ns,
        "StartPeriod": instruction.start_period_ns,
        "StartInterval": instruction.start_interval_ns,
    }
    shown = " ".join(f"{name}:{show_duration(nanoseconds)}" for name, nanoseconds in times.items())
    return f"{{Test:[{' '.join(instruction.test)}] {shown} Retries:{instruction.retries}}}"
