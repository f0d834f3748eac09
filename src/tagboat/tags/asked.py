"""A name that somebody asks about: what decisions say of it, and which events might give it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tagboat.errors import InputError
from tagboat.flow.context import Context, System
from tagboat.flow.tagset import Decision, TagSet
from tagboat.oci.reference import Reference, TagName

_VERSION = re.compile(r"\d+(?:\.\d+)*(?:-[0-9A-Za-z.]+)?")
_NUMBER = re.compile(r"[1-9]\d{0,8}")
_COMPONENT = re.compile(r"component\s*=\s*([^,\s]+)", re.IGNORECASE)
_PARTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedName:
    """A tag, alone or with the name of the image that should have it."""

    tag: TagName
    reference: Reference | None = None

    @classmethod
    def parse(cls, text: str) -> AskedName:
        """Read `TAG` or `NAME:TAG`; raises `InputError`."""
        if "/" not in text and ":" not in text:
            return cls(tag=TagName.parse(text))
        reference = Reference.parse(text)
        if reference.tag is None or reference.digest:
            raise InputError(f"why: {text!r} names no tag alone", "write a tag, such as 1.2.3, or NAME:TAG")
        return cls(tag=reference.tag, reference=reference)

    def __str__(self) -> str:
        return self.reference.familiar if self.reference else str(self.tag)

    def decisions(self, tagset: TagSet) -> tuple[Decision, ...]:
        """Return the decisions about the name; none for an image that the set does not name."""
        if self.reference and self.reference not in tagset.references:
            return ()
        texts = {str(self.tag), str(self)}
        ends = f":{self.tag}"
        return tuple(
            decision
            for decision in tagset.decisions
            if decision.tag in texts or (not self.reference and decision.tag.endswith(ends))
        )

    def likely_events(self, context: Context, rules: str) -> tuple[str, ...]:
        """Return the events that might give the name, in the form of `--event`, the likeliest first."""
        components = _COMPONENT.findall(rules)
        default = context.repository.default_branch or "main"
        request = "merge_request" if context.system is System.GITLAB else "pull_request"
        number = _NUMBER.search(self.tag)
        events = (
            *(f"tag:{tag}" for tag in _git_tags(self.tag, components)),
            f"push:{default}",
            f"push:{self.tag}",
            f"{request}:{number[0] if number else 1}",
            "schedule",
            "dispatch",
        )
        return tuple(dict.fromkeys(events))


def _git_tags(tag: str, components: Iterable[str]) -> Iterator[str]:
    """Yield git tags that rules may make this one of: itself, and versions that it is, has or is a part of."""
    yield tag
    versions = [_completed(found[0]) for found in _VERSION.finditer(tag)] or ["1.0.0"]
    if tag.isalpha():
        versions.append(f"1.0.0-{tag}.1")
    for version in versions:
        yield from (f"v{version}", version)
        yield from (f"{component}-v{version}" for component in components)
        yield from (f"{component}/v{version}" for component in components)


def _completed(version: str) -> str:
    """Return a part of a version as the first one that has it: `1.2` as `1.2.0`."""
    numbers, dash, rest = version.partition("-")
    missing = _PARTS - len(numbers.split("."))
    return f"{numbers}{'.0' * missing}{dash}{rest}"
