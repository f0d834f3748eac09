"""COPY and ADD."""

from __future__ import annotations

import pytest

from tagboat.dockerfile import parse_dockerfile
from tagboat.dockerfile.instructions import Add, Copy
from tagboat.errors import DockerfileError


def _one(text: str) -> Copy | Add:
    instruction = parse_dockerfile(f"FROM scratch\n{text}\n".encode(), "Dockerfile").stages[0].instructions[0]
    assert isinstance(instruction, Copy | Add)
    return instruction


def test_copy_has_its_flags():
    """Every flag of COPY is kept, as text where variables may stand in it."""
    copy = _one("COPY --from=b --chown=$U:g --chmod=u=rwX --link --parents=false --exclude=*.a --exclude=b a b/ c/")
    assert isinstance(copy, Copy)
    assert (copy.sources, copy.destination, copy.json) == (("a", "b/"), "c/", False)
    assert (copy.from_, copy.chown, copy.chmod) == ("b", "$U:g", "u=rwX")
    assert (copy.link, copy.parents, copy.exclude) == (True, False, ("*.a", "b"))


def test_add_has_its_flags():
    """A flag of ADD that is not given is told from one that is false."""
    add = _one("ADD --checksum=sha256:" + "a" * 64 + " --unpack=false https://example.com/a /b")
    assert isinstance(add, Add)
    assert (add.unpack, add.keep_git_dir, add.checksum[:8]) == (False, None, "sha256:a")
    kept = _one("ADD --keep-git-dir https://example.com/a.git /b")
    assert isinstance(kept, Add)
    assert (kept.unpack, kept.keep_git_dir) == (None, True)


def test_json_holds_names_with_spaces():
    """In a JSON array neither spaces nor << have a meaning."""
    copy = _one('COPY ["a b", "<<c", "d e/"]')
    assert (copy.sources, copy.destination, copy.heredocs, copy.json) == (("a b", "<<c"), "d e/", (), True)


def test_heredocs_stand_beside_paths():
    """Sources may be paths and heredocs, each heredoc with its body."""
    copy = _one("COPY a <<one <<-'two' /d/\n1\none\n\t2\n\ttwo")
    assert copy.sources == ("a",)
    assert [(doc.name, doc.text, doc.expand) for doc in copy.heredocs] == [("one", "1\n", True), ("two", "2\n", False)]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("COPY a", "COPY requires at least two arguments, but only one was provided"),
        ("ADD []", "ADD requires at least two arguments"),
        ("COPY a <<E\nE", "COPY cannot accept a heredoc as a destination"),
        ("COPY <<'a b' /c\na b", "COPY cannot make a file of the heredoc <<a b"),
        ("COPY --chmod=u+q a b", "'u+q' is not a file mode"),
        ("COPY --chwon=a b c", "unknown flag --chwon"),
        ("COPY --checksum=a b c", "unknown flag --checksum"),
        ("ADD --checksum=md5:abc a b", "the checksum md5:abc is not supported"),
        ("ADD --checksum=abcdef a b c", "ADD has one --checksum for several sources"),
    ],
)
def test_a_wrong_copy_is_refused(text: str, problem: str):
    """Wrong sources, destinations and flags are errors at the instruction's line."""
    with pytest.raises(DockerfileError) as caught:
        _one(text)
    assert problem in str(caught.value)
    assert caught.value.location.line == 2


def test_flags_with_variables_wait_for_their_values():
    """A mode that holds a variable is not judged before it is expanded."""
    assert _one("COPY --chmod=$MODE a b").chmod == "$MODE"
