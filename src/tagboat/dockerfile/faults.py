"""Faults in a piece of text whose place in the file only the caller knows."""

from __future__ import annotations

from tagboat.errors import DockerfileError, Location


class LanguageError(DockerfileError, ValueError):
    """A piece of Dockerfile text is wrong; whoever knows where it stands gives the error its place with `at`.

    `fragment` is the text to point at, empty when the whole instruction is meant.
    """

    def __init__(self, problem: str, hint: str = "", *, fragment: str = "") -> None:
        super().__init__(problem, hint)
        self.fragment = fragment

    def at(self, location: Location) -> DockerfileError:
        """Return the error that a user sees, with the place in the file."""
        return DockerfileError(self.problem, self.hint, location=location)
