"""What a rule gives for a run: a text for a tag, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A text for a tag; `no_latest` says why `latest=auto` stays away, empty when it may follow.

    `version` is the version that the text was made of, as it is written; empty where there is none.
    """

    text: str
    reason: str
    no_latest: str = ""
    version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """No tag from this rule; `is_warning` when that was probably not meant."""

    reason: str
    is_warning: bool = False
