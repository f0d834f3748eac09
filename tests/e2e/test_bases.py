"""Images on top of others: the examples on bases from a registry, a layout and archives, as other tools unpack them."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from tagboat.layers.changes import Kind
from tagboat.layers.extract import read_layer
from tagboat.layers.tree import Tree
from tagboat.layout.reader import Layout, open_layout

WEB = {
    "Dockerfile": """FROM scratch
COPY --chown=33:33 www /usr/share/nginx/html/
COPY etc /etc/
COPY --chmod=4755 tool /usr/bin/tool
ENV NGINX_VERSION=1.29
CMD ["nginx"]
""",
    "www/index.html": "the web server's own page\n",
    "www/50x.html": "sorry\n",
    "etc/passwd": "root:x:0:0::/:/bin/sh\nnginx:x:101:101::/:/bin/false\n",
    "tool": "#!/bin/sh\n",
}
TOOLS = {"Dockerfile": "FROM scratch\nCOPY busybox /bin/busybox\n", "busybox": "#!/bin/sh\necho busybox\n"}
HTML = "usr/share/nginx/html"


@pytest.fixture
def make_base(tagboat, write):
    """Build a base image into a layout of the working folder."""

    def build(name: str, files: dict[str, str], *platforms: str) -> Path:
        folder = write(tagboat.cwd / f"{name}-source", files)
        tagboat("build", folder, "--platforms", ",".join(platforms or ["linux/amd64"]), "--output", name)
        return tagboat.cwd / name

    return build


@pytest.fixture
def pushed(tagboat, plain_registry, tmp_path):
    """Push a layout to the plain registry and return its reference."""

    def push(layout: Path) -> str:
        reference = f"{plain_registry.host}/{tmp_path.name.replace('_', '-')}/{layout.name}:1"
        tagboat("push", layout, reference)
        return reference

    return push


def manifest_of(place: Path) -> dict:
    """Return the one manifest of a layout."""
    layout = open_layout(place)
    return json.loads(layout.manifest(layout.select()).raw)


def layers_of(place: Path) -> list[str]:
    """Return the digests of a layout's layers."""
    return [layer["digest"] for layer in manifest_of(place)["layers"]]


def test_a_static_site_on_a_base_from_a_registry(tagboat, examples, make_base, pushed, skopeo):
    """The base's layers stay as they are below one new layer, its configuration holds on, and drafts stay out."""
    base = make_base("web", WEB)
    arguments = ["--platforms", "linux/amd64", "--build-args", f"BASE={pushed(base)}"]
    tagboat("build", examples / "static-site", *arguments, "--output", "site")
    config = json.loads(skopeo("inspect", "--config", "oci:site", cwd=tagboat.cwd))

    assert layers_of(tagboat.cwd / "site")[:-1] == layers_of(base)
    assert "NGINX_VERSION=1.29" in config["config"]["Env"]
    assert (config["config"]["Cmd"], list(config["config"]["ExposedPorts"])) == (["nginx"], ["80/tcp"])
    assert config["history"][: len(history(base))] == history(base)


@pytest.mark.parametrize("form", ["oci-layout", "oci-archive", "docker-archive"])
def test_a_base_from_what_other_tools_wrote(form, tagboat, examples, make_base, skopeo):
    """A named context stands in for the base: a layout or an archive that skopeo wrote gives the same files."""
    make_base("web", WEB)
    copies = {
        "oci-layout": "oci:copy:1.29",
        "oci-archive": "oci-archive:copy.tar",
        "docker-archive": "docker-archive:copy.tar:web:1.29",
    }
    skopeo("copy", "oci:web", copies[form], cwd=tagboat.cwd)
    place = tagboat.cwd / copies[form].split(":")[1]
    context = f"docker.io/library/nginx:1.29-alpine=oci-layout://{place}"
    tagboat("build", examples / "static-site", "--build-contexts", context, "--output", "site", "--offline")
    tree = tree_of(open_layout(tagboat.cwd / "site"))

    assert layers_of(tagboat.cwd / "site")[:-1] == layers_of(place)
    assert tree.children(HTML) == ["50x.html", "index.html"]
    assert tree.get(f"{HTML}/index.html").size == (examples / "static-site" / "site" / "index.html").stat().st_size


