"""The history of a checkout, asked of git piece by piece."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tagboat.ci.git import RefusedCheckoutError
from tagboat.errors import MachineError
from tagboat.flow.history import NearTag
from tagboat.proc import run


@dataclass(frozen=True, slots=True)
class GitHistory:
    """The history of the checkout that `folder` lies in, as `tagboat.flow.history` describes it."""

    environ: Mapping[str, str]
    folder: Path

    def missing(self) -> str:
        """Say why there is no history at all; empty when there is one. Raises `RefusedCheckoutError`."""
        try:
            status, _, message = self._run("rev-parse", "--git-dir")
        except MachineError:
            return "git is not installed"
        if "dubious ownership" in message:
            raise RefusedCheckoutError(
                f"git does not read {self.folder}: it belongs to another user",
                f"run git config --global --add safe.directory {self.folder.resolve()}",
            )
        return f"{self.folder.resolve()} lies in no git repository" if status else ""

    def is_shallow(self) -> bool:
        """Tell whether the checkout lacks older commits, and with them perhaps tags."""
        return self._ask("rev-parse", "--is-shallow-repository").strip() == "true"

    def is_dirty(self) -> bool:
        """Tell whether tracked files differ from the commit that is checked out."""
        return bool(self._ask("status", "--porcelain", "--untracked-files=no"))

    def tags(self) -> tuple[str, ...]:
        """Return the names of all git tags."""
        return tuple(self._ask("tag", "--list").splitlines())

    def tags_at(self, revision: str) -> tuple[str, ...]:
        """Return the names of the git tags at a commit."""
        return tuple(self._ask("tag", "--list", f"--points-at={revision}").splitlines())

    def nearest_tag(self, revision: str, *, match: Sequence[str], exclude: Sequence[str]) -> NearTag | None:
        """Return the tag that `git describe --tags` finds for a commit, None when none leads to it."""
        globs = [*(f"--match={glob}" for glob in match), *(f"--exclude={glob}" for glob in exclude)]
        found = self._ask("describe", "--tags", "--long", *globs, "--end-of-options", f"{revision}^{{commit}}").strip()
        name, _, rest = found.rpartition("-")[0].rpartition("-")
        return NearTag(name=name, distance=int(rest)) if name else None

    def _run(self, *arguments: str) -> tuple[int, str, str]:
        done = run(["git", "-C", str(self.folder), *arguments], env={**self.environ, "LC_ALL": "C"})
        return done.status, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")

    def _ask(self, *arguments: str) -> str:
        """Return git's answer, empty when it has none."""
        status, output, _ = self._run(*arguments)
        return "" if status else output
