"""What is said of a plan before any of it is done."""

from __future__ import annotations

import pytest

from fakes.building import write_tree
from tagboat.build import check_sources, doubtful_sources, find_run_steps
from tagboat.errors import DockerfileError, FaultsError
from tagboat.oci.platform import Platform
from tagboat.sources import DirectoryTree, read_ignore_rules


@pytest.fixture
def contexts(workshop):
    """Return the build context as a plan's check is given it."""
    return lambda: {"": DirectoryTree(str(workshop.context), read_ignore_rules(workshop.context))}


def test_a_plan_whose_sources_are_there_is_good(workshop, contexts):
    """Files and folders that are named and there are no fault, whatever stages and images hold."""
    workshop.files({"a": "a", "folder/b": "b"})
    plan = workshop.plan(
        "FROM scratch AS one\nCOPY a /\nRUN --mount=target=/t,source=folder true\n"
        "FROM scratch\nCOPY --from=one /unknown /\nRUN --mount=from=one,source=unknown,target=/t true\n"
    )
    check_sources(plan, contexts())


def test_all_missing_sources_are_told_together(workshop, contexts):
    """Each file of the context that is not there is told with its line, in their order."""
    plan = workshop.plan(
        "FROM scratch\nCOPY none /\nRUN --mount=target=/t,source=nothing true\n"
        "RUN --mount=type=cache,target=/c --mount=target=/t,source=../up/nil true\n"
    )
    with pytest.raises(FaultsError) as caught:
        check_sources(plan, contexts())
    assert [(fault.location.line, type(fault)) for fault in caught.value.faults] == [
        (2, DockerfileError),
        (3, DockerfileError),
        (4, DockerfileError),
    ]
    assert "RUN --mount source=nothing: not found in the build context" in str(caught.value)


def test_a_fault_is_told_once_for_all_platforms(workshop, contexts):
    """What lacks for one platform lacks for the others too."""
    plan = workshop.plan("FROM scratch\nCOPY none /\n", platforms="linux/amd64,linux/arm64")
    with pytest.raises(DockerfileError, match="none"):
        check_sources(plan, contexts())


def test_a_mount_of_a_folder_left_out_is_missing(workshop, contexts):
    """What .dockerignore leaves out is not there for a mount either."""
    workshop.files({".dockerignore": "secret\n", "secret/key": "k"})
    plan = workshop.plan("FROM scratch\nRUN --mount=target=/t,source=secret true\n")
    with pytest.raises(DockerfileError, match="RUN --mount source=secret") as caught:
        check_sources(plan, contexts())
    assert ".dockerignore" in caught.value.hint


def test_a_mount_behind_a_symlink_is_there(workshop, contexts, tmp_path):
    """A source is where the context's links lead."""
    write_tree(workshop.context, {"real/file": "x"})
    (workshop.context / "link").symlink_to("real")
    check_sources(workshop.plan("FROM scratch\nRUN --mount=target=/t,source=link/file true\n"), contexts())


@pytest.mark.parametrize("source", [".", "./", "/"])
def test_gits_own_folder_in_an_image_is_doubtful(workshop, contexts, source):
    """COPY of a whole context that holds .git is warned of; with .dockerignore, or of a part, it is not."""
    workshop.files({".git/config": "", "a": "a"})
    (warning,) = doubtful_sources(workshop.plan(f"FROM scratch\nCOPY {source} /\n"), contexts())
    assert (warning.location.line, ".git" in warning.problem) == (2, True)
    assert doubtful_sources(workshop.plan("FROM scratch\nCOPY a /\n"), contexts()) == []
    workshop.files({".dockerignore": ".git\n"})
    assert doubtful_sources(workshop.plan(f"FROM scratch\nCOPY {source} /\n"), contexts()) == []


def test_the_first_run_of_each_platform_is_found(workshop):
    """Platforms with RUN are those of the stages that run something, not those of the image."""
    text = (
        "FROM --platform=$BUILDPLATFORM scratch AS build\nCOPY . /\nRUN one\nRUN two\n"
        "FROM scratch\nCOPY --from=build / /\n"
    )
    found = find_run_steps(workshop.plan(text, platforms="linux/arm64"))
    assert {str(platform): step.location.line for platform, step in found.items()} == {"linux/amd64": 3}
    both = find_run_steps(workshop.plan("FROM scratch\nRUN one\n", platforms="linux/arm64,linux/amd64"))
    assert set(both) == {Platform.parse("linux/arm64"), Platform.parse("linux/amd64")}
    assert find_run_steps(workshop.plan("FROM scratch\nCOPY . /\n")) == {}
