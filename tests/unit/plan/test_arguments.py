"""Which value of an argument is seen where."""

from __future__ import annotations

import pytest

from tagboat.dockerfile.expand import ExpansionError
from tagboat.errors import DockerfileError


@pytest.mark.parametrize(
    ("dockerfile", "build_args", "env"),
    [
        ("ARG A=1\nFROM scratch\nENV X=$A", {}, {"X": ""}),
        ("ARG A=1\nFROM scratch\nARG A\nENV X=$A", {}, {"X": "1"}),
        ("ARG A=1\nFROM scratch\nARG A=2\nENV X=$A", {}, {"X": "2"}),
        ("ARG A=1\nFROM scratch\nARG A=2\nENV X=$A", {"A": "3"}, {"X": "3"}),
        ("ARG A=1\nARG B=$A-$A\nFROM scratch\nARG B\nENV X=$B", {"A": "3"}, {"X": "3-3"}),
        ("ARG B=$A\nARG A=1\nFROM scratch\nARG B\nENV X=$B", {}, {"X": ""}),
        ("ARG A\nFROM scratch\nARG A\nENV X=${A-unset}", {}, {"X": "unset"}),
        ("ARG A\nFROM scratch\nARG A\nENV X=${A-unset}", {"A": ""}, {"X": ""}),
        ("FROM scratch\nENV X=$A\nARG A=1", {"A": "2"}, {"X": ""}),
        ("FROM scratch\nARG A\nENV X=$A", {"A": "2"}, {"X": "2"}),
        ("FROM scratch\nARG A=1 B=$A\nENV X=$B", {}, {"X": "1"}),
        ("FROM scratch\nARG A=1\nARG A\nENV X=$A", {}, {"X": "1"}),
        ("ARG A=0\nFROM scratch\nARG A=1\nARG A\nENV X=$A", {}, {"X": "0"}),
        ("FROM scratch\nENV A=e\nARG A=a\nENV X=$A", {}, {"A": "e", "X": "a"}),
        ("FROM scratch\nARG A=a\nENV A=e\nENV X=$A", {"A": "b"}, {"A": "e", "X": "e"}),
        ("FROM scratch AS b\nARG A=1\nFROM b\nENV X=$A", {}, {"X": "1"}),
        ("FROM scratch AS b\nARG A=1\nFROM b\nENV X=$A", {"A": "2"}, {"X": "2"}),
        ("FROM scratch AS b\nENV A=e\nARG A=1\nFROM b\nENV X=$A", {}, {"A": "e", "X": "e"}),
        ("FROM scratch AS b\nARG A=1\nFROM scratch\nENV X=$A", {}, {"X": ""}),
        ("FROM scratch\nARG A=${B:?no}\nENV X=$A", {"A": "2"}, {"X": "2"}),
        ("ARG A=${B:?no}\nFROM scratch\nARG A\nENV X=$A", {"A": "2"}, {"X": "2"}),
        ("FROM scratch\nENV A=old\nENV A=new X=$A", {}, {"A": "new", "X": "old"}),
        ("FROM scratch\nENV X=$HTTP_PROXY", {"HTTP_PROXY": "http://p"}, {"X": ""}),
    ],
)
def test_each_scope_sees_its_own_values(draw, dockerfile, build_args, env):
    """An ARG holds from its line on, in its stage and in those built on it; what comes before FROM is for FROM."""
    assert draw(dockerfile + "\n", build_args=build_args).env == env


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TARGETPLATFORM", "linux/arm/v7"),
        ("TARGETOS", "linux"),
        ("TARGETARCH", "arm"),
        ("TARGETVARIANT", "v7"),
        ("TARGETOSVERSION", ""),
        ("BUILDPLATFORM", "linux/amd64"),
        ("BUILDOS", "linux"),
        ("BUILDARCH", "amd64"),
        ("BUILDVARIANT", ""),
        ("TARGETSTAGE", "last"),
    ],
)
def test_platforms_are_arguments_of_every_dockerfile(draw, name, value):
    """The automatic arguments are there for FROM, and in a stage once it declares them; build arguments win."""
    lines = ("ARG X=$IT", "FROM scratch AS last", "ARG X", "ENV BEFORE=$IT", "ARG IT", "ENV AFTER=$IT GLOBAL=$X")
    text = "\n".join(lines).replace("IT", name)
    assert draw(text, platforms="linux/arm/v7").env == {"BEFORE": "", "AFTER": value, "GLOBAL": value}
    assert draw(text, build_args={name: "mine"}).env["AFTER"] == "mine"


def test_the_target_stage_is_default_without_a_name(draw):
    """TARGETSTAGE is the name of the target, or `default` where it has none."""
    text = "FROM scratch AS a\nARG TARGETSTAGE\nENV X=$TARGETSTAGE\nFROM a\n"
    assert draw(text).env == {"X": "default"}
    assert draw(text, target="a").env == {"X": "a"}


@pytest.mark.parametrize("dockerfile", ["ARG A=${B:?no}\nFROM scratch\n", "FROM scratch\nARG A=${B:?no}\n"])
def test_a_default_that_cannot_be_expanded_is_an_error_at_its_line(draw, dockerfile):
    """The message of `:?` comes with file and line."""
    with pytest.raises(DockerfileError, match=r"Dockerfile:[12]: B: no") as caught:
        _ = draw(dockerfile).plan
    assert not isinstance(caught.value, ExpansionError)


def test_a_build_argument_that_nothing_declares_is_told(draw):
    """An unused build argument is a warning with its name, unless it has a meaning without ARG."""
    known = {"HTTP_PROXY": "", "no_proxy": "", "TARGETARCH": "", "BUILDKIT_INLINE_CACHE": "", "GLOBAL": "", "STAGE": ""}
    unknown = {"TYPO": "", "BUILD_NUMBER": "", "TARGET_HOST": ""}
    drawing = draw("ARG GLOBAL\nFROM scratch\nARG STAGE\n", build_args=known | unknown)
    assert [warning.problem.split()[3] for warning in drawing.plan.warnings] == sorted(unknown)


def test_history_shows_arguments_with_their_values(draw):
    """An ARG is written with what it came to; one without a value is written alone."""
    lines = draw("FROM scratch\nARG A=1 B\nARG C\n", build_args={"C": "x y"}).target.history
    assert [line.created_by for line in lines] == ["ARG A=1 B", "ARG C=x y"]
