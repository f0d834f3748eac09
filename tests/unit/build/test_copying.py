"""COPY and WORKDIR: what they put where, and what they refuse."""

from __future__ import annotations

import contextlib
import os
import socket
import stat

import pytest

from fakes.building import FILE_TIME, PASSWD, Symlink, file, folder, symlink, write_tree
from tagboat.errors import DockerfileError, FaultsError, MachineError, TagboatError
from tagboat.layers.changes import Kind

TREE = {"f": "1", "g": "2", "d/x": "3", "d/sub/y": "4"}


def refused(workshop, dockerfile: str, **options) -> TagboatError:
    """Return the error of a build that must fail."""
    with pytest.raises(TagboatError) as caught:
        workshop.build(dockerfile, **options)
    return caught.value


@pytest.mark.parametrize(
    ("line", "paths"),
    [
        ("COPY f /o", ["o"]),
        ("COPY f /o/", ["o", "o/f"]),
        ("COPY f /o/p/q", ["o", "o/p", "o/p/q"]),
        ("COPY f /", ["f"]),
        ("COPY f .", ["f"]),
        ("COPY f /o/.", ["o", "o/f"]),
        ("COPY f g /o/", ["o", "o/f", "o/g"]),
        ("COPY /f ../g /o/", ["o", "o/f", "o/g"]),
        ("COPY d /o", ["o", "o/sub", "o/sub/y", "o/x"]),
        ("COPY d /o/", ["o", "o/sub", "o/sub/y", "o/x"]),
        ("COPY d/ /", ["sub", "sub/y", "x"]),
        ("COPY d f /o/", ["o", "o/f", "o/sub", "o/sub/y", "o/x"]),
        ("COPY . /o/", ["o", "o/d", "o/d/sub", "o/d/sub/y", "o/d/x", "o/f", "o/g"]),
        ('COPY ["f", "/with space"]', ["with space"]),
        ("COPY ? /o/", ["o", "o/f", "o/g", "o/sub", "o/sub/y", "o/x"]),
        ("COPY [fg] /o/", ["o", "o/f", "o/g"]),
        ("COPY d/*/y /o", ["o"]),
        ("COPY d/s* /o", ["o", "o/y"]),
        ("COPY none* /o", []),
        ("COPY none/* /o", []),
        ("COPY --parents d/sub/y f /o/", ["o", "o/d", "o/d/sub", "o/d/sub/y", "o/f"]),
        ("COPY --parents ./d/./sub/y /o/", ["o", "o/sub", "o/sub/y"]),
        ("COPY --parents **/y /o/", ["o", "o/d", "o/d/sub", "o/d/sub/y"]),
        ("COPY --parents d/./** /o/", ["o", "o/sub", "o/sub/y", "o/x"]),
        ("COPY --parents none*/** /o/", []),
        ("COPY --exclude=sub d /o/", ["o", "o/x"]),
        ("COPY --exclude=**/y d /o/", ["o", "o/sub", "o/x"]),
        ("COPY --exclude=* --exclude=!sub d /o/", ["o", "o/sub", "o/sub/y"]),
    ],
)
def test_sources_land_where_the_reference_says(workshop, line, paths):
    """Files keep or get their name, folders give their contents, and patterns what they match."""
    workshop.files(TREE)
    image = workshop.build(f"FROM scratch\n{line}\n")
    assert image.paths() == paths
    assert len(image.config.diff_ids) == sum(not entry.get("empty_layer") for entry in image.config.history)


def test_copied_files_are_of_root_and_of_one_time(workshop):
    """What comes from the build context belongs to 0:0 whatever USER says, and has the one time of copied files."""
    workshop.files(TREE)
    image = workshop.build("FROM scratch\nUSER 7\nCOPY d /o/\n")
    assert {(entry.uid, entry.gid, entry.mtime) for layer in image.layers for entry in layer} == {(0, 0, FILE_TIME)}


