"""File modes as --chmod takes them: octal, or symbolic as for chmod(1) (POSIX.1-2017 XCU chmod)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tagboat.dockerfile.faults import LanguageError

_CLAUSE = re.compile(r"([ugoa]*)((?:[-+=](?:[ugo]|[rwxXst]*))+)")
_ACTION = re.compile(r"([-+=])([ugo]|[rwxXst]*)")
_SET_BITS = {"u": 0o4000, "g": 0o2000, "o": 0}
_SHIFTS = {"u": 6, "g": 3, "o": 0}
_STICKY = 0o1000
_LARGEST = 0o7777


@dataclass(frozen=True, slots=True, kw_only=True)
class _Action:
    """One action of a symbolic mode: for `who` (of u, g, o) do `operator` with `permissions`."""

    who: str
    everyone: bool
    operator: str
    permissions: str

    def apply(self, mode: int, before: int, *, is_directory: bool) -> int:
        bits = self._bits(mode, before, is_directory=is_directory)
        if self.operator == "+":
            return mode | bits
        if self.operator == "-":
            return mode & ~bits
        cleared = sum(0o7 << _SHIFTS[who] | _SET_BITS[who] for who in self.who)
        return mode & ~(cleared | (_STICKY if self.everyone else 0)) | bits

    def _bits(self, mode: int, before: int, *, is_directory: bool) -> int:
        if self.permissions in _SHIFTS:
            copied = mode >> _SHIFTS[self.permissions] & 0o7
            return sum(copied << _SHIFTS[who] for who in self.who)
        # X looks at the mode as it was before the first action.
        executable = "x" in self.permissions or ("X" in self.permissions and (is_directory or bool(before & 0o111)))
        each = 4 * ("r" in self.permissions) | 2 * ("w" in self.permissions) | executable
        bits = sum(each << _SHIFTS[who] for who in self.who)
        if "s" in self.permissions:
            bits |= sum(_SET_BITS[who] for who in self.who)
        return bits | (_STICKY if "t" in self.permissions and self.who != "o" else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """A mode to give files: `octal` bits, or actions on the mode that a file has (umask 0)."""

    octal: int | None = None
    actions: tuple[_Action, ...] = ()

    @property
    def is_octal(self) -> bool:
        """Whether every file gets the same mode."""
        return self.octal is not None

    def apply(self, mode: int, *, is_directory: bool) -> int:
        """Return the lower twelve bits that a file with these bits gets."""
        if self.octal is not None:
            return self.octal
        before = mode
        for action in self.actions:
            mode = action.apply(mode, before, is_directory=is_directory)
        return mode


def parse_mode(text: str) -> Mode:
    """Return the mode that an octal number up to 7777 or symbolic clauses spell; raises `LanguageError`."""
    if re.fullmatch(r"[0-7]+", text) and int(text, 8) <= _LARGEST:
        return Mode(octal=int(text, 8))
    clauses = [_CLAUSE.fullmatch(clause) for clause in text.split(",")]
    if not all(clauses):
        raise LanguageError(f"{text!r} is not a file mode", "write an octal mode such as 0644, or one like u=rwX,go=rX")
    return Mode(
        actions=tuple(
            _action(clause[1], operator, permissions)
            for clause in clauses
            if clause
            for operator, permissions in _ACTION.findall(clause[2])
        )
    )


def _action(who: str, operator: str, permissions: str) -> _Action:
    everyone = not who or "a" in who
    return _Action(
        who="ugo" if everyone else "".join(sorted(set(who))),
        everyone=everyone,
        operator=operator,
        permissions=permissions,
    )
