"""The Debian that jobs build on is an image as people use, and is whole or not there at all."""

from __future__ import annotations

import pytest

from fakes import bases
from tagboat.layers.changes import Kind
from tagboat.layers.extract import read_layer
from tagboat.layout.reader import open_layout
from tagboat.layout.validate import validate_layout


def entries_of(place):
    """Return what the one layer of a layout holds, by path."""
    layout = open_layout(place)
    (layer,) = layout.manifest(layout.select()).layers
    with layout.open_blob(layer) as stream:
        return {entry.path: entry for entry in read_layer(stream, layer.media_type)}


def test_debian_is_one_layer_as_others_have_it(debian):
    """The base has programs and accounts with their modes and owners, and nothing of the machine that made it."""
    entries = entries_of(debian)

    assert validate_layout(debian) == []
    assert (entries["usr/bin/passwd"].mode, entries["usr/bin/passwd"].uid) == (0o4755, 0)
    assert entries["etc/shadow"].gid == 42
    assert entries["bin"].kind is Kind.SYMLINK
    assert {"usr/bin/dpkg", "usr/sbin/useradd", "usr/sbin/adduser"} <= entries.keys()
    assert [path for path in entries if path.startswith("dev/") or path in {"etc/hostname", "etc/resolv.conf"}] == []


def test_the_toolbox_has_tools(toolbox):
    """The base of the examples holds a compiler, and a Python that makes virtual environments offline."""
    names = {path.rpartition("/")[2] for path in entries_of(toolbox)}

    assert {"gcc", "libc.a", "python3", "ensurepip"} <= names
    assert any(name.startswith("pip-") and name.endswith(".whl") for name in names)


def test_without_a_network_there_is_no_base(as_root, debian, tmp_path):
    """A base that cannot be made is an error that gives the reason, and leaves nothing half-made."""
    offline = [*as_root, "unshare", "--net"]
    with pytest.raises(bases.CannotMakeError, match="there is no Debian base: .*http"):
        bases.debian(tmp_path, as_root=offline)
    assert [path.name for path in tmp_path.iterdir()] == [".debian-bookworm.lock"]