def test_modes_of_sources_are_kept(workshop):
    """Files and folders below a copied one keep their modes; the destination itself is made 0755."""
    workshop.files(TREE)
    (workshop.context / "d").chmod(0o700)
    (workshop.context / "d/sub").chmod(0o1777)
    (workshop.context / "d/x").chmod(0o4711)
    image = workshop.build("FROM scratch\nCOPY d /o\n")
    assert [image.mode(path) for path in ("o", "o/sub", "o/sub/y", "o/x")] == [0o755, 0o1777, 0o644, 0o4711]


def test_a_folder_over_a_folder_merges_and_its_subfolders_take_the_sources_mode(workshop):
    """Merging keeps what is there, leaves the destination's own mode alone and gives subfolders that of the source."""
    base = workshop.base([folder("o", 0o700, 5, 5), folder("o/sub", 0o711, 5, 5), file("o/sub/old")])
    workshop.files(TREE)
    image = workshop.build("FROM b\nCOPY d /o\n", contexts={"b": base})
    assert image.paths("o") == ["sub", "sub/old", "sub/y", "x"]
    assert (image.mode("o"), image.owner("o")) == (0o700, (5, 5))
    assert (image.mode("o/sub"), image.owner("o/sub")) == (0o755, (0, 0))


def test_parents_that_a_layer_carries_are_those_of_the_base(workshop):
    """A layer repeats the parents of what it changes with mode and owner of the base, such as /tmp with 1777."""
    base = workshop.base([folder("tmp", 0o1777), folder("home", 0o750, 3, 4)])
    workshop.files(TREE)
    image = workshop.build("FROM b\nCOPY f /tmp/f\nCOPY f /home/f\n", contexts={"b": base})
    assert [entry.path for entry in image.layers[1]] == ["tmp", "tmp/f"]
    assert (image.mode("tmp"), image.mode("home"), image.owner("home")) == (0o1777, 0o750, (3, 4))


@pytest.mark.parametrize(
    ("link", "destination", "place"),
    [
        ("real", "/l/", "real/f"),
        ("/real", "/l", "real/f"),
        ("../../real", "/l/new/f", "real/new/f"),
        ("/nowhere", "/l", "nowhere"),
        ("loop/../../../real", "/l/", "real/f"),
    ],
)
def test_symlinks_of_the_destination_are_followed_inside_the_image(workshop, link, destination, place):
    """A destination leads through the image's symlinks, never out of it, also where they dangle."""
    base = workshop.base([folder("real"), symlink("l", link)])
    workshop.files(TREE)
    image = workshop.build(f"FROM b\nCOPY f {destination}\n", contexts={"b": base})
    assert image.text(place) == "1"
    assert image.entry("l").kind is Kind.SYMLINK


def test_a_file_replaces_a_symlink_inside_a_destination_folder(workshop):
    """A symlink that a copied file meets in the folder is replaced, and what it led to stays."""
    base = workshop.base([file("etc/keep", "old"), folder("o"), symlink("o/f", "/etc/keep"), file("o/g", "old")])
    workshop.files(TREE)
    image = workshop.build("FROM b\nCOPY f g /o/\n", contexts={"b": base})
    assert (image.text("o/f"), image.text("o/g"), image.text("etc/keep")) == ("1", "2", "old")


def test_a_named_symlink_is_followed_and_one_in_a_folder_is_kept(workshop):
    """COPY of a symlink copies what it leads to inside the context, COPY of a folder keeps the links in it."""
    workshop.files({**TREE, "l": Symlink("/d/x"), "d/up": Symlink("../../f"), "dl": Symlink("d")})
    image = workshop.build("FROM scratch\nCOPY l /o/\nCOPY d /p/\nCOPY dl /q/\nCOPY dl/x /r\nCOPY l* /s/\n")
    assert image.text("o/l") == image.text("q/x") == image.text("r") == "3"
    assert image.entry("p/up").target == image.entry("q/up").target == "../../f"
    assert image.entry("s/l").target == "/d/x"


