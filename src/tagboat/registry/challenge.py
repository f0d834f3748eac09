"""Challenges: what a `WWW-Authenticate` header asks for (RFC 9110 §11.6.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_TOKEN = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PARAMETER = re.compile(rf'({_TOKEN})\s*=\s*(?:"((?:[^"\\]|\\.)*)"|({_TOKEN}))(?=\s*(?:,|$))')
_SCHEME = re.compile(rf"({_TOKEN})(?:\s+|(?=,)|$)")
_TOKEN68 = re.compile(r"[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|$))")
_SEPARATOR = re.compile(r"[\s,]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Challenge:
    """One scheme with its parameters; scheme and parameter names are lower-case."""

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        """Return a parameter, empty when it was not given."""
        return self.parameters.get(name, "")


def parse_challenges(header: str) -> tuple[Challenge, ...]:
    """Return the challenges of a header value, several headers being joined by commas.

    Reading stops where the grammar is left: a broken tail must not hide a sound first challenge.
    """
    challenges: list[Challenge] = []
    parameters: dict[str, str] = {}
    position = _after_separator(header, 0)
    while position < len(header):
        parameter = _PARAMETER.match(header, position) if challenges else None
        if parameter:
            parameters[parameter[1].lower()] = _value(parameter)
            position = _after_separator(header, parameter.end())
            continue
        scheme = _SCHEME.match(header, position)
        if not scheme:
            break
        parameters = {}
        challenges.append(Challenge(scheme=scheme[1].lower(), parameters=parameters))
        position = _after_separator(header, _after_token68(header, scheme.end()))
    return tuple(challenges)


def _value(parameter: re.Match[str]) -> str:
    """Return a parameter's value, the backslashes of its quoted form taken away."""
    return parameter[3] if parameter[2] is None else re.sub(r"\\(.)", r"\1", parameter[2])


def _after_token68(header: str, position: int) -> int:
    """Pass over what Negotiate and its like send in place of parameters."""
    token = None if _PARAMETER.match(header, position) else _TOKEN68.match(header, position)
    return token.end() if token else position


def _after_separator(header: str, position: int) -> int:
    found = _SEPARATOR.match(header, position)
    return found.end() if found else position
