"""Image references: `[registry/]repository[:tag][@digest]` (distribution's reference grammar)."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass

from tagboat.errors import InputError
from tagboat.oci.digest import Digest

DOCKER_HUB = "docker.io"
_HUB_NAMES = {"index.docker.io", "registry-1.docker.io"}
_PATH = re.compile(r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*")
_DOMAIN = re.compile(r"(?:\[[0-9a-fA-F:.]+\]|[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?)(?::\d{1,5})?")
_LONGEST_NAME = 255  # distribution's limit for registry and repository together


class TagName(str):
    """A checked tag: at most 128 of `A-Za-z0-9_.-`, not beginning with `.` or `-` (distribution-spec)."""

    __slots__ = ()
    _GRAMMAR = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")

    @classmethod
    def parse(cls, text: str) -> TagName:
        """Return the tag; raises `InputError` when a registry would refuse it."""
        if not cls._GRAMMAR.fullmatch(text):
            raise InputError(
                f"{text!r} is not a legal tag",
                "a tag is at most 128 letters, digits, '_', '.' and '-', and begins with none of '.' and '-'",
            )
        return cls(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A repository on a registry: where tags and digests live."""

    registry: str
    path: str

    @classmethod
    def parse(cls, text: str) -> Repository:
        """Return the repository that `[registry/]path` names; raises `InputError`, also when a tag is given."""
        reference = Reference.parse(text)
        if reference.tag or reference.digest:
            raise InputError(
                f"{text!r} names a tag or digest where only a repository belongs", f"write {reference.repository}"
            )
        return reference.repository

    def tag(self, tag: TagName) -> Reference:
        """Return the reference of a tag in this repository."""
        return Reference(repository=self, tag=tag)

    def at(self, digest: Digest) -> Reference:
        """Return the reference of a digest in this repository."""
        return Reference(repository=self, digest=digest)

    def __str__(self) -> str:
        """Return the full name: official images of Docker Hub keep `docker.io/library/`."""
        return f"{self.registry}/{self.path}"

    @property
    def familiar(self) -> str:
        """The name as people write it: without `docker.io/` and `library/`."""
        if self.registry != DOCKER_HUB:
            return str(self)
        return self.path.removeprefix("library/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A repository with a tag, a digest, both or neither; with both the digest decides."""

    repository: Repository
    tag: TagName | None = None
    digest: Digest | None = None

    @classmethod
    def parse(cls, text: str) -> Reference:
        """Return the reference that `text` writes, names of Docker Hub completed; raises `InputError`.

        A missing tag stays missing: whether that means `latest` is the caller's decision.
        """
        rest, at, digest_text = text.partition("@")
        digest = Digest.parse(digest_text) if at else None
        registry, path = _split_registry(rest)
        path, colon, tag_text = path.partition(":")
        tag = TagName.parse(tag_text) if colon else None
        _check(text, registry, path)
        if registry in _HUB_NAMES:
            registry = DOCKER_HUB
        if registry == DOCKER_HUB and "/" not in path:
            path = f"library/{path}"
        return cls(repository=Repository(registry=registry, path=path), tag=tag, digest=digest)

    def or_latest(self) -> Reference:
        """Return the reference with `latest` where it names neither tag nor digest: the rule for pulls."""
        return self if self.tag or self.digest else dataclasses.replace(self, tag=TagName("latest"))

    def __str__(self) -> str:
        return f"{self.repository}{self._suffix()}"

    @property
    def familiar(self) -> str:
        """The reference as people write it: without `docker.io/` and `library/`."""
        return f"{self.repository.familiar}{self._suffix()}"

    def _suffix(self) -> str:
        return (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")


def _split_registry(text: str) -> tuple[str, str]:
    """Split at the first slash when the left part looks like a host: a dot, a colon, `localhost` or an upper case."""
    left, slash, right = text.partition("/")
    if slash and ("." in left or ":" in left or left == "localhost" or left != left.lower()):
        return left, right
    return DOCKER_HUB, text


def _check(text: str, registry: str, path: str) -> None:
    if registry != registry.lower() or not _PATH.fullmatch(path):
        lowered = text.lower()
        if text != lowered and _PATH.fullmatch(path.lower()):
            raise InputError(f"{text!r}: an image name must be lower-case", f"write {lowered}")
        raise InputError(f"{text!r} is not a valid image name", "write [registry/]name[:tag], such as ghcr.io/me/app")
    if not _DOMAIN.fullmatch(registry):
        raise InputError(
            f"{text!r}: {registry!r} is not a registry host", "write host or host:port before the first '/'"
        )
    if re.fullmatch(r"[a-f0-9]{64}", path):
        raise InputError(f"{text!r} is a bare digest, not an image name", "write NAME@sha256:…")
    if len(registry) + 1 + len(path) > _LONGEST_NAME:
        raise InputError(f"{text!r} is longer than {_LONGEST_NAME} characters", "shorten the repository name")