@pytest.mark.parametrize(
    "line",
    [
        "COPY o*/secret /o/",
        "COPY --parents out/**/secret /o/",
        "COPY --parents out/*/secret /o/",
        "COPY o*/deep/secret /o/",
        "COPY --parents out/deep/secre* /o/",
    ],
)
def test_patterns_do_not_lead_out_of_the_context(workshop, line):
    """A symlink to somewhere else on this machine gives a pattern nothing to match."""
    outside = write_tree(workshop.place / "outside", {"secret": "s", "deep/secret": "s"})
    workshop.files({**TREE, "out": Symlink(str(outside)), "up/out": Symlink("../../outside")})
    image = workshop.build(f"FROM scratch\n{line}\n")
    assert [path for path in image.paths() if "secret" in path] == []


def test_folders_on_the_way_keep_their_modes(workshop):
    """--parents gives the folders that it makes the modes of the source, also behind a symlink and a pivot."""
    workshop.files({"top/real/in/f": "1", "top/long-name-of-a-link": Symlink("real")})
    (workshop.context / "top/real").chmod(0o711)
    (workshop.context / "top/real/in").chmod(0o700)
    line = "COPY --parents top/./long-name-of-a-link/in/f top/real/in/f /o/"
    image = workshop.build(f"FROM scratch\n{line}\n")
    assert (image.mode("o/long-name-of-a-link"), image.mode("o/long-name-of-a-link/in")) == (0o711, 0o700)
    assert [image.mode(path) for path in ("o/top", "o/top/real", "o/top/real/in")] == [0o755, 0o711, 0o700]


def test_an_ignored_symlink_leads_nowhere(workshop):
    """What .dockerignore leaves out is not there, also as a way to something else."""
    workshop.files({"real/f": "1", "l": Symlink("real"), ".dockerignore": "l\n"})
    assert ".dockerignore leaves it out" in str(refused(workshop, "FROM scratch\nCOPY l/f /o\n"))


@pytest.mark.parametrize(
    "line", ["COPY out/secret /o", "COPY up/out/secret /o", "COPY --parents up/./out/secret /o/", "COPY out /o/"]
)
def test_symlinks_do_not_lead_out_of_the_context(workshop, line):
    """A symlink is followed as if the context were the whole file system."""
    outside = write_tree(workshop.place / "outside", {"secret": "s"})
    workshop.files({"out": Symlink(str(outside)), "up/out": Symlink("../../outside")})
    error = refused(workshop, f"FROM scratch\n{line}\n")
    assert "not found" in str(error)
    assert error.exit_code == 4


def test_names_with_wildcard_characters_are_written_in_classes(workshop):
    """`[[]` stands for a bracket in a name."""
    workshop.files({"[a]*": "1", "a": "2"})
    image = workshop.build("FROM scratch\nCOPY [[]a][*] /o\n")
    assert image.text("o") == "1"


def test_unusual_names_pass(workshop):
    """Spaces, line ends and bytes that are not UTF-8 in names and targets come through as they are."""
    names = ["a b", "a\nb", os.fsdecode(b"\xff\xfe"), "ä" * 60, "x" * 255, "-rf", "d/" + "y" * 200]
    workshop.files({"s": None})
    write_tree(workshop.context / "s", dict.fromkeys(names, "1"))
    (workshop.context / "s/link").symlink_to(os.fsdecode(b"\xfd") * 130)
    image = workshop.build("FROM scratch\nCOPY s /\n")
    assert sorted(image.paths()) == sorted([*names, "d", "link"])
    assert image.entry("link").target == os.fsdecode(b"\xfd") * 130


@pytest.mark.parametrize(
    ("chown", "owner"),
    [
        ("7", (7, 7)),
        ("7:8", (7, 8)),
        ("app", (1000, 1001)),
        ("app:staff", (1000, 50)),
        ("9:staff", (9, 50)),
        ("app:0", (1000, 0)),
        (":staff", (0, 50)),
        ("$WHO", (1000, 1001)),
    ],
)
def test_chown_takes_numbers_and_names_of_the_image(workshop, chown, owner):
    """A user's number alone is the group's too, a name brings its group; folders made on the way belong to it too."""
    workshop.files(TREE)
    line = f"COPY --chown={chown} d /srv/o/"
    image = workshop.build(f"FROM b\nENV WHO=app\n{line}\n", contexts={"b": workshop.base(PASSWD)})
    assert {image.owner(path) for path in ("srv", "srv/o", "srv/o/x", "srv/o/sub/y")} == {owner}


