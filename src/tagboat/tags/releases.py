"""The rules that read a version out of the git tag, or out of a value in its place."""

from __future__ import annotations

from dataclasses import dataclass

from tagboat.errors import InputError
from tagboat.tags import kinds
from tagboat.tags.component import component_version
from tagboat.tags.facts import Facts
from tagboat.tags.found import Found, Skipped
from tagboat.versions import PythonVersion, Version, is_prerelease
from tagboat.versions.channel import release_channel


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """A text that should be a version, and in words where it is from."""

    text: str
    words: str


def semver(kind: kinds.Semver, facts: Facts) -> Found | Skipped:
    """Return parts of a semantic version by the pattern; a prerelease in full."""
    source = _version_source(kind.source, facts)
    if isinstance(source, Skipped):
        return source
    try:
        version = Version.parse(source.text)
    except InputError as error:
        return Skipped(reason=_no_version(source, error), is_warning=True)
    if not version.prerelease:
        text = kind.pattern.render(_semver_parts(version, source.text), {})
        return Found(text=text, reason=f"{source.words}, a semantic version", version=source.text)
    return Found(
        text=source.text if kind.pattern.is_raw_alone else str(version),
        reason=f"{source.words}, a prerelease, so in full",
        no_latest=f"{source.text} is a prerelease",
        version=source.text,
    )


def pep440(kind: kinds.Pep440, facts: Facts) -> Found | Skipped:
    """Return parts of a PEP 440 version by the pattern; a prerelease or post-release in full."""
    source = _version_source(kind.source, facts)
    if isinstance(source, Skipped):
        return source
    try:
        version = PythonVersion.parse(source.text)
    except InputError as error:
        return Skipped(reason=_no_version(source, error), is_warning=True)
    if version.is_prerelease or version.is_postrelease:
        sort = "a prerelease" if version.is_prerelease else "a post-release"
        return Found(
            text=source.text if kind.pattern.is_raw_alone else _peer_spelling(version),
            reason=f"{source.words}, {sort}, so in full",
            no_latest=f"{source.text} is {sort}",
            version=source.text,
        )
    text = kind.pattern.render(_pep440_parts(version, source.text), {})
    return Found(text=text, reason=f"{source.words}, a PEP 440 version", version=source.text)


def channel(kind: kinds.Channel, facts: Facts) -> Found | Skipped:
    """Return the channel of a version; a prerelease never gets that of final versions, nor `latest`."""
    source = _version_source(kind.source, facts)
    if isinstance(source, Skipped):
        return source
    try:
        word = release_channel(source.text)
        parts = _parts_of(source.text)
    except InputError as error:
        return Skipped(reason=_no_version(source, error), is_warning=True)
    if word and word in {"latest", kind.final.lower()}:
        return Skipped(reason=f"{source.words}, a prerelease, and {word} is for final versions", is_warning=True)
    if not (word or kind.final):
        return Skipped(reason=f"{source.words}, a final version, and final= names no channel for it")
    sort = f"a prerelease of the channel {word}" if word else "a final version"
    return Found(
        text=kind.pattern.render({**parts, "channel": word or kind.final}, {}),
        reason=f"{source.words}, {sort}",
        no_latest="type=channel makes no latest",
        version=source.text,
    )


def match(kind: kinds.Match, facts: Facts) -> Found | Skipped:
    """Return the wanted group of the pattern."""
    source = _tag_or_value(kind.source, facts)
    if isinstance(source, Skipped):
        return source
    groups = kind.pattern.groups(source.text)
    if not groups:
        return Skipped(reason=f"{source.words}, which the pattern does not match", is_warning=True)
    text = groups[kind.group] if kind.group < len(groups) else None
    if text is None:
        return Skipped(
            reason=f"{source.words}, which the pattern matches without a group {kind.group}", is_warning=True
        )
    no_latest = f"{source.text} is a prerelease" if is_prerelease(source.text) else ""
    return Found(text=text, reason=f"{source.words}, which the pattern matches", no_latest=no_latest)


def _version_source(source: kinds.Source, facts: Facts) -> _Source | Skipped:
    found = _tag_or_value(source, facts)
    if isinstance(found, Skipped):
        return found
    text, words = found.text, found.words
    if source.match:
        groups = source.match.groups(text)
        if not groups:
            return Skipped(reason=f"{words}, which match= does not match")
        text = next((group for group in groups[1:2] if group is not None), groups[0] or "")
        words = f"{words}, of which match= takes {text}"
    return _Source(text=text.replace("/", "-"), words=words)


def _tag_or_value(source: kinds.Source, facts: Facts) -> _Source | Skipped:
    if source.value:
        text = facts.render(source.value)
        words = f"value= is {text or 'empty'}"
    elif facts.context.tag:
        text, words = facts.context.tag, facts.ref_words
    else:
        return Skipped(reason=facts.ref_is_no("tag"))
    if not source.component:
        return _Source(text=text, words=words)
    version = component_version(source.component, text)
    if version is None:
        return Skipped(reason=f"{words}, which is no version of the component {source.component}")
    return _Source(text=version, words=f"{words}, of which component={source.component} takes {version}")


def _no_version(source: _Source, error: InputError) -> str:
    return f"{source.words}, and {error.problem}"


def _parts_of(text: str) -> dict[str, object]:
    try:
        return _semver_parts(Version.parse(text), text)
    except InputError:
        return _pep440_parts(PythonVersion.parse(text), text)


def _semver_parts(version: Version, raw: str) -> dict[str, object]:
    return _parts(version, raw=raw, version=str(version), build=",".join(version.build))


def _pep440_parts(version: PythonVersion, raw: str) -> dict[str, object]:
    return _parts(version, raw=raw, version=_peer_spelling(version))


def _parts(parsed: Version | PythonVersion, **texts: str) -> dict[str, object]:
    """Return what a version's pattern may name."""
    return {"major": parsed.major, "minor": parsed.minor, "patch": parsed.patch, **texts}


def _peer_spelling(version: PythonVersion) -> str:
    """Return the canonical spelling as metadata-action has it, with `,` in a local part, which is `-` in the tag."""
    public, plus, local = str(version).partition("+")
    return public + plus + local.replace(".", ",")
