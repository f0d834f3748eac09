"""Stages, and what names in FROM and COPY --from mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from tagboat.errors import DockerfileError, FaultsError, InputError
from tagboat.flow.plan import ContextFiles, ImageSource, Scratch, StageBase
from tagboat.oci.platform import Platform

STAGES = "FROM scratch AS Base\nFROM base AS mid\nFROM a AS unused\nFROM mid AS last\nCOPY --from=img /f /f\n"


def planned(drawing):
    """Return the indexes of the stages that are built."""
    return [stage.index for stage in drawing.plan.platforms[0].stages]


@pytest.mark.parametrize(
    ("target", "stages", "images"),
    [
        ("", [0, 1, 3], ["img"]),
        ("last", [0, 1, 3], ["img"]),
        ("LAST", [0, 1, 3], ["img"]),
        ("mid", [0, 1], []),
        ("1", [0, 1], []),
        ("unused", [2], ["a"]),
    ],
)
def test_only_what_the_target_needs_is_built_and_fetched(draw, target, stages, images):
    """The target is named or numbered; other stages are neither built nor are their bases fetched."""
    drawing = draw(STAGES, target=target)
    assert planned(drawing) == stages
    assert [name for name, _ in drawing.needs] == images


@pytest.mark.parametrize("target", ["nine", "4", "-1"])
def test_an_unknown_target_is_an_input_error_that_lists_the_stages(draw, target):
    """The error says which stages there are."""
    with pytest.raises(InputError, match="target") as caught:
        _ = draw(STAGES, target=target).plan
    assert "base, mid, unused, last" in caught.value.hint


def test_a_later_stage_of_the_same_name_hides_the_earlier(draw):
    """A name means the last stage of that name above the line."""
    text = "FROM a AS s\nFROM s AS s\nFROM b AS s\nFROM s\n"
    assert draw(text).target.base == StageBase(index=2)
    assert planned(draw(text)) == [2, 3]
    assert planned(draw(text, target="1")) == [0, 1]


@pytest.mark.parametrize(
    ("origin", "found"),
    [
        ("one", StageBase(index=0)),
        ("ONE", StageBase(index=0)),
        ("1", StageBase(index=1)),
        ("files", ContextFiles(name="files")),
        ("docker.io/library/files", ContextFiles(name="files")),
        ("files:latest", ContextFiles(name="files")),
        ("hidden", ContextFiles(name="hidden")),
    ],
)
def test_copy_from_names_stages_and_contexts(draw, origin, found):
    """COPY --from takes a stage by name or number, or a named context, which hides a stage of its name."""
    text = f"FROM scratch AS one\nFROM scratch AS hidden\nFROM scratch\nCOPY --from={origin} /f /f\n"
    (step,) = draw(text, contexts={"files": "dir", "hidden": "dir"}).target.steps
    assert step.origin == found


def test_copy_from_names_images_of_the_target_platform(draw):
    """An image in COPY --from is that of the platform being built, whatever platform the stage has."""
    text = "FROM --platform=$BUILDPLATFORM alpine\nCOPY --from=busybox:1 /f /f\n"
    drawing = draw(text, platforms="linux/arm64")
    assert drawing.needs == [("alpine", "linux/amd64"), ("busybox:1", "linux/arm64")]
    (step,) = drawing.target.steps
    assert isinstance(step.origin, ImageSource)
    assert str(step.origin.reference) == "docker.io/library/busybox:1"


@pytest.mark.parametrize(
    ("origin", "words"),
    [
        ("two", "does not come before"),
        ("three", "does not come before"),
        ("1", "does not come before"),
        ("9", "does not come before"),
        ("$X", "variables"),
        ("UPPER/x", "lower-case"),
    ],
)
def test_copy_from_what_is_not_there_yet_is_an_error_at_its_line(draw, origin, words):
    """Itself, a later stage, a variable and an impossible name are refused with file and line."""
    text = f"FROM scratch AS one\nFROM scratch AS two\nCOPY --from={origin} /f /f\nFROM scratch AS three\n"
    with pytest.raises(DockerfileError, match=rf"Dockerfile:3: .*{words}"):
        _ = draw(text, target="two").plan


@pytest.mark.parametrize(
    ("written", "context"),
    [
        ("alpine", "alpine"),
        ("docker.io/library/alpine", "alpine"),
        ("alpine", "docker.io/library/alpine"),
        ("alpine:latest", "alpine"),
        ("alpine", "alpine:latest"),
        ("alpine:3", "alpine:3"),
        ("index.docker.io/library/alpine:3", "docker.io/library/alpine:3"),
        ("me/app", "docker.io/me/app"),
    ],
)
def test_a_named_context_replaces_an_image(draw, written, context):
    """A context replaces FROM also where one of both spells Docker Hub's prefix or `latest` out."""
    base = draw(f"FROM {written}\n", contexts={context: "oci-layout://some/dir:v1"}).target.base
    assert base == ImageSource(
        name=written, platform=Platform.parse("linux/amd64"), path=Path("some/dir"), selector=":v1"
    )


