"""The only door to ruamel.yaml: a workflow's values, each with the lines that it stands on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tagboat.errors import InputError, Location

# A scalar is its text as written: GitHub hands every input on as text, and `1.10` must stay that.
Plain = str | list["Plain"] | dict[str, "Plain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Lines of a file: `first` counts from 0, `end` is the first line that is not part of it."""

    first: int
    end: int

    def __contains__(self, line: int) -> bool:
        return self.first <= line < self.end


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One `key: value` of a mapping; `column` is the key's, from 0; `inner` the entries of a mapping in block style.

    `owns_lines` says that nothing else stands on its lines but a comment.
    """

    key: str
    value: Plain
    span: Span
    column: int
    owns_lines: bool
    inner: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step of a job; `index` counts from 0. `is_plain` when it is written one key a line, `- ` before the first."""

    index: int
    data: Mapping[str, Plain]
    entries: tuple[Entry, ...]
    span: Span
    is_plain: bool

    def text(self, key: str) -> str:
        """Return the text of a key, empty where it has none."""
        value = self.data.get(key, "")
        return value if isinstance(value, str) else ""

    def entry(self, key: str) -> Entry | None:
        """Return the entry of a key, None where it has none."""
        return next((entry for entry in self.entries if entry.key == key), None)

    def table(self, key: str) -> Mapping[str, str]:
        """Return the texts of a mapping such as `with` or `env`, keys of `with` in lower case as GitHub reads them."""
        value = self.data.get(key)
        found = value if isinstance(value, dict) else {}
        return {name.lower() if key == "with" else name: text for name, text in found.items() if isinstance(text, str)}

    @property
    def label(self) -> str:
        """What people know the step by."""
        return self.text("name") or self.text("uses") or self.text("id") or f"step {self.index + 1}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job of a workflow."""

    name: str
    data: Mapping[str, Plain]
    steps: tuple[Step, ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """A workflow: its lines without their ends, its values, its jobs."""

    file: str
    lines: tuple[str, ...]
    data: Mapping[str, Plain]
    jobs: tuple[Job, ...] = field(default=())

    @classmethod
    def parse(cls, text: str, file: str) -> Workflow:
        """Read a workflow; raises `InputError` for what is no YAML, or no workflow."""
        root = _compose(text, file)
        lines = tuple(text.splitlines())
        data = _plain(root) if root is not None else ""
        if not isinstance(data, dict) or not isinstance(data.get("jobs"), dict) or "on" not in data:
            raise InputError(
                f"{file} is no GitHub workflow: it has no jobs, or no `on`",
                "name a file of .github/workflows, such as .github/workflows/release.yml",
            )
        jobs = next(value for key, value in root.value if key.value == "jobs")
        return cls(file=file, lines=lines, data=data, jobs=tuple(_job(key, value, lines) for key, value in jobs.value))

    @property
    def triggers(self) -> Mapping[str, Plain]:
        """The events of `on`, each with its settings; an event without any has an empty text."""
        on = self.data["on"]
        if isinstance(on, dict):
            return on
        return dict.fromkeys([name for name in on if isinstance(name, str)] if isinstance(on, list) else [on], "")


def _compose(text: str, file: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    try:
        return YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        location = Location(file=file, line=mark.line + 1, column=mark.column + 1) if mark else None
        raise InputError(f"{file} is no YAML: {error.problem}", "mend that line", location=location) from error
    except YAMLError as error:
        raise InputError(f"{file} is no YAML: {error}", "name a file of .github/workflows") from error


def _job(key: Any, node: Any, lines: tuple[str, ...]) -> Job:
    data = _plain(node)
    pairs = node.value if isinstance(data, dict) else ()
    steps = next((value.value for name, value in pairs if name.value == "steps" and _is_sequence(value)), ())
    return Job(
        name=key.value,
        data=data if isinstance(data, dict) else {},
        steps=tuple(_step(index, step, lines) for index, step in enumerate(steps)),
        span=_span(key, node, lines),
    )


def _step(index: int, node: Any, lines: tuple[str, ...]) -> Step:
    data = _plain(node)
    entries = tuple(_entries(node, lines))
    span = _span(node, node, lines)
    first = _dash(span.first, node.start_mark.column, lines)
    return Step(
        index=index,
        data=data if isinstance(data, dict) else {},
        entries=entries,
        span=Span(first=max(first, 0), end=span.end),
        is_plain=first >= 0 and bool(entries) and all(entry.owns_lines for entry in entries),
    )


def _dash(line: int, column: int, lines: tuple[str, ...]) -> int:
    """Return the line with the dash of the item that begins there, -1 when it does not stand by itself."""
    lead = lines[line][:column].strip()
    while not lead and line > 0:
        line -= 1
        lead = lines[line].partition("#")[0].strip()
    return line if lead == "-" else -1


def _entries(node: Any, lines: tuple[str, ...]) -> Iterator[Entry]:
    """Yield the entries of a mapping in block style; of anything else none."""
    if not _is_mapping(node) or node.flow_style:
        return
    before = -1
    for key, value in node.value:
        span = _span(key, value, lines)
        lead = lines[span.first][: key.start_mark.column].strip()
        yield Entry(
            key=str(key.value),
            value=_plain(value),
            span=span,
            column=key.start_mark.column,
            owns_lines=lead in {"", "-"} and span.first > before,
            inner=tuple(_entries(value, lines)),
        )
        before = span.end - 1


def _span(first: Any, last: Any, lines: tuple[str, ...]) -> Span:
    return Span(first=first.start_mark.line, end=max(_end(last, lines), first.start_mark.line + 1))


def _end(node: Any, lines: tuple[str, ...]) -> int:
    """Return the line behind a node's last one; the marks of block collections reach to whatever comes next."""
    if isinstance(node.value, list) and node.value and not node.flow_style:
        last = node.value[-1]
        return _end(last[1], lines) if isinstance(last, tuple) else _end(last, lines)
    end: int = node.end_mark.line + (node.end_mark.column > 0)
    while end > node.start_mark.line + 1 and not lines[end - 1].strip():
        end -= 1
    return end


def _plain(node: Any) -> Plain:
    """Return a node's value; null is an empty text."""
    if _is_mapping(node):
        return {str(key.value): _plain(value) for key, value in node.value}
    if _is_sequence(node):
        return [_plain(item) for item in node.value]
    return "" if node.tag.endswith(":null") else str(node.value)


def _is_mapping(node: Any) -> bool:
    return bool(node.id == "mapping")


def _is_sequence(node: Any) -> bool:
    return bool(node.id == "sequence")
