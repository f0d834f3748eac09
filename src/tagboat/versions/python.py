"""Versions of Python packages (PEP 440)."""

from __future__ import annotations

from dataclasses import dataclass

from tagboat.errors import InputError


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonVersion:
    """A PEP 440 version; `normalised` is its canonical spelling, `text` how it was written.

    `is_prerelease` holds for alphas, betas, candidates and development releases, `is_postrelease` for `.postN`.
    """

    normalised: str
    text: str
    major: int
    minor: int
    patch: int
    is_prerelease: bool
    is_postrelease: bool

    @classmethod
    def parse(cls, text: str) -> PythonVersion:
        """Return the version that `text` writes; missing parts count as 0. Raises `InputError`."""
        from packaging.version import Version as Parsed

        try:
            parsed = Parsed(text)
        except ValueError as error:  # InvalidVersion, or a number of thousands of digits
            raise InputError(f"{text!r} is not a PEP 440 version", "write 1.2.3, 1.2rc1 or 1.2.post1") from error
        return cls(
            normalised=str(parsed),
            text=text,
            major=parsed.major,
            minor=parsed.minor,
            patch=parsed.micro,
            is_prerelease=parsed.is_prerelease,
            is_postrelease=parsed.is_postrelease,
        )

    def __str__(self) -> str:
        return self.normalised

    def __lt__(self, other: PythonVersion) -> bool:
        """Order as PEP 440 says, by which `1.2` and `1.2.0` are on a level: neither is below the other."""
        from packaging.version import Version as Parsed

        return Parsed(self.normalised) < Parsed(other.normalised)
