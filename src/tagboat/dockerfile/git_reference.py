"""Git references as sources of ADD: `https://host/repo.git#ref:folder`, `git@host:path`, with a query."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from tagboat.dockerfile.faults import LanguageError
from tagboat.dockerfile.values import parse_bool, suggestion

_URL = re.compile(r"(?P<remote>(?P<scheme>https?|ssh|git)://[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?")
_SCP = re.compile(r"(?P<remote>[\w-]+@[\w.-]+:[^?#]*)(?:\?(?P<query>[^#]*))?(?:#(?P<fragment>.*))?", re.ASCII)
_QUERY_KEYS = (
    "ref",
    "tag",
    "branch",
    "subdir",
    "checksum",
    "commit",
    "keep-git-dir",
    "submodules",
    "mtime",
    "fetch-by-commit",
)
_BARE_KEYS = ("keep-git-dir", "submodules", "fetch-by-commit")
_MTIMES = ("checkout", "commit")


@dataclass(frozen=True, slots=True, kw_only=True)
class GitReference:
    """A remote repository, and what of it to take; empty text and None stand for what is not given.

    `short_name` is the repository's folder name, `checksum` the start of the commit that `ref` must be, `mtime` is
    `checkout` or `commit`.
    """

    remote: str
    short_name: str
    ref: str = ""
    subdir: str = ""
    checksum: str = ""
    keep_git_dir: bool | None = None
    submodules: bool | None = None
    mtime: str = ""
    fetch_by_commit: bool = False


def parse_git_reference(text: str) -> GitReference | None:
    """Return the git reference that a source of ADD is, None when it is a path or a plain URL.

    An `http` or `https` URL is one only when its path ends in `.git`. Raises `LanguageError` for a query that is
    unknown or contradicts itself.
    """
    match = _URL.fullmatch(text) or _SCP.fullmatch(text)
    if not match:
        return None
    remote: str = match["remote"]
    if remote.startswith(("http://", "https://")) and not remote.endswith(".git"):
        return None
    ref, _, subdir = (match["fragment"] or "").partition(":")
    query = _query(match["query"] or "")
    checksum = query.get("checksum", query.get("commit", ""))
    fetch_by_commit = _flag(query, "fetch-by-commit") or False
    ref = _ref(ref, query)
    return GitReference(
        remote=remote,
        short_name=re.split("[/:]", remote)[-1].removesuffix(".git"),
        ref=ref or ("" if fetch_by_commit else checksum),
        subdir=_agreed("subdir", subdir, query.get("subdir", "")),
        checksum=checksum,
        keep_git_dir=_flag(query, "keep-git-dir"),
        submodules=_flag(query, "submodules"),
        mtime=_mtime(query.get("mtime", "")),
        fetch_by_commit=fetch_by_commit,
    )


def _query(text: str) -> dict[str, str]:
    query = {}
    for key, values in parse_qs(text, keep_blank_values=True).items():
        if key not in _QUERY_KEYS:
            raise LanguageError(f"a git source has no query {key!r}", suggestion(key, _QUERY_KEYS))
        if len(values) > 1:
            raise LanguageError(f"the query {key!r} of a git source has several values", "give one")
        if not values[0] and key not in _BARE_KEYS:
            raise LanguageError(f"the query {key!r} of a git source has no value", f"write {key}=VALUE")
        query[key] = values[0]
    if "checksum" in query and "commit" in query:
        _agreed("commit", query["checksum"], query["commit"])
    return query


def _ref(fragment: str, query: Mapping[str, str]) -> str:
    """Return the one ref that the fragment and the query name."""
    if "tag" in query and "branch" in query:
        raise LanguageError("a git source's branch conflicts with tag", "give one of the two")
    ref = _agreed("ref", fragment, query.get("ref", ""))
    for key, prefix in (("tag", "refs/tags/"), ("branch", "refs/heads/")):
        if key in query:
            ref = _agreed("ref", ref, prefix + query[key].removeprefix(prefix))
    return ref


def _agreed(name: str, one: str, other: str) -> str:
    if one and other and one != other:
        raise LanguageError(f"a git source's {name} conflicts: {one!r} and {other!r}", f"give one {name}")
    return one or other


def _flag(query: Mapping[str, str], key: str) -> bool | None:
    if key not in query:
        return None
    return parse_bool(key, query[key]) if query[key] else True


def _mtime(text: str) -> str:
    if text and text not in _MTIMES:
        raise LanguageError(f"a git source's mtime={text} is not known", suggestion(text, _MTIMES))
    return text
