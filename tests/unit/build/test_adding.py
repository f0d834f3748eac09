"""ADD: archives become the files in them, everything else is copied."""

from __future__ import annotations

import io
import tarfile

import pytest

from tagboat.errors import DockerfileError, TagboatError
from tagboat.layers.changes import Kind


def tar(*members: tuple[str, bytes, dict]) -> bytes:
    """Return a tar of (name, type, further fields); files hold their own names."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, kind, fields in members:
            member = tarfile.TarInfo(name)
            member.type, member.mode, member.uid, member.gid = kind, 0o640, 5, 6
            for field, value in fields.items():
                setattr(member, field, value)
            member.size = len(name) if kind == tarfile.REGTYPE else 0
            archive.addfile(member, io.BytesIO(name.encode()) if member.size else None)
    return buffer.getvalue()


ARCHIVE = tar(
    ("./", tarfile.DIRTYPE, {"mode": 0o700}),
    ("d", tarfile.DIRTYPE, {"mode": 0o750}),
    ("d/f", tarfile.REGTYPE, {}),
    ("d/again", tarfile.LNKTYPE, {"linkname": "d/f"}),
    ("link", tarfile.SYMTYPE, {"linkname": "d"}),
    ("link/below", tarfile.REGTYPE, {}),
)


def test_an_archive_becomes_the_files_in_it(workshop):
    """The destination is a folder, owners and modes are the archive's, links hold and are followed."""
    workshop.files({"a.tar": ARCHIVE})
    image = workshop.build("FROM scratch\nADD a.tar /o\n")
    assert image.paths() == ["o", "o/d", "o/d/again", "o/d/below", "o/d/f", "o/link"]
    assert (image.owner("o"), image.mode("o")) == ((0, 0), 0o755)
    assert (image.owner("o/d"), image.mode("o/d")) == ((5, 6), 0o750)
    assert image.entry("o/d/again").link_group == image.entry("o/d/f").link_group is not None
    assert image.text("o/d/f") == "d/f"


def test_only_chown_changes_what_is_unpacked(workshop):
    """--chown says whose the files are; --chmod is for what is copied."""
    workshop.files({"a.tar": ARCHIVE})
    image = workshop.build("FROM scratch\nADD --chown=1:2 --chmod=777 a.tar /o/\n")
    assert (image.owner("o/d/f"), image.mode("o/d/f")) == ((1, 2), 0o640)


def test_what_is_in_the_way_is_replaced(workshop):
    """As tar does it: a folder takes the archive's mode and keeps what is in it, anything else gives way."""
    workshop.files({"a.tar": ARCHIVE, "c/d/f/x": "1", "c/d/kept": "2", "c/link/x": "3"})
    image = workshop.build("FROM scratch\nCOPY c /o/\nADD a.tar /o/\n")
    assert image.paths() == ["o", "o/d", "o/d/again", "o/d/below", "o/d/f", "o/d/kept", "o/link"]
    assert (image.mode("o/d"), image.entry("o/link").kind) == (0o750, Kind.SYMLINK)


@pytest.mark.parametrize(
    ("line", "paths"),
    [
        ("ADD --unpack=false a.tar /o/", ["o", "o/a.tar"]),
        ("ADD f.txt /o/", ["o", "o/f.txt"]),
        ("ADD s /o/", ["o", "o/b.tar"]),
        ("ADD *.tar f.txt /o/", ["o", "o/d", "o/d/again", "o/d/below", "o/d/f", "o/f.txt", "o/link"]),
        ("COPY a.tar /o/", ["o", "o/a.tar"]),
    ],
)
def test_only_a_file_that_is_named_is_unpacked(workshop, line, paths):
    """Files in a folder, files of other kinds, COPY and --unpack=false copy what is there."""
    workshop.files({"a.tar": ARCHIVE, "f.txt": "1", "s/b.tar": ARCHIVE})
    assert workshop.build(f"FROM scratch\n{line}\n").paths() == paths


def test_a_link_out_of_the_image_stays_in_it(workshop):
    """A symlink in an archive is followed inside the root file system: nothing lands outside, or in the host."""
    evil = tar(("up", tarfile.SYMTYPE, {"linkname": "../../../etc"}), ("up/passwd", tarfile.REGTYPE, {}))
    workshop.files({"a.tar": evil})
    assert workshop.build("FROM scratch\nADD a.tar /o/\n").paths() == ["etc", "etc/passwd", "o", "o/up"]


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ((("../x", tarfile.REGTYPE, {}),), "unsafe"),
        ((("a", tarfile.REGTYPE, {}), ("l", tarfile.LNKTYPE, {"linkname": "none"})), "not there"),
        ((("a", tarfile.REGTYPE, {}), (".wh.a", tarfile.REGTYPE, {})), "delete"),
    ],
)
def test_a_harmful_archive_is_an_error_at_its_line(workshop, members, words):
    """The line, the archive's name and what is wrong with it are said."""
    workshop.files({"a.tar": tar(*members)})
    with pytest.raises(DockerfileError, match=words) as caught:
        workshop.build("FROM scratch\nADD a.tar /o/\n")
    assert caught.value.location.line == 2


@pytest.mark.parametrize("source", ["https://example.com/x.tgz", "git@github.com:a/b.git", "ssh://git@h/r.git"])
def test_what_is_far_away_is_not_built_yet(workshop, source):
    """URLs and git repositories are refused with what to do instead."""
    with pytest.raises(TagboatError, match="not built yet"):
        workshop.build(f"FROM scratch\nADD {source} /o/\n")


def test_flags_for_what_is_far_away_are_refused(workshop):
    """A checksum of a local file would be believed and never checked."""
    workshop.files({"f": "1"})
    with pytest.raises(DockerfileError, match="--checksum"):
        workshop.build(f"FROM scratch\nADD --checksum=sha256:{'0' * 64} f /o/\n")
