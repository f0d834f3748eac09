"""The past of a checkout, asked of git when somebody wants to know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from tagboat.errors import MachineError
from tagboat.flow.past import Order
from tagboat.proc import run


@dataclass(frozen=True, kw_only=True)
class CheckoutPast:
    """The past that the checkout around `folder` holds; without git or a checkout it knows nothing, and says so."""

    environ: Mapping[str, str]
    folder: Path

    def tags(self) -> tuple[str, ...]:
        """Return the names of the git tags here, without `refs/tags/`."""
        return self._tags

    def missing(self) -> str:
        """Say in a few words why there may be tags that are not here; empty where all are known."""
        shallow = self._shallow
        if shallow is None:
            return "there is no checkout to ask for tags"
        if shallow:
            return "the checkout is shallow, so it may lack tags"
        return "" if self.tags() else "the checkout has no tags"

    def order(self, there: str, ours: str) -> Order:
        """Return how the commit `ours` lies to the commit `there`.

        A cut history can prove that one commit comes after another, and never that it does not.
        """
        if there == ours:
            return Order.SAME
        forward, backward = self._is_ancestor(there, ours), self._is_ancestor(ours, there)
        if forward or backward:
            return Order.FORWARD if forward else Order.BACKWARD
        is_known = forward is False and backward is False and self._shallow is False
        return Order.PARTED if is_known else Order.UNKNOWN

    def time(self, revision: str) -> datetime | None:
        """Return the committer's time of a commit, None where the commit is not here."""
        text = self._ask("show", "--no-patch", "--format=%cI", "--end-of-options", f"{revision}^{{commit}}")
        return datetime.fromisoformat(text) if text else None

    @cached_property
    def _tags(self) -> tuple[str, ...]:
        return tuple((self._ask("for-each-ref", "--format=%(refname:strip=2)", "refs/tags") or "").splitlines())

    @cached_property
    def _shallow(self) -> bool | None:
        """Whether history is cut; None where there is no checkout."""
        answer = self._ask("rev-parse", "--is-shallow-repository")
        return None if answer is None else answer == "true"

    def _is_ancestor(self, older: str, newer: str) -> bool | None:
        """Tell whether `newer` comes after `older`; None where git does not know one of them."""
        status = self._run("merge-base", "--is-ancestor", f"{older}^{{commit}}", f"{newer}^{{commit}}")[0]
        return {0: True, 1: False}.get(status)

    def _ask(self, *arguments: str) -> str | None:
        """Return git's answer, None when it has none."""
        status, output = self._run(*arguments)
        return None if status else output.strip()

    def _run(self, *arguments: str) -> tuple[int, str]:
        try:
            done = run(["git", "-C", str(self.folder), *arguments], env={**self.environ, "LC_ALL": "C"})
        except MachineError:  # without git there is no past to know
            return -1, ""
        return done.status, done.stdout.decode(errors="replace")
