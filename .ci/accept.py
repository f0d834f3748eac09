"""Run the acceptance runs of a folder; only the cases that pending.txt names may fail, and those must.

A case that passes although it is listed fails too: the list is to shrink with every feature.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PENDING = Path(__file__).with_name("pending.txt")
RUNS = {
    "tags": ("tags.py",),
    "builds": ("builds.py", "--kind", "all"),
}


def main(folder: Path) -> int:
    """Run all of RUNS; return 1 when one did not go as expected."""
    pending = read_pending()
    return max([judge(name, run(folder, *arguments), pending.get(name, set())) for name, arguments in RUNS.items()])


def read_pending() -> dict[str, set[str]]:
    """Return the cases that may fail, by run; a line is `RUN CASE  # reason`."""
    cases: dict[str, set[str]] = {}
    for line in PENDING.read_text().splitlines():
        words = line.partition("  #")[0].split()
        if words:
            cases.setdefault(words[0], set()).add(words[1])
    return cases


def run(folder: Path, script: str, *arguments: str) -> str:
    """Return what an acceptance run prints."""
    argv = [sys.executable, str(folder / script), *arguments, "--tagboat", "python3 entrypoint.py", "--jobs", "2"]
    return subprocess.run(argv, stdout=subprocess.PIPE, check=False, text=True).stdout  # noqa: S603 - our own argv


def judge(name: str, output: str, pending: set[str]) -> int:
    """Print how a run went; return 1 for a failure that is not pending, a pending case that passes, or no result."""
    summary = re.search(r"^(\d+) passed, (\d+) failed$", output, re.MULTILINE)
    failed = set(re.findall(r"^FAIL (?:norun |fail |run )?(\S+?):?(?= |$)", output, re.MULTILINE))
    unexpected, stale = sorted(failed - pending), sorted(pending - failed)
    print(f"== acceptance {name}: {summary[0] if summary else 'no result'}, {len(pending)} pending")
    for line in output.splitlines():
        if any(f" {case}" in line for case in unexpected):
            print(f"   {line[:400]}")
    for case in stale:
        print(f"   {case} is listed in {PENDING.name}, but passes: take it out")
    return int(bool(unexpected or stale or not summary))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
