"""Platforms: `os/architecture[/variant]` (image-spec image-index.md, containerd's normalisation)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tagboat.errors import InputError

_ARCHITECTURES = {
    "x86_64": ("amd64", ""),
    "x86-64": ("amd64", ""),
    "aarch64": ("arm64", ""),
    "i386": ("386", ""),
    "armhf": ("arm", "v7"),
    "armel": ("arm", "v6"),
}
_DEFAULT_VARIANTS = {("amd64", "v1"), ("arm64", "v8"), ("arm64", "8")}
_PART = re.compile(r"[A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Platform:
    """A normalised platform; `arm64` carries no `v8`, `arm` always carries its variant."""

    os: str
    architecture: str
    variant: str = ""
    os_version: str = ""

    @classmethod
    def parse(cls, text: str) -> Platform:
        """Return the platform that `os/architecture[/variant]` names; raises `InputError`."""
        parts = text.strip().split("/")
        if not 2 <= len(parts) <= 3 or not all(_PART.fullmatch(part) for part in parts):
            raise InputError(
                f"{text!r} is not a platform", "write os/architecture, such as linux/amd64 or linux/arm/v7"
            )
        return cls.normalised(*parts)

    @classmethod
    def normalised(cls, os: str, architecture: str, variant: str = "", os_version: str = "") -> Platform:
        """Return the platform of these words in its normal form (`aarch64` is `arm64`, `arm` is `arm/v7`)."""
        os = {"macos": "darwin"}.get(os.lower(), os.lower())
        architecture, implied = _ARCHITECTURES.get(architecture.lower(), (architecture.lower(), ""))
        variant = variant.lower() or implied
        if architecture == "arm":
            variant = {"": "v7", "5": "v5", "6": "v6", "7": "v7", "8": "v8"}.get(variant, variant)
        if (architecture, variant) in _DEFAULT_VARIANTS:
            variant = ""
        return cls(os=os, architecture=architecture, variant=variant, os_version=os_version)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Platform:
        """Return the platform of a descriptor's `platform` object or of an image configuration."""
        return cls.normalised(
            str(document.get("os") or ""),
            str(document.get("architecture") or ""),
            str(document.get("variant") or ""),
            str(document.get("os.version") or ""),
        )

    def to_json(self) -> dict[str, str]:
        """Return the `platform` object of a descriptor."""
        fields = {
            "architecture": self.architecture,
            "os": self.os,
            "variant": self.variant,
            "os.version": self.os_version,
        }
        return {key: value for key, value in fields.items() if value}

    def __str__(self) -> str:
        return "/".join(filter(None, (self.os, self.architecture, self.variant)))

    def runs(self, image: Platform) -> bool:
        """Say whether an image of that platform suits this one: same OS and architecture, variant not above ours."""
        same = (self.os, self.architecture) == (image.os, image.architecture)
        return same and _level(image) <= _level(self)


def choose(wanted: Platform, available: Iterable[Platform]) -> Platform | None:
    """Return the entry of `available` that suits `wanted` best, or None.

    The exact variant wins, then the highest that still runs, then the first listed (image-index.md: among equals the
    first match).
    """
    best: Platform | None = None
    for candidate in available:
        if wanted.runs(candidate) and (best is None or _level(candidate) > _level(best)):
            best = candidate
    return best


def _level(platform: Platform) -> int:
    """Return the variant as a number; the empty variant is the architecture's baseline."""
    digits = re.match(r"v?(\d+)", platform.variant)
    if digits:
        return int(digits.group(1))
    return {"amd64": 1, "arm64": 8, "arm": 7}.get(platform.architecture, 0)
