"""The plan as a whole: platforms and what is asked for."""

from __future__ import annotations

import pytest

from tagboat.oci.platform import Platform


@pytest.mark.parametrize(
    ("first", "platforms", "result"),
    [
        ("FROM scratch", "", ["linux/amd64"]),
        ("FROM b", "", ["linux/amd64"]),
        ("FROM --platform=linux/arm64 b", "", ["linux/arm64"]),
        ("FROM --platform=linux/arm64 b", "linux/amd64", ["linux/amd64"]),
        ("FROM --platform=linux/arm64 b AS one\nFROM one", "", ["linux/arm64"]),
        ("FROM b", "linux/arm64,linux/arm/v6", ["linux/arm64", "linux/arm/v6"]),
        ("FROM scratch", "linux/arm64", ["linux/arm64"]),
    ],
)
def test_an_image_is_of_the_platform_asked_for_else_of_its_base(draw, first, platforms, result):
    """Platforms are those of the request; without one the target's base decides, and for scratch this machine."""
    assert [str(platform.platform) for platform in draw(first + "\n", platforms=platforms).plan.platforms] == result


def test_images_are_asked_for_once_and_in_order(draw):
    """Each image is needed once a platform, in the order of the file, at the line that first names it."""
    text = "FROM b AS x\nFROM a AS y\nCOPY --from=b /f /f\nFROM y\nCOPY --from=c /f /f\nCOPY --from=x /f /f\n"
    assert [name for name, _ in draw(text).needs] == ["b", "a", "c"]


def test_a_plan_is_the_same_each_time(draw):
    """Planning is pure: the same input gives an equal plan."""
    text = "FROM b AS x\nENV A=1\nCOPY . /\nFROM x\nLABEL a=1\n"
    assert draw(text).plan == draw(text).plan


def test_the_base_is_not_changed_by_a_plan(draw):
    """What a stage adds does not reach the configuration that it was given."""
    run = {"Env": ["PATH=/bin"], "Labels": {"a": "1"}, "Volumes": {"/v": {}}}
    drawing = draw("FROM b\nENV A=1\nLABEL b=2\nVOLUME /w\n", runs={"b": run}, labels={"c": "3"})
    assert drawing.run["Labels"] == {"a": "1", "b": "2", "c": "3"}
    assert run == {"Env": ["PATH=/bin"], "Labels": {"a": "1"}, "Volumes": {"/v": {}}}


def test_stages_know_their_platform(draw):
    """A stage has the platform of its own FROM, or that of the stage below it."""
    text = "FROM --platform=$BUILDPLATFORM b AS one\nFROM one AS two\nFROM b\nCOPY --from=two /f /f\n"
    stages = draw(text, platforms="linux/arm64").plan.platforms[0].stages
    assert [stage.platform for stage in stages] == [
        Platform.parse(f"linux/{name}") for name in ("amd64", "amd64", "arm64")
    ]
