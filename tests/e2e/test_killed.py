"""Runs that are killed or stopped at any moment: what one leaves, the next one tidies up."""

from __future__ import annotations

import base64
import json
import signal
import time
import urllib.request
from pathlib import Path
from random import Random

import pytest

from tagboat.layout.validate import validate_layout

SEED = 4
KILLS, STOPS = 50, 20
OUTPUTS = ("out", "out.tar")


@pytest.fixture
def app(tagboat, write) -> Path:
    """Return a context of some megabytes, so that every phase of a run takes its time."""
    folder = write(tagboat.cwd / "app", {"Dockerfile": "FROM scratch\nCOPY noise /\nCOPY zeros /\n"})
    (folder / "noise").write_bytes(Random(1).randbytes(3_000_000))
    (folder / "zeros").write_bytes(bytes(8_000_000))
    return folder


@pytest.fixture
def run(tagboat, app):
    """Return a function that gives the words of a run which builds, keeps the layout and pushes under one tag."""
    pushing = ("--push", "--tags")
    return lambda host, tag, output: (
        "run", app, "--images", f"{host}/acme/app", *pushing, f"type=raw,value={tag}", "--output", output
    )  # fmt: skip


@pytest.fixture
def left(tagboat):
    """Return a function that lists what a run left beside its context and its outputs."""
    folders = [tagboat.cwd, Path(tagboat.env["TMPDIR"])]
    return lambda: sorted({path.name for folder in folders for path in folder.iterdir()} - {"app", *OUTPUTS})


def seconds_of(tagboat, words) -> float:
    """Return how long a run takes from its start to its end."""
    started = time.monotonic()
    tagboat(*words)
    return time.monotonic() - started


def end(process, number: signal.Signals, seconds: float) -> tuple[int, str]:
    """Send a signal after some time; return the exit code and stderr."""
    time.sleep(seconds)
    process.send_signal(number)
    _, stderr = process.communicate(timeout=30)
    return process.returncode, stderr


def ask(host: str, path: str) -> bytes:
    """Read from a registry without TLS."""
    accept = {"Accept": "application/vnd.oci.image.manifest.v1+json"}
    with urllib.request.urlopen(urllib.request.Request(f"http://{host}/v2/acme/app/{path}", headers=accept)) as reply:
        return reply.read()


def check_tags(host: str) -> list[str]:
    """Check that each tag has all its blobs, and return the tags."""
    tags = json.loads(ask(host, "tags/list"))["tags"]
    for tag in tags:
        manifest = json.loads(ask(host, f"manifests/{tag}"))
        for blob in (manifest["config"], *manifest["layers"]):
            assert len(ask(host, f"blobs/{blob['digest']}")) == blob["size"]
    return tags


@pytest.mark.slow
def test_a_run_that_is_killed_leaves_nothing_for_long(tagboat, run, left, plain_registry):
    """After kills at any moment what has a final name is whole; one more run succeeds and deletes all the rest."""
    host = plain_registry.host
    longest = seconds_of(tagboat, run(host, "first", "out"))
    random, seen = Random(SEED), set()
    for number in range(KILLS):
        output, moment = OUTPUTS[number % 2], random.random() * longest
        end(tagboat.start(*run(host, f"t{number}", output)), signal.SIGKILL, moment)
        seen.update(name.rpartition("-")[0] for name in left())
        if (tagboat.cwd / output).exists():
            faults = validate_layout(tagboat.cwd / output)
            assert faults == [], f"seed {SEED}, kill {number} after {moment:.3f} s"
    assert seen >= {"tagboat", ".out.partial"}, f"no kill was early enough to leave anything: {seen}"

    for output in OUTPUTS:
        tagboat(*run(host, "last", output))
        assert validate_layout(tagboat.cwd / output) == []
    assert left() == []
    assert {"first", "last"} <= set(check_tags(host))


def test_a_run_that_is_stopped_leaves_nothing_at_all(tagboat, run, left, plain_registry):
    """A signal at any moment ends a run with 130 and leaves nothing; a second one does not disturb the tidying up."""
    longest = seconds_of(tagboat, run(plain_registry.host, "first", "out"))
    random = Random(SEED)
    for number in range(STOPS):
        moment = (0.2 + 0.8 * random.random()) * longest  # before that there is no handler yet
        process = tagboat.start(*run(plain_registry.host, f"s{number}", OUTPUTS[number % 2]))
        time.sleep(moment)
        process.send_signal(signal.SIGINT)
        code, stderr = end(process, signal.SIGTERM, 0)
        assert code in {0, 130}, f"seed {SEED}, stop {number} after {moment:.3f} s: {stderr}"
        assert "Traceback" not in stderr
        assert left() == [], f"seed {SEED}, stop {number} after {moment:.3f} s"
    assert check_tags(plain_registry.host)


def test_credentials_are_never_on_disk(tagboat, run, tmp_path, tls_registry):
    """Neither a run that ends nor one that is killed has written a password anywhere, in whatever form."""
    access = {
        "TAGBOAT_REGISTRY": tls_registry.host,
        "TAGBOAT_USERNAME": tls_registry.username,
        "TAGBOAT_PASSWORD": tls_registry.password,
        "TAGBOAT_CA_FILE": tls_registry.ca_file,
        "TAGBOAT_WORK_DIR": tmp_path / "scratch",
        "TAGBOAT_METADATA_FILE": tmp_path / "metadata.json",
    }
    pair = f"{tls_registry.username}:{tls_registry.password}".encode()
    secrets = [tls_registry.password.encode(), base64.b64encode(pair)]
    started = time.monotonic()
    tagboat(*run(tls_registry.host, "first", "out"), **access)
    longest, random = time.monotonic() - started, Random(SEED)
    for number in range(6):
        process = tagboat.start(*run(tls_registry.host, f"k{number}", "out"), **access)
        end(process, signal.SIGKILL, (0.4 + 0.6 * random.random()) * longest)
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert tmp_path / "metadata.json" in files
        holding = [str(path) for path in files if any(secret in path.read_bytes() for secret in secrets)]
        assert holding == [], f"seed {SEED}, kill {number}"
