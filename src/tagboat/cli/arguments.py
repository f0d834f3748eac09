"""Reading the command line by the table of inputs.

Not argparse: a flag that stands alone (`--push .`) must not take the argument behind it, and a fault must not end the
reading, so that all faults are reported together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tagboat.errors import InputError
from tagboat.flow.inputs import BY_NAME as INPUTS

DEFAULT_COMMAND = "run"
_WITHOUT_VALUE = ("help", "h", "version")


@dataclass(frozen=True, slots=True, kw_only=True)
class Arguments:
    """A command line: the command, each flag's values in order, the arguments without a name, and what is wrong."""

    command: str
    flags: Mapping[str, list[str]]
    positionals: tuple[str, ...]
    names_command: bool = True
    wants_help: bool = False
    wants_version: bool = False
    faults: tuple[InputError, ...] = ()

    def is_on(self, name: str) -> bool:
        """Say whether a switch is on as far as the command line tells: good enough before the settings are read."""
        return self.flags.get(name, ["false"])[-1] == "true"


def read_arguments(argv: Sequence[str]) -> Arguments:
    """Return what a command line says; an unknown flag is kept, for the settings to name it.

    The first argument that is no flag is the command, `run` when there is none. `--name=value` and `--name value` are
    the same, but a flag that may stand alone takes its value only behind `=`. Everything behind `--` is no flag.
    """
    flags: dict[str, list[str]] = {}
    words: list[str] = []
    faults: list[InputError] = []
    rest = list(argv)
    while rest:
        text = rest.pop(0)
        if text == "--":
            words += rest
            break
        if not text.startswith("-") or text == "-":
            words.append(text)
            continue
        name, equals, value = text.lstrip("-").partition("=")
        known = INPUTS.get(name)
        if not equals:
            value = known.bare if known else "true"
            if _wants_value(name):
                is_there = bool(rest) and not rest[0].startswith("--")
                value = rest.pop(0) if is_there else value
                if known and not is_there:
                    faults.append(InputError(f"{name}: --{name} has no value", f"write --{name}=VALUE"))
        flags.setdefault(name, []).append(value)
    wants_help = any(flags.pop(name, None) for name in ("help", "h"))
    wants_version = flags.pop("version", None) is not None
    return Arguments(
        command=words[0] if words else DEFAULT_COMMAND,
        names_command=bool(words),
        flags=flags,
        positionals=tuple(words[1:]),
        wants_help=wants_help,
        wants_version=wants_version,
        faults=tuple(faults),
    )


def _wants_value(name: str) -> bool:
    """Say whether a flag takes the next argument; an unknown one does, so that only the flag itself is a fault."""
    known = INPUTS.get(name)
    return name not in _WITHOUT_VALUE and (known is None or not known.bare)
