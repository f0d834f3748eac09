"""What is highest: the versions of one line, such as all of 1.2, in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import assert_never

from tagboat.errors import InputError
from tagboat.flow.tagset import Scheme, VersionLine
from tagboat.versions.channel import release_channel
from tagboat.versions.python import PythonVersion
from tagboat.versions.semantic import Version


def find_higher(line: VersionLine, versions: Iterable[str]) -> str:
    """Return the highest of `versions`, as it is written, if it belongs to the line and is above this run's version.

    Empty when there is none. Texts that are no version count for nothing, and prereleases only where this run's own
    version is one: a final version is never kept back by what leads to the next. A channel has its own versions only.
    """
    match line.scheme:
        case Scheme.SEMVER:
            return _semver(line, versions)
        case Scheme.PEP440:
            return _pep440(line, versions)
        case _:
            assert_never(line.scheme)


def versions_within(names: Iterable[str], prefix: str, suffix: str) -> Iterator[str]:
    """Yield what stands between `prefix` and `suffix` in each of the names that have both."""
    for name in names:
        inner = name.removeprefix(prefix).removesuffix(suffix)
        if name == f"{prefix}{inner}{suffix}":
            yield inner


def _semver(line: VersionLine, texts: Iterable[str]) -> str:
    own = Version.parse(line.version)
    above = own
    for text in texts:
        try:
            version = Version.parse(text)
        except InputError:
            continue
        counts = line.channel or not version.prerelease or own.prerelease
        if counts and _belongs(line, version) and _is_above(version, above):
            above = version
    return "" if above is own else above.text


def _is_above(version: Version, other: Version) -> bool:
    """Compare by precedence alone: two builds of one version are on a level."""
    return version > other and str(version) != str(other)


def _pep440(line: VersionLine, texts: Iterable[str]) -> str:
    own = PythonVersion.parse(line.version)
    above = own
    for text in texts:
        try:
            version = PythonVersion.parse(text)
        except InputError:
            continue
        counts = line.channel or not version.is_prerelease or own.is_prerelease
        if counts and _belongs(line, version) and above < version:
            above = version
    return "" if above is own else above.text


def _belongs(line: VersionLine, version: Version | PythonVersion) -> bool:
    is_of_channel = not line.channel or release_channel(version.text) == line.channel
    return is_of_channel and line.major in {None, version.major} and line.minor in {None, version.minor}
