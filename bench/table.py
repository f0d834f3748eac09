"""Write the outcomes as Markdown or JSON."""

from __future__ import annotations

import dataclasses
import json
import statistics
from collections.abc import Callable, Mapping, Sequence

from bench.contest import Outcome, Sample

_NONE = "-"
_REASON_CHARACTERS = 300
_READING = """\
Medians (least to most) of runs that took place in turn. CPU is user and system time of all processes that a command
started; peak memory is that of its largest process; bytes are those of the layout's files. Ratios are taken round by
round, and their median is shown: 8.0x is eight times as much as the second. All work on a warm page cache.
Where the load average is above the number of cores, wall times hold waiting for others: CPU time tells more then.
"""


def to_markdown(facts: Mapping[str, str], versions: Mapping[str, str], outcomes: Sequence[Outcome]) -> str:
    """Return the whole report."""
    parts = [
        "# Benchmark\n",
        "".join(f"- {name}: {text}\n" for name, text in facts.items()),
        _table(("tool", "version"), list(versions.items())),
        _READING,
    ]
    for outcome in outcomes:
        parts += [f"## {outcome.task.title}\n", _costs(outcome), _pairs(outcome), _slopes(outcome)]
    return "\n".join(part for part in parts if part)


def to_json(facts: Mapping[str, str], versions: Mapping[str, str], outcomes: Sequence[Outcome]) -> str:
    """Return every single sample."""
    tasks = {
        outcome.task.name: {
            "title": outcome.task.title,
            "samples": {name: list(map(dataclasses.asdict, rows)) for name, rows in outcome.samples.items()},
            "absent": outcome.absent,
        }
        for outcome in outcomes
    }
    return json.dumps({"facts": facts, "versions": versions, "tasks": tasks}, indent=2) + "\n"


def _costs(outcome: Outcome) -> str:
    rows: list[Sequence[str]] = [
        (
            name,
            str(len(samples)),
            _spread([sample.wall_seconds for sample in samples], _duration),
            _middle(samples, lambda sample: sample.cpu_seconds, _duration),
            _middle(samples, lambda sample: sample.peak_bytes, _mebibytes),
            _middle(samples, lambda sample: sample.size_bytes or None, _megabytes),
            _middle(samples, lambda sample: sample.requests, lambda value: f"{value:g}"),
        )
        for name, samples in outcome.samples.items()
    ]
    rows += [(name, _in_cell(reason), *[_NONE] * 5) for name, reason in outcome.absent.items()]
    return _table(("", "runs", "wall", "CPU", "peak memory", "bytes", "requests"), rows)


def _pairs(outcome: Outcome) -> str:
    rows = [
        (
            f"{pair[0]} ÷ {pair[1]}",
            _ratio(rounds, lambda sample: sample.wall_seconds),
            _spread([one.wall_seconds - two.wall_seconds for one, two in rounds], _duration),
            _ratio(rounds, lambda sample: sample.cpu_seconds),
            _ratio(rounds, lambda sample: sample.peak_bytes),
            _ratio(rounds, lambda sample: sample.size_bytes),
        )
        for pair in outcome.task.pairs
        if (rounds := outcome.rounds(pair))
    ]
    return _table(("", "wall", "wall, difference", "CPU", "peak memory", "bytes"), rows) if rows else ""


def _slopes(outcome: Outcome) -> str:
    rows = [
        (
            slope.name,
            _spread([(many.wall_seconds - few.wall_seconds) / slope.steps for many, few in rounds], _duration),
            _spread([(many.cpu_seconds - few.cpu_seconds) / slope.steps for many, few in rounds], _duration),
        )
        for slope in outcome.task.slopes
        if (rounds := outcome.rounds((slope.many, slope.few)))
    ]
    return _table(("one step more", "wall", "CPU"), rows) if rows else ""


def _in_cell(reason: str) -> str:
    """Return the end of a reason, where programs say what is wrong, as one line that no table trips over."""
    text = " ".join(reason.split()).replace("|", "\\|")
    return text if len(text) <= _REASON_CHARACTERS else f"… {text[-_REASON_CHARACTERS:]}"


def _ratio(rounds: Sequence[tuple[Sample, Sample]], value: Callable[[Sample], float | None]) -> str:
    pairs = [(value(one), value(two)) for one, two in rounds]
    ratios = [one / two for one, two in pairs if one and two]
    return _spread(ratios, lambda ratio: f"{ratio:.2f}" if ratio < 10 else f"{ratio:.1f}", "x")


def _middle(samples: Sequence[Sample], value: Callable[[Sample], float | None], show: Callable[[float], str]) -> str:
    values = [found for sample in samples if (found := value(sample)) is not None]
    return show(statistics.median(values)) if values else _NONE


def _spread(values: Sequence[float], show: Callable[[float], str], unit: str = "") -> str:
    """Return `MEDIAN (LEAST to MOST)`; the median alone where they read the same."""
    if not values:
        return _NONE
    least, middle, most = (show(value) for value in (min(values), statistics.median(values), max(values)))
    return f"{middle}{unit}" if least == most else f"{middle}{unit} ({least} to {most})"


def _duration(seconds: float) -> str:
    return f"{seconds:.2f} s" if abs(seconds) >= 1 else f"{seconds * 1000:.0f} ms"


def _mebibytes(size_bytes: float) -> str:
    return f"{size_bytes / 2**20:.0f} MiB"


def _megabytes(size_bytes: float) -> str:
    return f"{size_bytes / 1e6:.2f} MB" if size_bytes >= 1e6 else f"{size_bytes / 1e3:.1f} kB"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table without the columns in which nothing is told."""
    told = [at for at in range(len(head)) if any(row[at] != _NONE for row in rows)]
    lines = [[line[at] for at in told] for line in (head, ["---"] * len(head), *rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
