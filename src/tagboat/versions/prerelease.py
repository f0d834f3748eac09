"""Whether the name of a release says that it is not final, whatever scheme the name follows."""

from __future__ import annotations

import re

from tagboat.errors import InputError
from tagboat.versions.python import PythonVersion
from tagboat.versions.semantic import Version

_UNFINISHED = re.compile(
    r"(?<![a-z])(?:alpha|beta|canary|dev|nightly|pre|preview|prerelease|rc|snapshot)(?![a-z])", re.IGNORECASE
)


def is_prerelease(name: str) -> bool:
    """Tell whether a tag's name is a prerelease: by semver, else by PEP 440, else by words such as `rc` and `beta`."""
    try:
        return bool(Version.parse(name).prerelease)
    except InputError:
        pass
    try:
        return PythonVersion.parse(name).is_prerelease
    except InputError:
        return bool(_UNFINISHED.search(name.partition("+")[0]))
