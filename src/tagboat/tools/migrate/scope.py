"""What the names in a job's expressions stand for on one event; what only a run would know is assumed, and said."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tagboat.errors import InputError
from tagboat.tools.migrate.document import Job, Plain, Workflow
from tagboat.tools.migrate.events import Scenario
from tagboat.tools.migrate.expressions import Value, evaluate, render, whole_expression

_MOST_COMBINATIONS = 12
# By the last part of a name: what it is likely to hold. What fits none is its own name, as a word.
_LIKELY = (
    (re.compile(r"version|semver|release|tag(?!s)", re.IGNORECASE), "1.2.3"),
    (re.compile(r"sha|commit|revision", re.IGNORECASE), "8f3c21d0a9b4e5f60718293a4b5c6d7e8f901234"),
    (re.compile(r"registry|host", re.IGNORECASE), "registry.example.com"),
    (re.compile(r"(^|[^a-z])(is|enable|push|latest|should)([^a-z]|$)", re.IGNORECASE), "true"),
)
_NOT_A_WORD = re.compile(r"[^a-z0-9]+")


@dataclass(slots=True, kw_only=True)
class Scope:
    """The contexts of one job on one event; `assumed` collects what was made up, by its name.

    `outputs` holds those of earlier steps that are known, by the step's id.
    """

    workflow: Workflow
    job: Job
    scenario: Scenario
    matrix: Mapping[str, Value] | None
    outputs: dict[str, Mapping[str, str]] = field(default_factory=dict)
    env: dict[str, str] = field(default_factory=dict)
    assumed: dict[str, str] = field(default_factory=dict)
    open_names: list[str] = field(default_factory=list)

    def render(self, text: str) -> str:
        """Return a text with its expressions evaluated; raises `InputError` for one that is not understood."""
        return render(text, self)

    def with_env(self, env: Mapping[str, str]) -> Scope:
        """Return the scope of a step that has these variables besides the job's."""
        return Scope(
            workflow=self.workflow,
            job=self.job,
            scenario=self.scenario,
            matrix=self.matrix,
            outputs=self.outputs,
            env={**self.env, **env},
            assumed=self.assumed,
        )

    def look_up(self, path: tuple[str, ...]) -> Value:
        """Return the value of a path of names."""
        match path:
            case ("github", "event", "inputs", name):
                return self._input(name) if self.scenario.context.event == "workflow_dispatch" else None
            case ("github", *keys):
                return self._in_github(tuple(keys), path)
            case ("env", name):
                return self._variable(name)
            case ("matrix", name, *rest) if self.matrix is not None:
                return _deep(self.matrix.get(name), rest)
            case ("inputs", name):
                return self._input(name)
            case ("steps", step, "outputs", name) if step in self.outputs:
                return self.outputs[step].get(name)
            case ("steps" | "needs", _, "outcome" | "conclusion" | "result"):
                return "success"
            case ("runner", "os"):
                return "Linux"
            case ("runner", "arch"):
                return "X64"
            case _:
                return self._assume(path)

    def _in_github(self, keys: tuple[str, ...], path: tuple[str, ...]) -> Value:
        found = _deep(dict(self.scenario.github), keys)
        return self._assume(path) if found is None and keys[:1] != ("event",) else found

    def _variable(self, name: str) -> Value:
        places = (self.env, _table(self.job.data.get("env")), _table(self.workflow.data.get("env")))
        text = next((place[name] for place in places if name in place), None)
        if text is None or name in self.open_names:
            return self._assume(("env", name))
        self.open_names.append(name)
        value = self.render(text)
        self.open_names.remove(name)
        return value

    def _input(self, name: str) -> Value:
        """Return an input of the workflow: its default by hand, nothing on other events, a caller's word assumed."""
        event = self.scenario.context.event
        declared = _declared(self.workflow, "workflow_dispatch", name)
        if declared is None or _declared(self.workflow, "workflow_call", name) is not None:
            declared = _declared(self.workflow, "workflow_call", name) or {}
        elif event != "workflow_dispatch":
            return None
        default = declared.get("default")
        if declared.get("type") == "boolean":
            return default == "true"
        return default if isinstance(default, str) and default else self._assume(("inputs", name))

    def _assume(self, path: tuple[str, ...]) -> str:
        name = ".".join(path)
        last = path[-1]
        word = next((likely for pattern, likely in _LIKELY if pattern.search(last)), "")
        self.assumed[name] = word or _NOT_A_WORD.sub("-", name.lower()).strip("-")
        return self.assumed[name]


def combinations(workflow: Workflow, job: Job, scenario: Scenario) -> Iterator[Mapping[str, Value] | None]:
    """Yield the first combinations of a job's matrix; None once when there is none, or only a run knows it."""
    strategy = job.data.get("strategy")
    matrix = strategy.get("matrix", "") if isinstance(strategy, dict) else ""
    scope = Scope(workflow=workflow, job=job, scenario=scenario, matrix=None)
    try:
        table = _evaluated(matrix, scope)
    except InputError:
        table = ""
    if scope.assumed or not isinstance(table, dict):
        yield None
        return
    yield from itertools.islice(_expanded(table), _MOST_COMBINATIONS)


def _expanded(table: Mapping[str, Value]) -> Iterator[dict[str, Value]]:
    axes = {key: value for key, value in table.items() if key not in {"include", "exclude"} and isinstance(value, list)}
    include = [row for row in table.get("include") or [] if isinstance(row, dict)]
    exclude = [row for row in table.get("exclude") or [] if isinstance(row, dict)]
    rows = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())] if axes else []
    rows = [row for row in rows if not any(row.items() >= out.items() for out in exclude)]
    added = []
    for extra in include:
        fitting = [row for row in rows if all(row[key] == extra[key] for key in axes.keys() & extra.keys())]
        for row in fitting:
            row.update(extra)
        if not fitting:
            added.append(dict(extra))
    yield from (*rows, *added)


def _evaluated(value: Plain, scope: Scope) -> Value:
    match value:
        case str():
            expression = whole_expression(value)
            return evaluate(expression, scope) if expression else scope.render(value)
        case list():
            return [_evaluated(item, scope) for item in value]
        case dict():
            return {key: _evaluated(item, scope) for key, item in value.items()}


def _deep(value: Value, keys: tuple[str, ...] | list[str]) -> Value:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _table(value: Plain | None) -> dict[str, str]:
    found = value if isinstance(value, dict) else {}
    return {name: text for name, text in found.items() if isinstance(text, str)}


def _declared(workflow: Workflow, event: str, name: str) -> dict[str, Any] | None:
    settings = workflow.triggers.get(event)
    inputs = settings.get("inputs") if isinstance(settings, dict) else None
    declared = inputs.get(name) if isinstance(inputs, dict) else None
    return declared if isinstance(declared, dict) else None
