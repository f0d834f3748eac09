"""The arguments of a command that have no name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tagboat.errors import InputError
from tagboat.flow.commands import BY_NAME
from tagboat.oci.reference import Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Positionals:
    """The arguments by meaning: a build context, a layout and the references to push it to, a workflow, or a tag."""

    context: str = ""
    asked: str = ""
    layout: Path | None = None
    workflow: Path | None = None
    references: tuple[Reference, ...] = ()
    faults: tuple[InputError, ...] = ()

    @classmethod
    def read(cls, command: str, texts: Sequence[str], cwd: Path) -> Self:
        """Return the arguments of a command, with what is wrong about them."""
        if command == "push":
            return cls._read_push(texts, cwd)
        if command == "promote":
            return cls._read_promote(texts)
        if command == "migrate":
            return cls._read_migrate(texts, cwd)
        if command == "why" and not texts:
            return cls(faults=(InputError("why: the tag is missing", _usage(command)),))
        room = 1 if BY_NAME[command].positionals else 0
        faults = tuple(InputError(f"{text!r} is one argument too many", _usage(command)) for text in texts[room:])
        given = "".join(texts[:room])
        return cls(asked=given, faults=faults) if command == "why" else cls(context=given, faults=faults)

    @classmethod
    def _read_push(cls, texts: Sequence[str], cwd: Path) -> Self:
        if len(texts) < 2:
            missing = "the layout" if not texts else "the reference"
            return cls(faults=(InputError(f"push: {missing} is missing", _usage("push")),))
        faults, references = [], []
        layout = Path(texts[0])
        if not (cwd / layout).exists():
            faults.append(
                InputError(f"push: there is no layout or archive at {layout}", "build one: tagboat build --output DIR")
            )
        for text in texts[1:]:
            try:
                references.append(Reference.parse(text))
            except InputError as error:
                faults.append(error)
        return cls(layout=layout, references=tuple(references), faults=tuple(faults))

    @classmethod
    def _read_promote(cls, texts: Sequence[str]) -> Self:
        if len(texts) != 1:
            return cls(faults=(InputError("promote: it takes one image", _usage("promote")),))
        try:
            return cls(references=(Reference.parse(texts[0]),))
        except InputError as error:
            return cls(faults=(error,))

    @classmethod
    def _read_migrate(cls, texts: Sequence[str], cwd: Path) -> Self:
        if len(texts) != 1:
            return cls(faults=(InputError("migrate: it takes one workflow at a time", _usage("migrate")),))
        workflow = Path(texts[0])
        if (cwd / workflow).is_file():
            return cls(workflow=workflow)
        hint = "name a file of .github/workflows"
        return cls(faults=(InputError(f"migrate: there is no file {workflow}", hint),))


def _usage(command: str) -> str:
    return f"write tagboat {command} {BY_NAME[command].positionals}".rstrip()
