"""Where the Dockerfile and the ignore file are looked for."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from fakes.building import write_tree
from tagboat.errors import DockerfileError, InputError
from tagboat.sources import find_dockerfile, read_ignore_rules


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (["Dockerfile"], "Dockerfile"),
        (["Containerfile"], "Containerfile"),
        (["Dockerfile", "Containerfile"], "Dockerfile"),
    ],
)
def test_a_dockerfile_has_two_usual_names(tmp_path, files, found):
    """Dockerfile comes before Containerfile."""
    write_tree(tmp_path, {name: name for name in files})
    assert find_dockerfile(tmp_path, None).text == found.encode()


def test_a_named_file_is_looked_for_in_the_working_folder_then_in_the_context(tmp_path):
    """As for docker build, --file starts from the working folder; the context comes second."""
    write_tree(tmp_path, {"cwd/a": "outer", "context/a": "inner", "context/b": "inner"})
    context = tmp_path / "context"
    with contextlib.chdir(tmp_path / "cwd"):
        assert find_dockerfile(context, Path("a")).text == b"outer"
        assert find_dockerfile(context, Path("b")).text == b"inner"
        assert find_dockerfile(context, tmp_path / "context/a").text == b"inner"


def test_messages_show_the_path_from_the_working_folder(tmp_path):
    """CI annotations want a path below the working folder; others are shown whole."""
    write_tree(tmp_path, {"sub/Dockerfile": ""})
    with contextlib.chdir(tmp_path):
        assert find_dockerfile(Path("sub"), None).shown == "sub/Dockerfile"
    with contextlib.chdir(tmp_path / "sub"):
        assert find_dockerfile(Path(), None).shown == "Dockerfile"
    with contextlib.chdir("/"):
        assert find_dockerfile(tmp_path / "sub", None).shown == str(tmp_path / "sub/Dockerfile").lstrip("/")


@pytest.mark.parametrize("file", [None, Path("none"), Path("folder")])
def test_no_dockerfile_is_an_input_error(tmp_path, file):
    """The error names where it looked and what to write."""
    write_tree(tmp_path, {"folder": None})
    with pytest.raises(InputError) as caught:
        find_dockerfile(tmp_path, file)
    assert str(file or tmp_path) in str(caught.value)
    assert caught.value.hint


def test_the_ignore_file_beside_the_dockerfile_replaces_the_other(tmp_path):
    """`<Dockerfile>.dockerignore` wins wholly over the context's."""
    write_tree(tmp_path, {"c/.dockerignore": "a\n", "d/My": "", "d/My.dockerignore": "b\n"})
    own = read_ignore_rules(tmp_path / "c", tmp_path / "d/My")
    general = read_ignore_rules(tmp_path / "c", tmp_path / "d/Other")
    assert (own.ignored("a"), own.ignored("b")) == (False, True)
    assert (general.ignored("a"), general.ignored("b")) == (True, False)
    assert read_ignore_rules(tmp_path / "d") is None


def test_a_malformed_ignore_file_is_told_with_its_line(tmp_path):
    """A broken pattern is an error at its place in the file."""
    write_tree(tmp_path, {".dockerignore": "ok\n[\n"})
    with pytest.raises(DockerfileError, match=r"\.dockerignore:2: "):
        read_ignore_rules(tmp_path)


def test_an_ignore_file_that_leads_nowhere_is_absent(tmp_path):
    """A dangling link is no ignore file."""
    (tmp_path / ".dockerignore").symlink_to("none")
    assert read_ignore_rules(tmp_path) is None
