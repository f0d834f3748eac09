"""RUN in every place where jobs run: what installs software makes the same files there, and as buildah makes them."""

from __future__ import annotations

import hashlib
import shutil

import pytest

from fakes.containers import Place
from tagboat.layers.changes import Kind
from tagboat.layers.extract import read_layer
from tagboat.layers.tree import Tree
from tagboat.layout.reader import open_layout
from tagboat.layout.validate import validate_layout

AMD64 = ("--platforms", "linux/amd64")

# What the log says for each place; None is this machine's own root, outside of any container.
SAID = {
    None: "RUN: overlay, as root",
    Place.DOCKER: "RUN: chroot",
    Place.UNFILTERED: "RUN: overlay, in a user namespace (all)",
    Place.PERSON: "RUN: overlay, in a user namespace (all)",
}
PLACES = [pytest.param(place, id=str(place or "root")) for place in SAID]

CONTROL = """Package: tagged
Version: 1.0
Architecture: all
Maintainer: Ann <ann@example.org>
Description: a package with scripts
"""
# Maintainer scripts make users, give files away and set what a tar archive cannot hold. setxattr(2) is call 188.
POSTINST = """#!/bin/sh
set -e
adduser --system --group --no-create-home --home /nonexistent --quiet tagged
chown tagged:tagged /usr/lib/tagged/owned
perl -e 'my ($path, $name) = ("/usr/lib/tagged/capable", "security.capability");
  my $value = pack("H*", "0100000200040000000000000000000000000000");
  syscall(188, $path, $name, $value, 20, 0) == 0 or die $!'
"""
PRERM = "#!/bin/sh\nexit 0\n"

DOCKERFILE = r"""ARG BASE=debian
FROM ${BASE}
# shadow writes the day into /etc/shadow, and a test may run over midnight
ENV SOURCE_DATE_EPOCH=1700000000
COPY tagged.deb /tmp/
RUN dpkg -i /tmp/tagged.deb && rm /tmp/tagged.deb
RUN useradd --uid 2000 --create-home ann && adduser --system --uid 150 --no-create-home --quiet worker
RUN mkdir -p /srv/a/b && echo one >/srv/a/b/one && chown -R 33:44 /srv/a && chmod 2750 /srv/a && chmod 4711 /srv/a/b/one
RUN rm -r /usr/share/perl5 /etc/motd && mkdir /usr/share/perl5 && echo new >/usr/share/perl5/new
RUN ln /srv/a/b/one /srv/hard && ln -s a/b/one /srv/soft && mkfifo /srv/fifo && cp -a /etc/passwd /srv/copied
USER ann
WORKDIR /home/ann
RUN umask 077; id -un >who && pwd >where
USER root
RUN mv /srv/copied /srv/moved && rm /usr/bin/[ && chmod 700 /opt
"""

# Files that tell the time or the number of a file on the disk, and those that buildah leaves where it mounted some.
UNLIKE = (
    "var/log/",
    "var/cache/ldconfig/",
    "var/lib/dpkg/status-old",
    "etc/hostname",
    "etc/hosts",
    "etc/resolv.conf",
    "run/",
)


@pytest.fixture
def app(tagboat, write, program, debian):
    """Return a context that installs a package, and beside it a copy of the base that everybody can read."""
    package = write(
        tagboat.cwd / "package",
        {"DEBIAN/control": CONTROL, "DEBIAN/postinst": POSTINST, "DEBIAN/prerm": PRERM},
    )
    for name in ("owned", "capable", "setuid", "plain"):
        write(package, {f"usr/lib/tagged/{name}": "#!/bin/sh\n"})
    (package / "usr/lib/tagged/setuid").chmod(0o4755)
    write(tagboat.cwd / "app", {"Dockerfile": DOCKERFILE})
    program("dpkg-deb")("--root-owner-group", "-Zgzip", "--build", package, tagboat.cwd / "app" / "tagged.deb")
    shutil.copytree(debian, tagboat.cwd / "debian")
    return tagboat.cwd / "app"


@pytest.fixture
def build(tagboat, job):
    """Build a folder on the base that lies beside it, in a place; return what the process left."""

    def run_build(place, context, output, *words, **env):
        prefix = job(place).prefix(tagboat.cwd) if place else ()
        base = ("--build-contexts", f"debian=oci-layout://{tagboat.cwd / 'debian'}")
        return tagboat("build", context, *AMD64, *base, "--output", output, *words, prefix=prefix, **env)

    return run_build


def files_of(place, spool) -> dict[str, tuple]:
    """Return all that an image holds by path, times aside; names of hard links are with what they link."""
    layout, tree = open_layout(place), Tree()
    for number, layer in enumerate(layout.manifest(layout.select()).layers):
        with layout.open_blob(layer) as stream:
            tree.apply(list(read_layer(stream, layer.media_type, spool / f"{place.name}-{number}")))
    found = {}
    for entry in tree.walk():
        if not entry.path.startswith(UNLIKE):
            content = ""
            if entry.kind is Kind.FILE and entry.content:
                with entry.content.open() as stream:
                    content = hashlib.file_digest(stream, "sha256").hexdigest()
            mode = 0 if entry.kind is Kind.SYMLINK else entry.mode
            xattrs = tuple(sorted((entry.xattrs or {}).items()))
            found[entry.path] = (entry.kind, mode, entry.uid, entry.gid, entry.target, content, xattrs)
    return found


