"""The native builder: a build plan becomes an OCI image layout, layer by layer, without a root file system."""

from __future__ import annotations

from tagboat.build.builder import BuildSettings, build_layout, check_sources, doubtful_sources
from tagboat.build.copying import CopyTimes

__all__ = ["BuildSettings", "CopyTimes", "build_layout", "check_sources", "doubtful_sources"]
