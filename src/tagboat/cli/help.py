"""The texts of --help, made from the tables of commands and inputs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from tagboat.flow.commands import BY_NAME, COMMANDS, Command
from tagboat.flow.inputs import Input, inputs_of

_WIDTH = 100
_COLUMN = 30


def overview() -> str:
    """Return the text of `tagboat --help`."""
    built = [command for command in COMMANDS if command.built]
    later = ", ".join(command.name for command in COMMANDS if not command.built)
    lines = [
        "Usage: tagboat [COMMAND] [ARGUMENTS] [FLAGS]",
        "",
        "Build, tag and push container images from CI without a Docker daemon.",
        "",
        "Commands (run when none is given):",
        *(_row(f"{command.name} {command.positionals}".rstrip(), command.help) for command in built),
        "",
        _filled(f"Not built yet: {later}."),
        "",
        "tagboat COMMAND --help shows the flags of a command. Each flag may also come as INPUT_NAME or TAGBOAT_NAME",
        "from the environment, or as a key of tagboat.toml; the first of these wins.",
    ]
    return "\n".join(lines) + "\n"


def command_help(name: str) -> str:
    """Return the text of `tagboat COMMAND --help`."""
    command = BY_NAME[name]
    usage = f"Usage: tagboat {name} {command.positionals}".rstrip()
    return "\n".join([f"{usage} [FLAGS]", "", command.help, "", *_flags(command)]).rstrip() + "\n"


def _flags(command: Command) -> Iterator[str]:
    if not command.built:
        yield "This command is not built yet."
        return
    shown = [entry for entry in inputs_of(command.name) if entry.built and not entry.unneeded]
    for group in dict.fromkeys(entry.group for entry in shown):
        yield f"{group}:"
        for entry in shown:
            if entry.group == group:
                yield _row(_form(entry), _meaning(entry))
        yield ""
    yield from _refused(inputs_of(command.name))


def _refused(entries: Iterable[Input]) -> Iterator[str]:
    names = [entry.name for entry in entries if not entry.built]
    if names:
        yield _filled(f"Not built yet: {', '.join(names)}.")


def _form(entry: Input) -> str:
    if entry.secret:
        return entry.variables[-1]
    if entry.bare:
        return f"{entry.flag}[={'|'.join(entry.choices) if entry.choices else 'true|false'}]"
    return f"{entry.flag} {entry.name.rpartition('-')[2].upper()}"


def _meaning(entry: Input) -> str:
    notes = [entry.help]
    if entry.repeatable:
        notes.append("Repeatable.")
    if entry.secret:
        notes.append("From the environment only.")
    if entry.choices and not entry.bare:
        notes.append(f"One of {', '.join(entry.choices)}.")
    if entry.default:
        notes.append(f"Default: {entry.default}.")
    return " ".join(notes)


def _row(left: str, right: str) -> str:
    indent = " " * (_COLUMN + 2)
    head = f"  {left}".ljust(_COLUMN + 2)
    if len(head) > len(indent):
        return head + "\n" + _filled(right, indent, indent)
    return _filled(right, head, indent)


def _filled(text: str, first_indent: str = "", indent: str = "") -> str:
    """Return the text in lines; names with hyphens stay whole, so that they can be copied and found."""
    return textwrap.fill(text, _WIDTH, initial_indent=first_indent, subsequent_indent=indent, break_on_hyphens=False)