def unlike(one: dict[str, tuple], other: dict[str, tuple]) -> dict[str, tuple]:
    """Return the paths that two images do not have alike, with what each has."""
    paths = sorted(one.keys() | other.keys())
    return {path: (one.get(path), other.get(path)) for path in paths if one.get(path) != other.get(path)}


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_packages_users_and_rights(place, app, build, tagboat, tmp_path):
    """A package with scripts, users, owners, modes, capabilities and deletions come out as they were made."""
    done = build(place, app, "out")
    files = files_of(tagboat.cwd / "out", tmp_path)
    passwd = {line.split(":")[0]: line.split(":")[2:4] for line in text_of(tagboat.cwd / "out", "etc/passwd", tmp_path)}
    tagged = tuple(map(int, passwd["tagged"]))

    assert SAID[place] in done.stderr
    assert validate_layout(tagboat.cwd / "out") == []
    assert files["usr/lib/tagged/owned"][2:4] == tagged
    assert files["usr/lib/tagged/setuid"][1:4] == (0o4755, 0, 0)
    assert dict(files["usr/lib/tagged/capable"][6]).keys() == {"security.capability"}
    assert (passwd["ann"][0], passwd["worker"][0]) == ("2000", "150")
    assert (files["srv/a"][1:4], files["srv/a/b/one"][1:4]) == ((0o2750, 33, 44), (0o4711, 33, 44))
    assert files["srv/hard"][5] == files["srv/a/b/one"][5]
    assert (files["srv/soft"][4], files["srv/fifo"][0]) == ("a/b/one", Kind.FIFO)
    assert [path for path in files if path.startswith("usr/share/perl5/")] == ["usr/share/perl5/new"]
    assert not {"etc/motd", "usr/bin/[", "srv/copied", "tmp/tagged.deb"} & files.keys()
    assert files["home/ann/who"][1:3] == (0o600, 2000)
    assert text_of(tagboat.cwd / "out", "home/ann/where", tmp_path) == ["/home/ann"]
    assert files["opt"][1] == 0o700


def text_of(place, path: str, spool) -> list[str]:
    """Return the lines of a file in an image."""
    layout, tree = open_layout(place), Tree()
    for number, layer in enumerate(layout.manifest(layout.select()).layers):
        with layout.open_blob(layer) as stream:
            tree.apply(list(read_layer(stream, layer.media_type, spool / f"text-{number}")))
    with tree.get(path).content.open() as stream:
        return stream.read().decode().splitlines()


@pytest.mark.slow
def test_every_place_makes_the_same_files(app, build, tagboat, tmp_path):
    """Overlay and chroot, as root and rootless, give one tree: owners, modes, links, capabilities and deletions."""
    trees = {}
    for place in SAID:
        build(place, app, f"out-{place}")
        trees[place] = files_of(tagboat.cwd / f"out-{place}", tmp_path)

    first = trees.pop(None)
    assert len(first) > 3000
    assert {place: unlike(first, tree) for place, tree in trees.items()} == {place: {} for place in trees}


@pytest.mark.slow
def test_buildah_makes_the_same_files(app, build, tagboat, program, as_root, tmp_path):
    """What buildah makes of the same Dockerfile is what we make, but for the entries that its mounts leave."""
    program("buildah")
    build(None, app, "ours")
    store = ("--root", tmp_path / "store", "--runroot", tmp_path / "run", "--storage-driver", "vfs")
    call = program(as_root[0]) if as_root else program("buildah")
    buildah = [*as_root[1:], "buildah"] if as_root else []
    base = f"BASE=oci:{tagboat.cwd / 'debian'}"
    call(*buildah, *store, "bud", "--isolation", "chroot", "--layers", "--build-arg", base, "-t", "app", app)
    call(*buildah, *store, "push", "app", f"oci:{tagboat.cwd / 'theirs'}:1")
    call(*buildah, *store, "rmi", "--all", "--force")

    ours, theirs = (files_of(tagboat.cwd / name, tmp_path) for name in ("ours", "theirs"))
    assert unlike(ours, theirs) == {}


@pytest.mark.parametrize("place", [*PLACES, pytest.param(Place.LONE_PERSON, id="lone-person")])
def test_what_a_command_leaves_running_is_gone(place, build, tagboat, write, debian, as_root, seen_processes):
    """A process that a RUN starts in the background neither holds the build up nor lives on after it."""
    shutil.copytree(debian, tagboat.cwd / "debian")
    seconds = 31_536_000 + sum(map(ord, str(tagboat.cwd)))  # no other process sleeps this long
    text = f"FROM debian\nRUN sleep {seconds} & setsid sleep {seconds} & echo made >/made\nRUN test -e /made\n"
    write(tagboat.cwd / "app", {"Dockerfile": text})
    build(place, tagboat.cwd / "app", "out")
    assert seen_processes(str(seconds)) == []


def test_one_user_is_enough_for_files_of_root(job, build, tagboat, write, debian, tmp_path):
    """Without a range of ids RUN works for files of root, and the log says what will not."""
    shutil.copytree(debian, tagboat.cwd / "debian")
    write(tagboat.cwd / "app", {"Dockerfile": "FROM debian\nRUN id -u >/uid && rm /etc/motd && chmod 4755 /uid\n"})
    done = build(Place.LONE_PERSON, tagboat.cwd / "app", "out")
    files = files_of(tagboat.cwd / "out", tmp_path)

    assert "RUN knows one user alone" in done.stderr
    assert files["uid"][1:4] == (0o4755, 0, 0)
    assert "etc/motd" not in files


@pytest.mark.parametrize("place", [Place.DOCKER, Place.UNFILTERED])
def test_a_temporary_folder_on_the_containers_own_root(place, build, tagboat, write, debian):
    """Where the temporary folder lies on the container's overlay, a way is found all the same."""
    shutil.copytree(debian, tagboat.cwd / "debian")
    write(tagboat.cwd / "app", {"Dockerfile": "FROM debian\nRUN echo made >/made\n"})
    build(place, tagboat.cwd / "app", "out", TMPDIR="/tmp")
    assert validate_layout(tagboat.cwd / "out") == []
