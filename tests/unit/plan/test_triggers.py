"""ONBUILD: what a base leaves to those that are built on it."""

from __future__ import annotations

import pytest

from tagboat.errors import DockerfileError

STAGES = "FROM scratch AS p\nONBUILD ENV A=1\nONBUILD COPY f /f\nENV A=0\nFROM p AS q\nENV B=$A\nFROM q\n"


def test_the_triggers_of_a_stage_come_before_what_is_built_on_it(draw):
    """They are read at FROM, see what the base left, and are seen by the lines below."""
    middle = draw(STAGES, target="q")
    assert middle.env == {"A": "1", "B": "1"}
    assert [line.created_by for line in middle.target.history] == ["ENV A=1", "COPY f /f # buildkit", "ENV B=1"]
    assert "OnBuild" not in middle.run


def test_triggers_are_not_handed_on_twice(draw):
    """A stage on a stage on the base with triggers does not run them again."""
    assert draw(STAGES).target.history == ()
    assert draw(STAGES, target="p").run["OnBuild"] == ["ENV A=1", "COPY f /f"]


def test_the_triggers_of_an_image_are_read_too(draw):
    """An image's own triggers run, its Env is seen by them, and they are gone from the result."""
    drawing = draw("FROM b\n", runs={"b": {"OnBuild": ["ENV A=$X"], "Env": ["X=1"]}})
    assert drawing.env == {"X": "1", "A": "1"}
    assert "OnBuild" not in drawing.run


def test_images_that_only_a_trigger_names_are_found(draw):
    """COPY --from in an image's trigger needs one more image, which may be known only after the first."""
    runs = {"b": {"OnBuild": ["COPY --from=tool /t /t"]}}
    assert draw("FROM b\n", runs=runs).needs == [("b", "linux/amd64"), ("tool", "linux/amd64")]


def test_a_trigger_may_name_a_stage_of_the_file(draw):
    """The child's stages are those that a trigger's --from means."""
    runs = {"b": {"OnBuild": ["COPY --from=files /t /t"]}}
    drawing = draw("FROM scratch AS files\nCOPY f /t\nFROM b\n", runs=runs)
    assert [stage.index for stage in drawing.plan.platforms[0].stages] == [0, 1]


def test_an_argument_of_a_trigger_is_one_of_the_file(draw):
    """A build argument that only a trigger declares is used, and no warning is given."""
    runs = {"b": {"OnBuild": ["ARG V", "ENV E=$V"]}}
    drawing = draw("FROM b\n", runs=runs, build_args={"V": "9"})
    assert drawing.env == {"E": "9"}
    assert drawing.plan.warnings == ()


@pytest.mark.parametrize(
    ("trigger", "words"), [("RUN --security=insecure x", "sandbox"), ("COPPY a b", "ONBUILD COPPY a b.*unknown")]
)
def test_what_is_wrong_with_an_images_trigger_is_told_at_from(draw, trigger, words):
    """The base's text is nowhere in the file: the line that brought it in is shown, and the trigger is named."""
    with pytest.raises(DockerfileError, match=f"^Dockerfile:1: .*{words}"):
        _ = draw("FROM b\n", runs={"b": {"OnBuild": [trigger]}}).plan