@pytest.mark.parametrize("chown", ["nobody", "app:nobody", "4294967295", "7:99999999999"])
def test_an_owner_that_the_image_does_not_know_is_an_error(workshop, chown):
    """An unknown name or an impossible number fails at its line: the file is never root's instead."""
    workshop.files(TREE)
    error = refused(workshop, f"FROM b\nCOPY --chown={chown} f /o\n", contexts={"b": workshop.base(PASSWD)})
    assert isinstance(error, DockerfileError)
    assert str(error).startswith("Dockerfile:2: ")


@pytest.mark.parametrize(
    ("chmod", "modes"),
    [
        ("600", [0o600, 0o600, 0o600]),
        ("4755", [0o4755, 0o4755, 0o4755]),
        ("u=rwX,go=rX", [0o755, 0o755, 0o644]),
        ("+x", [0o755, 0o755, 0o755]),
        ("go-r", [0o755, 0o711, 0o600]),
        ("$MODE", [0o640, 0o640, 0o640]),
    ],
)
def test_chmod_goes_for_files_and_folders(workshop, chmod, modes):
    """An octal mode is everybody's, also of the folder made; a symbolic one starts from each one's own mode."""
    workshop.files(TREE)
    image = workshop.build(f"FROM scratch\nARG MODE=0640\nCOPY --chmod={chmod} d /o\n")
    assert [image.mode(path) for path in ("o", "o/sub", "o/x")] == modes


def test_chmod_leaves_symlinks_alone(workshop):
    """A symlink has no mode to change."""
    workshop.files({"d/l": Symlink("x"), "d/x": ""})
    image = workshop.build("FROM scratch\nCOPY --chmod=600 d /o\n")
    assert (image.mode("o/l"), image.mode("o/x")) == (0o777, 0o600)


@pytest.mark.parametrize("chmod", ["9", "10000", "rwx", "$NONE"])
def test_a_mode_that_is_none_is_an_error_at_its_line(workshop, chmod):
    """What --chmod cannot read fails with file and line; unset variables leave the mode alone."""
    workshop.files(TREE)
    dockerfile = f"FROM scratch\nCOPY --chmod={chmod} f /o\n"
    if chmod == "$NONE":
        assert workshop.build(dockerfile).mode("o") == 0o644
        return
    error = refused(workshop, dockerfile)
    assert error.location is not None
    assert error.location.line == 2


def test_link_copies_without_a_look_at_the_image_below(workshop):
    """COPY --link makes a layer of its own: symlinks of the base are not followed, WORKDIR still counts."""
    base = workshop.base([folder("real"), symlink("l", "real")], run={"WorkingDir": "/w"})
    workshop.files(TREE)
    image = workshop.build("FROM b\nCOPY --link f /l/\nCOPY --link g ./\nCOPY f /z\n", contexts={"b": base})
    assert [entry.path for entry in image.layers[1]] == ["l", "l/f"]
    assert [entry.path for entry in image.layers[2]] == ["w", "w/g"]
    assert image.paths() == ["l", "l/f", "real", "w", "w/g", "z"]


def test_heredocs_become_files(workshop):
    """A heredoc is a file of 0644 by its name; its body is expanded unless the word is quoted."""
    image = workshop.build(
        "FROM scratch\nENV WHO=you\nCOPY <<one <<'two' /o/\n$WHO \"q\"\none\n$WHO\ntwo\n"
        "COPY --chmod=755 --chown=3 <<-EOF /s\n\t#!/bin/sh\n\techo $WHO\n\tEOF\n"
    )
    assert (image.text("o/one"), image.text("o/two")) == ('you "q"\n', "$WHO\n")
    assert (image.text("s"), image.mode("s"), image.owner("s")) == ("#!/bin/sh\necho you\n", 0o755, (3, 3))
    assert image.mode("o/one") == 0o644