@pytest.mark.parametrize(("written", "context"), [("alpine:3", "alpine"), ("me/alpine", "alpine"), ("q.io/a", "a")])
def test_a_named_context_replaces_no_other_image(draw, written, context):
    """Another tag, another owner or another registry is another image."""
    base = draw(f"FROM {written}\n", contexts={context: "docker-image://other"}).target.base
    assert str(base.reference).startswith(("docker.io/library/alpine:3", "docker.io/me/alpine:latest", "q.io/a:latest"))


def test_a_named_context_replaces_a_stage(draw):
    """A stage is not built where a context has its name; `scratch` is nobody's name."""
    text = "FROM a AS tool\nCOPY x y\nFROM tool\n"
    drawing = draw(text, contexts={"tool": "docker-image://b", "scratch": "docker-image://c"})
    assert [str(need) for need, _ in drawing.needs] == ["tool"]
    assert planned(drawing) == [1]
    assert draw("FROM scratch\n", contexts={"scratch": "docker-image://c"}).target.base == Scratch()


def test_a_folder_is_no_base(draw):
    """FROM a named context that is a folder is refused with what to write."""
    with pytest.raises(DockerfileError, match=r"Dockerfile:1: .*folder") as caught:
        _ = draw("FROM files\n", contexts={"files": "dir"}).plan
    assert "COPY --from" in caught.value.hint


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("FROM $NONE", "empty"),
        ("FROM UPPER", "lower-case"),
        ("FROM --platform=$NONE a", "platform"),
        ("FROM --platform=linux a", "platform"),
        ("FROM ${A:?say-A}", "say-A"),
    ],
)
def test_a_base_that_means_nothing_is_an_error_at_its_line(draw, line, words):
    """What FROM names is checked after expansion, with file and line."""
    with pytest.raises(DockerfileError, match=rf"Dockerfile:2: .*{words}"):
        _ = draw(f"ARG B\n{line}\n").plan


def test_variables_of_from_are_the_global_ones(draw):
    """FROM sees arguments before the first FROM and the platform's, not those of stages."""
    text = "ARG IMAGE=alpine\nFROM scratch\nARG IMAGE=debian TAG=3\nFROM --platform=$BUILDPLATFORM $IMAGE:${TAG:-9}\n"
    assert draw(text, platforms="linux/arm64").needs == [("alpine:9", "linux/amd64")]
    assert draw(text, build_args={"IMAGE": "b"}).needs == [("b:9", "linux/amd64")]


def test_each_platform_has_its_own_stages(draw):
    """Platforms may stand on different stages by their arguments, and each image is fetched once a platform."""
    text = "FROM a AS base-amd64\nFROM b AS base-arm64\nFROM base-$TARGETARCH\nFROM b AS other\n"
    drawing = draw(text, platforms="linux/amd64,linux/arm64", target="2")
    assert drawing.needs == [("a", "linux/amd64"), ("b", "linux/arm64")]
    assert [[stage.index for stage in platform.stages] for platform in drawing.plan.platforms] == [[0, 2], [1, 2]]


def test_names_that_lead_nowhere_are_reported_together(draw):
    """Every FROM and COPY --from of the stages that are needed is looked at, and all that is wrong said at once."""
    text = "FROM scratch AS a\nCOPY --from=9 /f /\nFROM a\nCOPY --from=$X /f /\nCOPY --from=a /f /\n"
    with pytest.raises(FaultsError) as caught:
        _ = draw(text).plan
    assert [fault.location.line for fault in caught.value.faults] == [2, 4]
