"""Version numbers and their order: semantic versions, Python's (PEP 440), and what counts as a prerelease."""

from tagboat.versions.prerelease import is_prerelease
from tagboat.versions.python import PythonVersion
from tagboat.versions.semantic import Version

__all__ = ["PythonVersion", "Version", "is_prerelease"]
