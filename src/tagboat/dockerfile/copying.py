"""COPY and ADD: their sources, heredocs, destination and flags."""

from __future__ import annotations

import re

from tagboat.dockerfile.faults import LanguageError
from tagboat.dockerfile.flags import FlagKind
from tagboat.dockerfile.heredoc import Heredoc
from tagboat.dockerfile.instructions import Add, Copy
from tagboat.dockerfile.modes import parse_mode
from tagboat.dockerfile.statement import Statement

_SHARED_FLAGS = {"chown": FlagKind.TEXT, "chmod": FlagKind.TEXT, "link": FlagKind.BOOLEAN, "exclude": FlagKind.LIST}
COPY_FLAGS = {**_SHARED_FLAGS, "from": FlagKind.TEXT, "parents": FlagKind.BOOLEAN}
ADD_FLAGS = {
    **_SHARED_FLAGS,
    "keep-git-dir": FlagKind.BOOLEAN,
    "checksum": FlagKind.TEXT,
    "unpack": FlagKind.BOOLEAN,
}


def _sources(statement: Statement) -> tuple[tuple[str, ...], tuple[Heredoc, ...], str]:
    """Return the paths, the heredocs and the destination of COPY or ADD."""
    words = statement.words
    if len(words) < 2:
        problem = "requires at least two arguments, but only one was provided. Destination could not be determined"
        raise statement.fault(problem if words else "requires at least two arguments", "write SOURCE… DESTINATION")
    if statement.arguments.json:
        return words[:-1], (), words[-1]
    if Heredoc.parse(words[-1]):
        raise statement.fault("cannot accept a heredoc as a destination", "add the destination after it")
    opened = list(statement.line.heredocs)
    paths, heredocs = [], []
    for word in words[:-1]:
        if opened and _opens(word, opened[0]):
            heredocs.append(opened.pop(0))
        else:
            paths.append(word)
    if opened:
        hint = "give the heredoc a name without spaces, right after <<"
        raise statement.fault(f"cannot make a file of the heredoc <<{opened[0].name}", hint)
    return tuple(paths), tuple(heredocs), words[-1]


def _opens(word: str, heredoc: Heredoc) -> bool:
    try:
        parsed = Heredoc.parse(word)
    except LanguageError:
        return False
    return parsed is not None and parsed.name == heredoc.name


def make_copy(statement: Statement) -> Copy:
    """Return the COPY of a statement; raises `DockerfileError`."""
    sources, heredocs, destination = _sources(statement)
    flags = statement.flags
    statement.check_plain(flags.text("chmod"), parse_mode)
    return Copy(
        sources=sources,
        destination=destination,
        heredocs=heredocs,
        from_=flags.text("from"),
        chown=flags.text("chown"),
        chmod=flags.text("chmod"),
        link=flags.boolean("link") or False,
        parents=flags.boolean("parents") or False,
        exclude=flags.texts("exclude"),
        json=statement.arguments.json,
        **statement.origin,
    )


def make_add(statement: Statement) -> Add:
    """Return the ADD of a statement; raises `DockerfileError`."""
    sources, heredocs, destination = _sources(statement)
    flags = statement.flags
    statement.check_plain(flags.text("chmod"), parse_mode)
    statement.check_plain(flags.text("checksum"), _check_checksum)
    if flags.text("checksum") and len(sources) + len(heredocs) > 1:
        raise statement.fault("has one --checksum for several sources", "give each source an ADD of its own")
    return Add(
        sources=sources,
        destination=destination,
        heredocs=heredocs,
        chown=flags.text("chown"),
        chmod=flags.text("chmod"),
        link=flags.boolean("link") or False,
        checksum=flags.text("checksum"),
        keep_git_dir=flags.boolean("keep-git-dir"),
        unpack=flags.boolean("unpack"),
        exclude=flags.texts("exclude"),
        json=statement.arguments.json,
        **statement.origin,
    )


def _check_checksum(text: str) -> None:
    """Check the digest of a URL, or the start of a git commit hash."""
    if not re.fullmatch(r"sha256:[0-9a-f]{64}|[0-9a-f]{4,64}", text):
        hint = "write --checksum=sha256: and 64 hexadecimal digits; for a git source, its commit"
        raise LanguageError(f"the checksum {text} is not supported", hint, fragment=text)
