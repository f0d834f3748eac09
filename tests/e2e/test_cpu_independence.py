"""Compressed layers have the same bytes on every processor: the promise of one digest a commit rests on this."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src"
# Made by setup_aarch64.sh.
AARCH64 = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tagboat-tests" / "aarch64"
COMPRESSIONS = ["gzip:1", "gzip:2", "gzip:6", "gzip:9", "zstd:1", "zstd:3"]
PROGRAM = """
import hashlib, sys
from tagboat.flow.request import Compression
from tagboat.layers.compress import compress
data = open(sys.argv[1], "rb").read()
for name in sys.argv[2:]:
    codec, level = name.split(":")
    compressed = b"".join(compress([data], Compression(codec=codec, level=int(level)), 2))
    print(name, len(compressed), hashlib.sha256(compressed).hexdigest())
"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Make a file of text, machine code, noise, runs and repetitions: every way through a match finder."""
    source = random.Random(1)
    text = b"".join(path.read_bytes() for path in sorted(SOURCE.rglob("*.py"))[:40])
    code = Path(sys.executable).read_bytes()[:600_000]
    words = [source.randbytes(source.randrange(3, 300)) for _ in range(200)]
    parts = [text, code, source.randbytes(100_000), bytes(200_000), b"".join(source.choices(words, k=15_000))]
    path = tmp_path_factory.mktemp("corpus") / "corpus"
    path.write_bytes(b"".join(parts) + text[::-1])
    return path


def digests(python: list[str], corpus: Path, **env: str) -> list[str]:
    paths = os.pathsep.join(filter(None, (str(SOURCE), env.pop("PYTHONPATH", ""))))
    done = subprocess.run(
        [*python, "-c", PROGRAM, str(corpus), *COMPRESSIONS],
        env={**os.environ, **env, "PYTHONPATH": paths},
        check=True,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def native(corpus):
    """Compress with this machine's own processor."""
    return digests([sys.executable], corpus)


@pytest.mark.parametrize("model", ["qemu64", "Nehalem", "max"])
def test_x86_processors_make_the_same_bytes(model, corpus, native):
    """With SSE2 alone, with SSE4.2 and with AVX2 the compressed bytes are those of this machine."""
    qemu = shutil.which("qemu-x86_64-static") or shutil.which("qemu-x86_64")
    if qemu is None:
        pytest.skip("qemu-x86_64 is not installed")
    assert digests([qemu, "-cpu", model, sys.executable], corpus) == native


def test_aarch64_makes_the_same_bytes(corpus, native):
    """An aarch64 processor makes the compressed bytes of this machine."""
    qemu = shutil.which("qemu-aarch64-static") or shutil.which("qemu-aarch64")
    if qemu is None:
        pytest.skip("qemu-aarch64 is not installed")
    if not (AARCH64 / "complete").exists():
        pytest.skip(f"there is no aarch64 Python; make it with tests/e2e/setup_aarch64.sh {AARCH64}")
    python = [qemu, "-L", str(AARCH64 / "root"), str(AARCH64 / "root" / "usr" / "bin" / "python")]
    assert digests(python, corpus, PYTHONPATH=str(AARCH64 / "site")) == native
