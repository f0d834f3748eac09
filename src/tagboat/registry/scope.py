"""What a request needs leave for, in the words of token servers (distribution's token scope grammar)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from tagboat.oci.reference import Repository


class Access(StrEnum):
    """What is done with a repository; asking for PUSH from the first request on saves a second token."""

    PULL = "pull"
    PUSH = "pull,push"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Leave for some actions on one resource: `repository:me/app:pull,push`."""

    kind: str
    name: str
    actions: frozenset[str]

    @classmethod
    def on(cls, repository: Repository, access: Access) -> Self:
        """Return the scope of a repository."""
        return cls(kind="repository", name=repository.path, actions=frozenset(access.value.split(",")))

    @classmethod
    def parse(cls, text: str) -> tuple[Self, ...]:
        """Return the scopes of a space separated list; what is no scope is left out.

        A name may hold a colon (host and port), so the kind ends at the first and the actions begin at the last.
        """
        scopes = []
        for word in text.split():
            kind, first, rest = word.partition(":")
            name, last, actions = rest.rpartition(":")
            if first and last:
                scopes.append(cls(kind=kind, name=name, actions=frozenset(filter(None, actions.split(",")))))
        return tuple(scopes)

    def covers(self, other: Scope) -> bool:
        """Say whether this leave includes that one."""
        return (self.kind, self.name) == (other.kind, other.name) and self.actions >= other.actions

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}:{','.join(sorted(self.actions))}"


def union(*lists: tuple[Scope, ...]) -> tuple[Scope, ...]:
    """Return the scopes of all lists, those of one resource joined, in the order in which they came.

    The order matters: some token servers read only the first scope.
    """
    joined: dict[tuple[str, str], frozenset[str]] = {}
    for scope in (scope for scopes in lists for scope in scopes):
        key = (scope.kind, scope.name)
        joined[key] = joined.get(key, frozenset()) | scope.actions
    return tuple(Scope(kind=kind, name=name, actions=actions) for (kind, name), actions in joined.items())
