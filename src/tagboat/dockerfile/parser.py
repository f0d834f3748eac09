"""The parser: a Dockerfile's text to stages of typed instructions, with every fault found on the way."""

from __future__ import annotations

from dataclasses import replace

from tagboat.dockerfile.faults import LanguageError
from tagboat.dockerfile.flags import read_flags
from tagboat.dockerfile.grammar import FROM_RULE, RULES, Rule
from tagboat.dockerfile.instructions import Arg, Dockerfile, From, Instruction, Onbuild, Stage
from tagboat.dockerfile.lexer import Lexed, LogicalLine, lex, split_instruction
from tagboat.dockerfile.statement import Made, Statement
from tagboat.dockerfile.values import WHITE_SPACE, suggestion
from tagboat.errors import DockerfileError, Location, raise_faults

_NOT_TRIGGERS = ("FROM", "MAINTAINER", "ONBUILD")


def parse_dockerfile(text: bytes, name: str) -> Dockerfile:
    """Return the stages and global arguments of a Dockerfile; `name` stands in the locations.

    Raises `DockerfileError`, or `FaultsError` with all of them when there are several.
    """
    lexed = lex(text, name)
    assembly = _Assembly(lexed, name)
    for line in lexed.lines:
        assembly.add(line)
    return assembly.finish()


def parse_trigger(text: str, name: str) -> Instruction:
    """Return the one instruction of an ONBUILD trigger, as an image's configuration stores it.

    Raises `DockerfileError`.
    """
    lexed = lex(text.encode(), name)
    raise_faults(lexed.faults)
    if len(lexed.lines) != 1:
        location = Location(file=name, line=1, text=text.partition("\n")[0])
        raise DockerfileError("an ONBUILD trigger must be a single instruction", location=location)
    return _trigger(lexed.lines[0], "\\")


class _Assembly:
    """A Dockerfile in the making, instruction by instruction."""

    def __init__(self, lexed: Lexed, name: str) -> None:
        self._directives = lexed.directives
        self._name = name
        self._faults = list(lexed.faults)
        self._global_args: list[Arg] = []
        self._stages: list[tuple[From, list[Instruction]]] = []
        self._met_from = False

    def add(self, line: LogicalLine) -> None:
        """Take in one line: a stage, an instruction of the last stage, or a global argument."""
        # A broken FROM still begins a stage: what follows it is in its place.
        self._met_from = self._met_from or line.keyword == "FROM"
        try:
            if line.keyword == "FROM":
                self._stages.append((_make(FROM_RULE, line, self._directives.escape), []))
            else:
                self._add_instruction(_parse(line, self._directives.escape), line)
        except DockerfileError as fault:
            self._faults.append(fault)

    def _add_instruction(self, instruction: Instruction, line: LogicalLine) -> None:
        if self._stages:
            self._stages[-1][1].append(instruction)
        elif isinstance(instruction, Arg):
            self._global_args.append(instruction)
        elif not self._met_from:
            problem = f"{line.keyword} stands before the first FROM, in no build stage"
            raise DockerfileError(problem, "start the file with FROM", location=line.location)

    def finish(self) -> Dockerfile:
        """Return the whole, or raise what is wrong with it."""
        if not self._stages and not self._faults:
            location = self._global_args[-1].location
            problem = "the file has no FROM, so there is no stage to build"
            self._faults.append(DockerfileError(problem, "add FROM and the image to start from", location=location))
        raise_faults(sorted(self._faults, key=lambda fault: fault.location.line if fault.location else 0))
        stages = (
            Stage(name=from_.name, index=index, from_=from_, instructions=tuple(instructions))
            for index, (from_, instructions) in enumerate(self._stages)
        )
        return Dockerfile(
            name=self._name,
            directives=self._directives,
            global_args=tuple(self._global_args),
            stages=tuple(stages),
        )


def _parse(line: LogicalLine, escape: str) -> Instruction:
    """Return the instruction of one line that is not FROM; raises `DockerfileError`."""
    if line.keyword == "ONBUILD":
        return _onbuild(line, escape)
    if rule := RULES.get(line.keyword):
        return _make(rule, line, escape)
    written = line.original.split(maxsplit=1)[0]
    hint = suggestion(line.keyword, (*RULES, "FROM", "ONBUILD"))
    raise DockerfileError(f"unknown instruction: {written}", hint, location=line.place(written))


def _make(rule: Rule[Made], line: LogicalLine, escape: str) -> Made:
    try:
        flags = read_flags(line.flags, rule.flags)
        arguments = rule.shape(line.arguments, escape)
        return rule.build(Statement(line=line, flags=flags, arguments=arguments, escape=escape))
    except LanguageError as error:
        problem = f"{line.keyword}: {error.problem}"
        raise DockerfileError(problem, error.hint, location=line.place(error.fragment)) from error


def _onbuild(line: LogicalLine, escape: str) -> Onbuild:
    if line.flags:
        flag = line.flags[0]
        raise DockerfileError(f"ONBUILD: unknown flag {flag}", "ONBUILD takes no flags", location=line.place(flag))
    if not line.arguments:
        hint = "write the instruction to run later after ONBUILD"
        raise DockerfileError("ONBUILD requires at least one argument", hint, location=line.location)
    keyword, flags, arguments = split_instruction(line.arguments, escape)
    inner = replace(line, keyword=keyword, flags=flags, arguments=arguments, original=line.arguments, comments=())
    instruction = _trigger(inner, escape)
    bodies = "".join(f"\n{heredoc.content}{heredoc.name}" for heredoc in line.heredocs)
    return Onbuild(
        text=line.original[len("ONBUILD") :].lstrip(WHITE_SPACE) + bodies,
        instruction=instruction,
        location=line.location,
        original=line.original,
        comments=line.comments,
    )


def _trigger(line: LogicalLine, escape: str) -> Instruction:
    if line.keyword == "ONBUILD":
        problem = "Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed"
        raise DockerfileError(problem, "write ONBUILD once", location=line.location)
    if line.keyword in _NOT_TRIGGERS:
        problem = f"{line.keyword} isn't allowed as an ONBUILD trigger"
        raise DockerfileError(problem, "remove the line", location=line.location)
    return _parse(line, escape)