def test_heredocs_come_after_the_other_sources(workshop):
    """Where a heredoc and a file meet at one path the heredoc stays, whatever their order on the line."""
    workshop.files({"one": "file"})
    image = workshop.build("FROM scratch\nCOPY <<one one /o/\nheredoc\none\n")
    assert (image.text("o/one"), image.history) == ("heredoc\n", ["COPY one <<one /o/ # buildkit"])


def test_hard_links_hold_within_one_source(workshop):
    """Names of one file stay one file in the image when one source brings them, and are apart otherwise."""
    workshop.files({"d/a": "long" * 100})
    os.link(workshop.context / "d/a", workshop.context / "d/b")
    image = workshop.build("FROM scratch AS one\nCOPY d /o/\nFROM scratch\nCOPY d/a d/b /p/\nCOPY --from=one / /q/\n")
    groups = {path: image.entry(path).link_group for path in ("p/a", "p/b", "q/o/a", "q/o/b")}
    assert groups["q/o/a"] is not None
    assert groups["q/o/a"] == groups["q/o/b"]
    assert groups["p/a"] is None or groups["p/a"] != groups["p/b"]
    assert image.text("q/o/b") == "long" * 100


def test_special_files_are_made_anew_and_sockets_are_not(workshop):
    """A FIFO is copied as one; what a layer cannot hold is left out."""
    workshop.files({"d/x": ""})
    os.mkfifo(workshop.context / "d/fifo")
    with socket.socket(socket.AF_UNIX) as server, contextlib.chdir(workshop.context):  # a socket's path is short
        server.bind("d/sock")
    image = workshop.build("FROM scratch\nCOPY d /\n")
    assert image.paths() == ["fifo", "x"]
    assert image.entry("fifo").kind is Kind.FIFO


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("COPY f /d", ["cannot", "/d/f", "folder"]),
        ("COPY s /d", ["cannot", "/d/f", "file"]),
        ("COPY d /file", ["/file", "folder"]),
        ("COPY f /file/", ["/file", "folder"]),
        ("COPY f /file/below/it", ["/file", "folder"]),
        ("COPY f g /file", ["2 sources", "/file"]),
        ("COPY --parents d/x /file/", ["/file"]),
        ("COPY --parents d/x /file/below/", ["/file"]),
        ("WORKDIR /file", ["/file", "folder"]),
        ("WORKDIR /file/below", ["/file", "folder"]),
        ("COPY f /loop/x", ["loop"]),
        ("COPY loop /o", ["loop"]),
        ("COPY f[ /o", ["f["]),
        ("COPY --exclude=[ d /o", ["["]),
        ("COPY none /o", ["none", "not found", "build context"]),
        ("COPY d/none f/x /o/", ["d/none"]),
    ],
)
def test_what_cannot_be_copied_is_a_dockerfile_error_at_its_line(workshop, line, words):
    """Every reason not to copy names what is in the way, with file and line."""
    base = workshop.base([folder("d/f"), file("d/x"), file("file"), symlink("loop", "loop")])
    workshop.files({**TREE, "s/x/file": "", "s/f": "", "loop": Symlink("loop")})
    error = refused(workshop, f"FROM b\n\n{line}\n", contexts={"b": base})
    faults = error.faults if isinstance(error, FaultsError) else (error,)
    assert error.exit_code == 4
    assert all(str(fault).startswith("Dockerfile:3: ") for fault in faults)
    assert all(word in str(faults[0]) for word in words), str(error)


def test_all_missing_sources_are_told_at_once(workshop):
    """Missing sources of all lines and stages are reported together, each once, with .dockerignore in the hint."""
    workshop.files({**TREE, ".dockerignore": "g\n"})
    error = refused(
        workshop,
        "FROM scratch AS a\nCOPY one two /o/\nFROM scratch\nCOPY g /o\nCOPY --from=a /x /x\n",
        platforms="linux/amd64,linux/arm64",
    )
    assert isinstance(error, FaultsError)
    assert [str(fault).split(":")[1] for fault in error.faults] == ["2", "2", "4"]
    assert all(".dockerignore" in fault.hint for fault in error.faults)


