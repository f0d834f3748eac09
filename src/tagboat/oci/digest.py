"""Content digests (image-spec descriptor.md, "Digests")."""

from __future__ import annotations

import hashlib
import re

from tagboat.errors import InputError

_GRAMMAR = re.compile(r"[a-z0-9]+(?:[+._-][a-z0-9]+)*:[a-zA-Z0-9=_-]+")
_LENGTHS = {"sha256": 64, "sha512": 128}


class Digest(str):
    """A checked `algorithm:encoded` text; usable wherever the text is."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Digest:
        """Return the digest that `text` writes; raises `InputError` when it is none.

        An algorithm that we do not know is let through when it fits the grammar, as the specification asks; it
        cannot be verified.
        """
        algorithm, _, encoded = text.partition(":")
        length = _LENGTHS.get(algorithm)
        registered = length is None or re.fullmatch(rf"[a-f0-9]{{{length}}}", encoded)
        if not _GRAMMAR.fullmatch(text) or not registered:
            raise InputError(f"{text!r} is not a digest", "a digest is written sha256: and 64 hexadecimal digits")
        return cls(text)

    @classmethod
    def of(cls, content: bytes) -> Digest:
        """Return the SHA-256 digest of `content`."""
        return cls("sha256:" + hashlib.sha256(content).hexdigest())

    @property
    def algorithm(self) -> str:
        """The part before the colon, such as `sha256`."""
        return self.partition(":")[0]

    @property
    def encoded(self) -> str:
        """The part after the colon."""
        return self.partition(":")[2]
