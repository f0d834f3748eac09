"""The native builder: a build plan becomes an OCI image layout, layer by layer; only RUN needs its files unpacked."""

from __future__ import annotations

from tagboat.build.builder import BuildSettings, build_layout
from tagboat.build.checking import check_sources, doubtful_sources, find_run_steps
from tagboat.build.copying import CopyTimes

__all__ = ["BuildSettings", "CopyTimes", "build_layout", "check_sources", "doubtful_sources", "find_run_steps"]
