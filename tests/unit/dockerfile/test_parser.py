"""Dockerfiles to stages of typed instructions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tagboat.dockerfile import parse_dockerfile, parse_trigger
from tagboat.dockerfile.devices import Device
from tagboat.dockerfile.instructions import (
    Arg,
    Cmd,
    Entrypoint,
    Env,
    ExecForm,
    Expose,
    Instruction,
    Label,
    Maintainer,
    Onbuild,
    Run,
    Shell,
    ShellForm,
    StopSignal,
    User,
    Volume,
    Workdir,
)
from tagboat.errors import DockerfileError, FaultsError, TagboatError

_LANGUAGE = Path(__file__).parents[2] / "fixtures/language"


def _tables(name: str) -> dict[str, Any]:
    return json.loads((_LANGUAGE / name).read_text(encoding="utf-8"))["tables"]


def _one(text: str) -> Instruction:
    """Parse one instruction in a stage."""
    return parse_dockerfile(f"FROM scratch\n{text}\n".encode(), "Dockerfile").stages[0].instructions[0]


def _fault(text: str) -> DockerfileError:
    with pytest.raises(DockerfileError) as caught:
        _one(text)
    return caught.value


@pytest.mark.parametrize("row", _tables("misc.json")["instruction_errors"], ids=lambda row: row["dockerfile"])
def test_a_wrong_instruction_fails_as_in_the_reference(row: dict[str, Any]):
    """What the reference refuses is refused, in words that hold its own."""
    with pytest.raises(TagboatError) as caught:
        parse_dockerfile(row["dockerfile"].encode(), "Dockerfile")
    assert row["expectedError"] in str(caught.value)
    assert caught.value.exit_code == 4


@pytest.mark.parametrize("row", _tables("parser.json")["negative"], ids=lambda row: row["name"])
def test_a_file_that_the_reference_refuses_is_refused(row: dict[str, str]):
    """Files that must not parse do not."""
    with pytest.raises(TagboatError):
        parse_dockerfile(row["dockerfile"].encode(), "Dockerfile")


@pytest.mark.parametrize(
    "row",
    [row for row in _tables("lint.json")["cases"] if not row.get("build_error")],
    ids=lambda row: f"{row['test']} {row['dockerfile']!r}"[:80],
)
def test_a_file_that_is_only_warned_about_is_read(row: dict[str, Any]):
    """What the reference builds, with or without warnings, is no error."""
    assert parse_dockerfile(row["dockerfile"].encode(), "Dockerfile").stages


def test_stages_and_global_arguments():
    """ARG lines before the first FROM are global; each FROM begins a stage, its name in lower case."""
    text = b"ARG A=1 B\nARG C\nFROM --platform=$BUILDPLATFORM a AS Build\nARG A\nFROM b\nUSER c\n"
    dockerfile = parse_dockerfile(text, "Dockerfile")
    assert [argument.pairs for argument in dockerfile.global_args] == [(("A", "1"), ("B", None)), (("C", None),)]
    first, second = dockerfile.stages
    assert (first.name, first.index, first.from_.image, first.from_.platform) == ("build", 0, "a", "$BUILDPLATFORM")
    assert (second.name, second.index, second.from_.location.line) == ("", 1, 5)
    assert isinstance(first.instructions[0], Arg)
    assert isinstance(second.instructions[0], User)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("FROM", "FROM requires either one or three arguments"),
        ("FROM a b", "FROM requires either one or three arguments"),
        ("FROM a IN b", "FROM requires either one or three arguments"),
        ("FROM a AS 1b", "'1b' is not a stage name"),
        ("FROM a AS b/c", "'b/c' is not a stage name"),
        ("FROM --platform= a", "--platform is empty"),
        ("FROM --paltform=b a", "unknown flag --paltform"),
        ("ARG A", "no FROM"),
        ("RUN a", "RUN stands before the first FROM"),
    ],
)
def test_a_file_must_begin_with_a_stage(text: str, problem: str):
    """A wrong or missing FROM is named."""
    with pytest.raises(DockerfileError, match=problem) as caught:
        parse_dockerfile(text.encode(), "Dockerfile")
    assert caught.value.location.line == 1


def test_every_fault_is_reported_at_once_in_order():
    """A file with several faults says them all, by line, and what follows a broken FROM is not blamed."""
    text = b"FROM a b\nRUM x\nCOPY a\nFROM c\nENV d\nRUN <<E\n"
    with pytest.raises(FaultsError) as caught:
        parse_dockerfile(text, "Dockerfile")
    assert [fault.location.line for fault in caught.value.faults] == [1, 2, 3, 5, 6]
    assert caught.value.exit_code == 4


def test_an_unknown_instruction_has_a_suggestion_and_a_column():
    """The nearest instruction is suggested and the word pointed at."""
    fault = _fault("  RUM x")
    assert fault.problem == "unknown instruction: RUM"
    assert fault.hint == "did you mean RUN?"
    assert (fault.location.line, fault.location.column) == (2, 3)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a  b", ShellForm(text="a  b")),
        ('["a", "b c"]', ExecForm(arguments=("a", "b c"))),
        ("[]", ExecForm(arguments=())),
        ("['a']", ShellForm(text="['a']")),
        ("", ShellForm(text="")),
    ],
)
def test_commands_have_two_forms(text: str, expected: ShellForm | ExecForm):
    """RUN, CMD and ENTRYPOINT take a JSON array or a text for the shell."""
    for word, kind in (("RUN", Run), ("CMD", Cmd), ("ENTRYPOINT", Entrypoint)):
        instruction = _one(f"{word} {text}")
        assert isinstance(instruction, kind)
        assert instruction.command == expected


def test_run_has_its_flags():
    """The flags of RUN are read into typed values."""
    instruction = _one("RUN --network=none --security=insecure --device=a/b=c,required --mount=target=/x true")
    assert isinstance(instruction, Run)
    assert (instruction.network, instruction.security) == ("none", "insecure")
    assert instruction.devices == (Device(name="a/b=c", required=True),)
    assert [mount.text for mount in instruction.mounts] == ["target=/x"]


@pytest.mark.parametrize(
    ("text", "problem", "column"),
    [
        ("RUN --network=hots true", "--network=hots is not known", 5),
        ("RUN --mount=type=bnid,target=/x true", "type=bnid", 13),
        ("RUN --mount=target=/x,from=$Y true", "no variable is expanded in from", 13),
        ("EXPOSE 80/zzz", "'zzz' is not a protocol", 8),
        ("STOPSIGNAL SIGTREM", "no signal 'SIGTREM'", 12),
        ("ENV a=1 b", "b is not of the form", 9),
    ],
)
def test_a_fault_points_at_its_words(text: str, problem: str, column: int):
    """A caret has a column where the wrong text can be found."""
    fault = _fault(text)
    assert problem in str(fault)
    assert (fault.location.line, fault.location.column, fault.location.text) == (2, column, text)


def test_names_and_values_keep_their_quotes():
    """ENV and LABEL keep values as written, and tell the older form."""
    newer, older = _one("ENV a=\"b c\" d='e'"), _one("LABEL a b  c ")
    assert isinstance(newer, Env)
    assert isinstance(older, Label)
    assert (newer.pairs, newer.legacy) == ((("a", '"b c"'), ("d", "'e'")), False)
    assert (older.pairs, older.legacy) == ((("a", "b  c"),), True)


def test_single_texts():
    """USER, WORKDIR, STOPSIGNAL and MAINTAINER take the rest of the line."""
    expected = {
        "USER a:b": User,
        "WORKDIR /a b": Workdir,
        "STOPSIGNAL $SIGNAL": StopSignal,
        "MAINTAINER a <b>": Maintainer,
    }
    for text, kind in expected.items():
        assert isinstance(_one(text), kind)
        assert str(_fault(text.split()[0])) == f"Dockerfile:2: {text.split()[0]} requires exactly one argument"


def test_lists():
    """SHELL, VOLUME and EXPOSE hold their words."""
    shell, volume, expose = _one('SHELL ["a", "-c"]'), _one('VOLUME ["/a b", " /c "]'), _one("EXPOSE 80 $P/udp")
    assert isinstance(shell, Shell)
    assert isinstance(volume, Volume)
    assert isinstance(expose, Expose)
    assert shell.shell == ("a", "-c")
    assert volume.paths == ("/a b", "/c")
    assert expose.words == ("80", "$P/udp")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("SHELL /bin/sh -c", "SHELL requires the arguments to be in JSON form"),
        ("SHELL []", "SHELL requires at least one argument"),
        ('VOLUME [""]', "VOLUME can not be an empty string"),
        ("VOLUME []", "VOLUME requires at least one argument"),
        ("EXPOSE", "EXPOSE requires at least one argument"),
        ("ARG", "ARG requires at least one argument"),
        ("ARG =a", "ARG names can not be blank"),
        ("ENV =a", "ENV names can not be blank"),
        ("CMD --help", "unknown flag --help"),
        ('CMD ["a", 1]', "strings only"),
        ("ONBUILD FROM a", "FROM isn't allowed as an ONBUILD trigger"),
        ("ONBUILD MAINTAINER a", "MAINTAINER isn't allowed as an ONBUILD trigger"),
        ("ONBUILD --a RUN b", "ONBUILD: unknown flag --a"),
        ("ONBUILD RUM b", "unknown instruction: RUM"),
        ("ONBUILD COPY a", "COPY requires at least two arguments"),
    ],
)
def test_a_wrong_shape_is_refused(text: str, problem: str):
    """Arguments of the wrong number or form are an error that names the instruction."""
    assert problem in str(_fault(text))


def test_onbuild_keeps_its_text_and_its_meaning():
    """An image stores the trigger's text with its heredocs; read back, it means the same."""
    instruction = _one("OnBuild  run <<E\necho\nE")
    assert isinstance(instruction, Onbuild)
    assert instruction.text == "run <<E\necho\nE"
    assert isinstance(instruction.instruction, Run)
    fired = parse_trigger(instruction.text, "ONBUILD of base")
    assert isinstance(fired, Run)
    assert (fired.command, fired.heredocs) == (instruction.instruction.command, instruction.instruction.heredocs)


@pytest.mark.parametrize("text", ["RUN a\nRUN b", "ONBUILD RUN a", "FROM a", "", "RUM a"])
def test_a_trigger_is_one_instruction(text: str):
    """What an image must not store as a trigger is refused when it is fired."""
    with pytest.raises(DockerfileError):
        parse_trigger(text, "ONBUILD of base")


def test_instructions_keep_their_text_and_comments():
    """An instruction knows its text, joined, and the comments right above it."""
    instruction = _one("# why\nrun a \\\n b")
    assert (instruction.original, instruction.comments, instruction.location.end_line) == ("run a  b", ("why",), 4)
