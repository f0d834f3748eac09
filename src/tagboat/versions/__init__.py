"""Version numbers and their order: semantic versions, Python's (PEP 440), and what counts as a prerelease."""

from tagboat.versions.channel import release_channel
from tagboat.versions.highest import find_higher, versions_within
from tagboat.versions.prerelease import is_prerelease
from tagboat.versions.python import PythonVersion
from tagboat.versions.semantic import Version

__all__ = ["PythonVersion", "Version", "find_higher", "is_prerelease", "release_channel", "versions_within"]
