"""ADD: archives become the files in them, everything else is copied."""

from __future__ import annotations

import io
import tarfile

import pytest

from fakes.building import CREATED
from tagboat.build import BuildSettings, CopyTimes
from tagboat.errors import DockerfileError, TagboatError
from tagboat.layers.changes import Kind
from tagboat.oci.digest import Digest
from tagboat.sources import Fetched


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


def server(content: bytes, name: str = "f.txt", modified: int | None = None):
    """Return a function that downloads one content from everywhere, and the list of what it was asked for."""
    asked = []

    def fetch(url, path):
        asked.append(url)
        path.write_bytes(content)
        return Fetched(path=path, name=name, size=len(content), digest=Digest.of(content), modified=modified)

    return fetch, asked


@pytest.mark.parametrize(
    ("line", "paths", "mode", "owner"),
    [
        ("ADD https://h/f.txt /o/", ["o", "o/f.txt"], 0o600, (0, 0)),
        ("ADD https://h/f.txt /o", ["o"], 0o600, (0, 0)),
        ("ADD --chmod=644 --chown=1:2 https://h/f.txt /o", ["o"], 0o644, (1, 2)),
        (f"ADD --checksum={Digest.of(b'hello')} http://h/f.txt /o", ["o"], 0o600, (0, 0)),
    ],
)
def test_a_url_is_downloaded(workshop, line, paths, mode, owner):
    """A download is root's and nobody else can read it, unless the flags say otherwise; a slash keeps its name."""
    fetch, asked = server(b"hello")
    image = workshop.build(f"FROM scratch\n{line}\n", fetch=fetch)
    assert image.paths() == paths
    assert (image.mode(paths[-1]), image.owner(paths[-1]), image.text(paths[-1])) == (mode, owner, "hello")
    assert len(asked) == 1


def test_a_url_is_downloaded_once_for_all_platforms(workshop):
    """What two platforms add is fetched once, so that both get the same."""
    fetch, asked = server(b"hello")
    workshop.build(
        "FROM scratch\nADD https://h/f.txt /o\n",
        fetch=fetch,
        platforms="linux/amd64,linux/arm64",
        platform="linux/arm64",
    )
    assert asked == ["https://h/f.txt"]


@pytest.mark.parametrize(("flag", "paths"), [("", ["o", "o/a.tar"]), ("--unpack ", ["o", "o/d", "o/d/again"])])
def test_a_downloaded_archive_is_unpacked_only_when_asked(workshop, flag, paths):
    """An archive from the web is a file like any other without --unpack."""
    fetch, _ = server(ARCHIVE, "a.tar")
    assert workshop.build(f"FROM scratch\nADD {flag}https://h/a.tar /o/\n", fetch=fetch).paths()[: len(paths)] == paths


def test_a_download_keeps_the_servers_time_when_files_keep_theirs(workshop):
    """With `timestamps: source` Last-Modified is the file's time."""
    fetch, _ = server(b"hello", modified=99)
    settings = BuildSettings(created=CREATED, times=CopyTimes(constant=None))
    image = workshop.build("FROM scratch\nADD https://h/f.txt /o\n", fetch=fetch, settings=settings)
    assert image.entry("o").mtime == 99


def test_another_content_than_the_checksum_says_is_an_error_at_its_line(workshop):
    """What was downloaded does not enter an image when it is not what was meant."""
    fetch, _ = server(b"changed")
    with pytest.raises(DockerfileError, match="its checksum is") as caught:
        workshop.build(f"FROM scratch\nADD --checksum={Digest.of(b'hello')} https://h/f /o\n", fetch=fetch)
    assert caught.value.location.line == 2


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ADD git@github.com:a/b.git /o/", "git repositories is not built yet"),
        ("ADD https://h/r.git /o/", "git repositories is not built yet"),
        ("ADD ftp://h/f /o/", "not built yet"),
        ("ADD --checksum=md5:abc https://h/f /o/", "md5"),
        ("ADD --checksum=sha256:abc https://h/f /o/", "sha256:abc"),
        (f"ADD --checksum=sha256:{'0' * 64} f /o/", "--checksum"),
        (f"ADD --checksum=sha256:{'0' * 64} https://h/f https://h/g /o/", "--checksum"),
        ("ADD --keep-git-dir https://h/f /o/", "--keep-git-dir"),
    ],
)
def test_what_cannot_be_added_is_an_error_before_anything_is_fetched(workshop, line, words):
    """Git repositories, other protocols and flags that would be believed and never checked are refused."""
    workshop.files({"f": "1"})
    fetch, asked = server(b"hello")
    with pytest.raises(TagboatError, match=words):
        workshop.build(f"FROM scratch\n{line}\n", fetch=fetch)
    assert asked == []