def test_a_source_that_a_stage_lacks_names_the_stage(workshop):
    """COPY --from says where it looked, and that WORKDIR means nothing there."""
    workshop.files(TREE)
    error = refused(workshop, "FROM scratch AS tool\nWORKDIR /w\nCOPY f f\nFROM scratch\nCOPY --from=tool f /o\n")
    assert str(error).startswith("Dockerfile:5: ")
    assert "stage" in str(error)
    assert "WORKDIR" in error.hint


def test_ignored_folders_are_walked_for_what_a_pattern_takes_back(workshop):
    """`!` patterns take files back from ignored folders, whose parents then show with their own modes."""
    workshop.files(dict.fromkeys(["keep/this/f", "keep/that/f", "a.md", "b"], ""))
    workshop.files({".dockerignore": "*\n!keep/this\n!*.md\n"})
    (workshop.context / "keep").chmod(0o711)
    image = workshop.build("FROM scratch\nCOPY . /\n")
    assert image.paths() == ["a.md", "keep", "keep/this", "keep/this/f"]
    assert image.mode("keep") == 0o711


def test_workdir_belongs_to_the_user_of_that_moment(workshop):
    """WORKDIR makes what is missing as the current user, by name too, and leaves what is there."""
    base = workshop.base([*PASSWD, folder("old", 0o700, 9, 9)])
    lines = "WORKDIR /r\nUSER app\nWORKDIR /a/b\nWORKDIR c\nWORKDIR /old\nUSER 5:6\nWORKDIR n\n"
    image = workshop.build(f"FROM b\n{lines}", contexts={"b": base})
    owners = {path: image.owner(path) for path in ("r", "a", "a/b", "a/b/c", "old", "old/n")}
    app = (1000, 1001)
    assert owners == {"r": (0, 0), "a": app, "a/b": app, "a/b/c": app, "old": (9, 9), "old/n": (5, 6)}
    assert image.run["WorkingDir"] == "/old/n"


def test_workdir_follows_symlinks_of_the_image(workshop):
    """A working folder behind a symlink is made where the link leads, inside the image."""
    base = workshop.base([symlink("l", "../../real")])
    image = workshop.build("FROM b\nWORKDIR /l/w\n", contexts={"b": base})
    assert (image.entry("real/w").kind, image.run["WorkingDir"]) == (Kind.DIRECTORY, "/l/w")


@pytest.mark.parametrize("name", ["d/closed", "f"])
def test_what_may_not_be_read_is_an_error_that_names_it(workshop, name):
    """A file or folder without permission stops the build with its path, and no layout appears."""
    workshop.files({**TREE, "d/closed/z": ""})
    (workshop.context / name).chmod(0)
    me = os.geteuid()
    reachable = [workshop.place, *list(workshop.place.parents)[:-1]]
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in reachable}
    if me == 0:
        for path in reachable:
            path.chmod(modes[path] | 0o711)
        os.chown(workshop.place, 65534, 65534)
        os.seteuid(65534)
    try:
        with pytest.raises((DockerfileError, MachineError)) as caught:
            workshop.build("FROM scratch\nCOPY . /\n")
    finally:
        if me == 0:
            os.seteuid(0)
            for path in reachable:
                path.chmod(modes[path])
        (workshop.context / name).chmod(0o755)
    assert name in str(caught.value)
    assert "denied" in str(caught.value)
    assert not (workshop.place / "layout-0").exists()


def test_a_source_that_the_ignore_file_leaves_out_is_said_to_be(workshop):
    """Somebody who sees the file on disk is told why it is not there, and how to take it back."""
    workshop.files({"d/f": "1", ".dockerignore": "d\n"})
    error = refused(workshop, "FROM scratch\nCOPY d/f /\n")
    assert ".dockerignore leaves it out" in error.problem
    assert "!d/f" in error.hint
