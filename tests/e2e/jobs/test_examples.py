"""The examples that need RUN, built on Debian in the place of their bases: what they make works."""

from __future__ import annotations

import subprocess

import pytest

from fakes.index import serve_index
from tagboat.layout.reader import open_layout
from tagboat.layout.validate import validate_layout

EPOCH = 1_700_000_000
AMD64 = ("--platforms", "linux/amd64")

# The service has a network of its own, so that its port is free, and ends with this shell.
ASK = """
cd "$1"
ip link set lo up
inside() { chroot --userspec=service . env PYTHONPATH=/srv/libraries PYTHONDONTWRITEBYTECODE=1 "$@"; }
inside /srv/service.py 2>/dev/null &
for _ in $(seq 100); do
  if inside /srv/service.py --check 2>/dev/null; then break; fi
  sleep 0.1
done
inside python3 -c 'import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).read().decode(), end="")' "$2"
"""


@pytest.fixture
def unpack(umoci, tagboat):
    """Unpack a layout's image `app:1` and return the folder of its root file system."""

    def unpack_image(layout: str):
        umoci("unpack", "--image", f"{layout}:1", f"{layout}-unpacked", cwd=tagboat.cwd)
        return tagboat.cwd / f"{layout}-unpacked" / "rootfs"

    return unpack_image


def test_a_compiled_program(tagboat, examples, toolbox, unpack):
    """The image of the compiled example is one static program, and it runs."""
    words = (*AMD64, "--build-contexts", f"gcc:15=oci-layout://{toolbox}", "--build-args", "VERSION=1.2.3")
    tagboat("build", examples / "compiled", *words, "--tags", "app:1", "--output", "a")
    rootfs = unpack("a")

    assert validate_layout(tagboat.cwd / "a") == []
    assert [path.name for path in rootfs.iterdir()] == ["hello"]
    program = [rootfs / "hello", "--version"]
    assert subprocess.run(program, capture_output=True, text=True, check=True).stdout == "1.2.3\n"


def test_a_service_in_python(tagboat, examples, toolbox, unpack, as_root):
    """The Python example's service answers as the user it names, with its library and without pip; it is repeatable."""
    with serve_index("semver") as url:
        words = (*AMD64, "--build-contexts", f"base=oci-layout://{toolbox}", "--build-args", "BASE=base")
        words += ("--build-args", f"PIP_INDEX_URL={url}", "--tags", "app:1")
        env = {"SOURCE_DATE_EPOCH": EPOCH, "TAGBOAT_NO_CACHE": "true"}
        said = [tagboat("build", examples / "python-service", *words, "--output", name, **env) for name in "ab"]
    rootfs = unpack("a")
    layout = open_layout(tagboat.cwd / "a")
    config = layout.config(layout.manifest(layout.select()).config).run
    apart = [*as_root, "unshare", "--net", "--pid", "--fork", "--kill-child"]
    asked = [*apart, "sh", "-euc", ASK, "sh", str(rootfs), "http://127.0.0.1:8080/newest?of=1.9.0&of=1.10.0"]

    assert said[0].digest == said[1].digest
    assert (config["User"], config["Cmd"]) == ("service", ["/srv/service.py"])
    assert (config["ExposedPorts"], config["Healthcheck"]["Interval"]) == ({"8080/tcp": {}}, 30_000_000_000)
    assert "service:x:10001:" in (rootfs / "etc" / "passwd").read_text()
    assert not (rootfs / "tools").exists()
    assert subprocess.run(asked, capture_output=True, text=True, check=True, timeout=60).stdout == "1.10.0\n"