def test_several_stages_for_two_platforms(tagboat, examples, make_base, pushed):
    """Layers that are equal on both platforms are one blob; only what the platform's name is in differs."""
    tools = pushed(make_base("tools", TOOLS, "linux/amd64", "linux/arm64"))
    words = ["--platforms", "linux/amd64,linux/arm64", "--build-args", f"TOOLS={tools}", "--json"]
    digests = tagboat("build", examples / "multi-stage", *words, "--output", "both").json["digests"]
    blobs = tagboat.cwd / "both" / "blobs"
    manifests = [json.loads((blobs / digest.replace(":", "/")).read_text()) for digest in digests.values()]
    one, other = ([layer["digest"] for layer in manifest["layers"]] for manifest in manifests)

    assert [first == second for first, second in zip(one, other, strict=True)] == [True, True, False]


def test_several_stages_leave_what_was_copied(tagboat, examples, make_base, umoci):
    """The last stage holds what it took from a base and a stage, and nothing else; a heredoc knows its platform."""
    tools = make_base("tools", TOOLS)
    words = [
        "--platforms",
        "linux/amd64",
        "--build-args",
        "TOOLS=tools",
        "--build-contexts",
        f"tools=oci-layout://{tools}",
    ]
    tagboat("build", examples / "multi-stage", *words, "--tags", "app:1", "--output", "app")
    umoci("unpack", "--rootless", "--image", "app:1", "bundle", cwd=tagboat.cwd)
    rootfs = tagboat.cwd / "bundle" / "rootfs"

    files = {str(path.relative_to(rootfs)) for path in rootfs.rglob("*") if path.is_file()}
    assert files == {"bin/busybox", "srv/app/index.html", "etc/app/app.conf", "etc/app/build.conf"}
    assert (rootfs / "etc" / "app" / "build.conf").read_text() == "platform = linux/amd64\n"


def test_umoci_unpacks_what_our_own_reading_says(tagboat, examples, make_base, pushed, umoci):
    """Unpacked by umoci, image and base have the paths, kinds, modes, owners, targets and sizes that we read."""
    base = pushed(make_base("web", WEB))
    words = ["--platforms", "linux/amd64", "--build-args", f"BASE={base}", "--tags", "site:1"]
    tagboat("build", examples / "static-site", *words, "--output", "site")
    rootless = [] if os.geteuid() == 0 else ["--rootless"]
    umoci("unpack", *rootless, "--image", "site:1", "bundle", cwd=tagboat.cwd)
    tree = tree_of(open_layout(tagboat.cwd / "site"))

    expected = {entry.path: (entry.kind, entry.mode, entry.uid, entry.gid, entry.target) for entry in tree.walk()}
    found = unpacked(tagboat.cwd / "bundle" / "rootfs")
    if rootless:
        expected, found = ({path: (*facts[:2], facts[4]) for path, facts in side.items()} for side in (expected, found))
    assert found == expected
    assert expected["usr/bin/tool"][1] == 0o4755
    assert (tagboat.cwd / "bundle" / "rootfs" / HTML / "index.html").read_bytes() == (
        examples / "static-site" / "site" / "index.html"
    ).read_bytes()


def test_a_platform_that_the_base_lacks(tagboat, examples, make_base, pushed):
    """A platform without a base is exit 4 at the line of FROM, with the platforms that there are."""
    base = pushed(make_base("web", WEB))
    words = ["--platforms", "linux/s390x", "--build-args", f"BASE={base}", "--output", "site"]
    done = tagboat("build", examples / "static-site", *words, code=4)

    assert "has no platform linux/s390x" in done.stderr
    assert "Dockerfile:3" in done.stderr
    assert "hint: it has linux/amd64" in done.stderr
    assert not (tagboat.cwd / "site").exists()


def history(place: Path) -> list[dict]:
    """Return the history of a layout's one image."""
    layout = open_layout(place)
    return list(layout.config(layout.manifest(layout.select()).config).history)


def tree_of(layout: Layout) -> Tree:
    """Return the file system of a layout's one image, as we read it."""
    tree = Tree()
    for layer in layout.manifest(layout.select()).layers:
        with layout.open_blob(layer) as stream:
            tree.apply(list(read_layer(stream, layer.media_type)))
    return tree


def unpacked(root: Path) -> dict[str, tuple]:
    """Return path, kind, mode, owner and target of all that lies on disk."""
    found = {}
    for path in [root, *sorted(root.rglob("*"))]:
        status = path.lstat()
        kind = {stat.S_IFDIR: Kind.DIRECTORY, stat.S_IFREG: Kind.FILE, stat.S_IFLNK: Kind.SYMLINK}[
            stat.S_IFMT(status.st_mode)
        ]
        target = str(path.readlink()) if kind is Kind.SYMLINK else ""
        name = "" if path == root else str(path.relative_to(root))
        found[name] = (kind, stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid, target)
    return found
