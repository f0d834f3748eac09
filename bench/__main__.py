"""Measure Tagboat and its peers: python3 -m bench."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench import machine, tasks
from bench.base import Base, make_base, make_small_base
from bench.contest import BenchError, Outcome, Stage, Task
from bench.corpora import CorpusError, make_corpus
from bench.daemons import find_daemons
from bench.table import to_json, to_markdown


def main() -> None:
    """Run the chosen tasks and print what came out, or write it to a file."""
    options = _read_options()
    load_before = machine.load_average()
    try:
        with machine.scratch_folder() as scratch:
            stage = _make_stage(scratch, options.checkout)
            stage.prepare("tagboat tags --images=example.org/bench", {})  # the first call makes its environment
            versions = machine.read_versions(stage.tools, options.checkout)
            base = make_base()
            outcomes = _hold(stage, _choose(options.only, base, scratch), options)
    except (BenchError, CorpusError, OSError) as error:
        sys.exit(f"error: {error}")
    except KeyboardInterrupt:
        sys.exit("interrupted")
    facts = {
        "date": f"{dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC",
        **machine.describe(),
        "load average": f"{load_before} before, {machine.load_average()} after",
        "base image": base.digest or f"none: {base.reason}",
    }
    text = to_markdown(facts, versions, outcomes)
    if options.json:
        _write(options.json, to_json(facts, versions, outcomes))
    if options.output:
        _write(options.output, text)
    else:
        print(text)


def _read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m bench", description=__doc__)
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="measured rounds of a task (%(default)s)")
    parser.add_argument("--only", action="append", choices=tasks.NAMES, metavar="TASK", help=", ".join(tasks.NAMES))
    parser.add_argument("--quick", action="store_true", help="one round, no warm-up: does it work?")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every sample there, besides")
    parser.add_argument("--output", type=Path, metavar="FILE", help="write the tables there instead of to stdout")
    parser.add_argument("--checkout", type=Path, default=tasks.ROOT, metavar="DIR", help="the Tagboat to measure")
    options = parser.parse_args()
    if options.runs < 1:
        parser.error("--runs must be 1 or more")
    return options


def _make_stage(scratch: Path, checkout: Path) -> Stage:
    store = f"overlay@{scratch / 'store'}+{scratch / 'store-run'}"
    return Stage(
        tools=machine.find_tools(scratch, checkout),
        daemons=find_daemons(scratch),
        scratch=scratch,
        environ=machine.environ(scratch),
        places={"scratch": str(scratch), "store": store, "docker": str(scratch / "docker.sock")},
    )


def _choose(names: Sequence[str] | None, base: Base, scratch: Path) -> Iterator[Task]:
    """Yield the chosen tasks, with the corpora that they need."""
    wanted = names or tasks.NAMES
    if "site-packages" in wanted:
        yield tasks.copy_site_packages(make_corpus("site-packages"))
    if "node_modules" in wanted:
        if base.layout:
            yield tasks.copy_node_modules(make_corpus("node_modules"), base)
        else:
            _say(f"node_modules: left out, because there is no base image: {base.reason}")
    if "run" in wanted:
        small = make_small_base()
        if small.layout:
            yield tasks.run(small, scratch / "run")
        else:
            _say(f"run: left out, because there is no base image: {small.reason}")
    if "push" in wanted:
        yield tasks.push(make_corpus("site-packages"))
    if "push-again" in wanted:
        yield tasks.push_again(make_corpus("site-packages"))
    if "start" in wanted:
        yield tasks.start()


def _hold(stage: Stage, chosen: Iterator[Task], options: argparse.Namespace) -> list[Outcome]:
    """Hold one contest after the other."""
    runs = 1 if options.quick else options.runs
    return [stage.hold(task, runs=runs, warm_up=not options.quick, say=_say) for task in chosen]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
