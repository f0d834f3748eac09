"""Annotation keys, and annotations with the level they belong to (image-spec annotations.md, BuildKit's levels)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from tagboat.errors import InputError
from tagboat.oci.platform import Platform

PREFIX = "org.opencontainers.image."
CREATED = PREFIX + "created"
DESCRIPTION = PREFIX + "description"
LICENSES = PREFIX + "licenses"
REF_NAME = PREFIX + "ref.name"
REVISION = PREFIX + "revision"
SOURCE = PREFIX + "source"
TITLE = PREFIX + "title"
URL = PREFIX + "url"
VERSION = PREFIX + "version"

_PREFIXED = re.compile(r"(?P<levels>[a-z,-]+)(?:\[(?P<platform>[^\]]*)\])?:(?P<rest>.*)", re.DOTALL)


class Level(StrEnum):
    """Where an annotation is written: the document itself, or the descriptor that points to it."""

    MANIFEST = "manifest"
    INDEX = "index"
    MANIFEST_DESCRIPTOR = "manifest-descriptor"
    INDEX_DESCRIPTOR = "index-descriptor"


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """One annotation at one level; `platform` narrows the manifest levels to one platform."""

    level: Level
    key: str
    value: str
    platform: Platform | None = None

    @classmethod
    def parse(cls, line: str, default: Level = Level.MANIFEST) -> tuple[Annotation, ...]:
        """Return the annotations of `[LEVEL[,LEVEL…][[PLATFORM]]:]KEY=VALUE`, one a level; raises `InputError`.

        A text before a colon that is no level belongs to the key, as in `example.com:8080/x=1`.
        """
        levels: tuple[Level, ...] = (default,)
        platform, rest = None, line
        prefixed = _PREFIXED.fullmatch(line)
        known = {level.value for level in Level}
        if prefixed and all(word in known for word in prefixed["levels"].split(",")):
            levels = tuple(Level(word) for word in prefixed["levels"].split(","))
            platform = Platform.parse(prefixed["platform"]) if prefixed["platform"] else None
            rest = prefixed["rest"]
        key, equals, value = rest.partition("=")
        if not equals or not key:
            raise InputError(f"annotations: {line!r} has no KEY=VALUE", "write one KEY=VALUE a line")
        return tuple(cls(level=level, key=key, value=value, platform=platform) for level in levels)

    @property
    def name(self) -> str:
        """The key with its level, as outputs show it: `index:org.opencontainers.image.title`."""
        narrowed = f"[{self.platform}]" if self.platform else ""
        return f"{self.level}{narrowed}:{self.key}"
