"""A stage's file system and the layers that are added to it."""

from __future__ import annotations

import pytest

from fakes.building import file, folder, symlink
from tagboat.build.stage import Changes, StageState
from tagboat.errors import DockerfileError
from tagboat.layers.tree import Tree


def base() -> Tree:
    """Return a small root file system."""
    tree = Tree()
    tree.apply([folder("a", 0o700), folder("a/b", 0o711), file("f")])
    return tree


def unopened(_executor: object) -> None:
    """Fail: none of these stages has a RUN."""
    pytest.fail("the stage is put on disk")


def test_a_layer_holds_changes_after_their_parents():
    """Parents come first and as they are, names in the order of their bytes."""
    changes = Changes(base())
    for path in ("a/b/z", "a/b-", "a/b/c"):
        changes.put(file(path))
    assert [(entry.path, entry.mode) for entry in changes.draft()] == [
        ("a", 0o700),
        ("a/b", 0o711),
        ("a/b/c", 0o644),
        ("a/b/z", 0o644),
        ("a/b-", 0o644),
    ]


def test_only_missing_folders_are_made():
    """Folders that are there stay as they are and make no layer by themselves."""
    changes = Changes(base())
    changes.make_directories("a/b", folder("", 0o1777))
    assert changes.draft() == ()
    changes.make_directories("a/b/c/d", folder("", 0o1777))
    assert [(entry.path, entry.mode) for entry in changes.draft()[2:]] == [("a/b/c", 0o1777), ("a/b/c/d", 0o1777)]


@pytest.mark.parametrize("path", ["f", "f/x", "f/x/y", "l/x"])
def test_nothing_is_made_below_what_is_no_folder(path):
    """A file or link in the way is an error that names it."""
    changes = Changes(base())
    changes.put(symlink("l", "nowhere"))
    with pytest.raises(DockerfileError, match=f"/{path[0]}"):
        changes.make_directories(path, folder(""))


def test_the_base_is_read_when_first_it_is_asked_for():
    """A layer added without a look at the base is in the tree once that is read."""
    read = []

    def load() -> Tree:
        read.append(1)
        return base()

    state = StageState(load=load, open_root=unopened)
    state.add(0, (file("g"),))
    assert read == []
    assert state.tree.get("g") is not None
    state.add(1, (file("h"),))
    assert state.tree.get("h") is not None
    assert (read, sorted(state.drafts)) == ([1], [0, 1])


def test_a_step_that_changes_nothing_has_no_layer():
    """Empty drafts are not kept."""
    state = StageState(load=base, open_root=unopened)
    state.record(0, Changes(state.tree))
    state.add(1, ())
    assert state.drafts == {}


@pytest.mark.parametrize("path", [".wh.a", "a/.wh..wh..opq"])
def test_a_name_that_would_delete_is_refused(path):
    """A file whose name a layer would read as a deletion ends the build."""
    with pytest.raises(DockerfileError, match=r"begins with \.wh\."):
        Changes(base()).put(file(path))
