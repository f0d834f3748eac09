"""The channel of a release: which kind of prerelease it is."""

from __future__ import annotations

import re

from tagboat.errors import InputError
from tagboat.versions.python import PythonVersion
from tagboat.versions.semantic import Version

_WORD = re.compile("[a-z]+")
_PYTHON_WORDS = {"a": "alpha", "b": "beta", "c": "rc"}
_PLAIN = "next"


def release_channel(name: str) -> str:
    """Return the channel of a version, empty for a final one; raises `InputError` for what is no version.

    It is the first word of a semantic version's prerelease in lower case (`beta` of `1.2.3-beta.4`), `next` when
    that holds numbers only, and `alpha`, `beta`, `rc` or `dev` of a PEP 440 version that is no semantic one.
    """
    try:
        prerelease = ".".join(Version.parse(name).prerelease)
    except InputError:
        version = PythonVersion.parse(name)
        public = str(version).partition("+")[0].partition("!")[2] or str(version).partition("+")[0]
        prerelease = public.lstrip("0123456789.") if version.is_prerelease else ""
    if not prerelease:
        return ""
    word = _WORD.search(prerelease.lower())
    return _PYTHON_WORDS.get(word[0], word[0]) if word else _PLAIN
