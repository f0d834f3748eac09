"""Make base images, once, each an image layout of one layer: debootstrap's smallest system, and a busybox."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.corpora import CorpusError, cache_folder

SUITE = "bookworm"
TAG = "latest"
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_INDEX = "application/vnd.oci.image.index.v1+json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The base image's layout and digest; `reason` says why there is none."""

    layout: Path | None = None
    digest: str = ""
    reason: str = ""


def make_base() -> Base:
    """Return the base image, made when the cache lacks it; Debian's newest packages are in it, so it is not pinned."""
    lacks = "debootstrap needs root" if os.geteuid() else _missing("debootstrap")
    return _make(f"base-{SUITE}", _debootstrap, lacks)


def make_small_base() -> Base:
    """Return an image that holds Debian's busybox and nothing else, made when the cache lacks it."""
    return _make("base-busybox", _busybox, _missing("apt-get", "dpkg-deb"))


def _make(name: str, fill: Callable[[Path], None], lacks: str) -> Base:
    layout = cache_folder() / name
    if not layout.exists():
        if lacks:
            return Base(reason=lacks)
        layout.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=layout.parent, prefix=".making-") as temporary:
            system, made = Path(temporary) / "system", Path(temporary) / "layout"
            fill(system)
            _write_layout(system, made, fill.__name__.strip("_"))
            made.rename(layout)
    index = json.loads((layout / "index.json").read_text())
    return Base(layout=layout, digest=index["manifests"][0]["digest"])


def _missing(*programs: str) -> str:
    return ", ".join(f"{program} not found" for program in programs if shutil.which(program) is None)


def _busybox(system: Path) -> None:
    """Unpack busybox-static, with the names of the programs that are called and the folders that a RUN mounts on."""
    folder = system.parent
    _run("apt-get", "download", "-qq", "busybox-static", cwd=folder)
    (package,) = folder.glob("*.deb")
    _run("dpkg-deb", "--extract", str(package), "unpacked", cwd=folder)
    for name in ("bin", "dev", "etc", "proc", "sys", "tmp"):
        (system / name).mkdir(parents=True)
    shutil.copy(folder / "unpacked" / "bin" / "busybox", system / "bin")
    for name in ("sh", "true", "touch"):
        (system / "bin" / name).symlink_to("busybox")


def _debootstrap(system: Path) -> None:
    _run("debootstrap", "--variant=minbase", SUITE, str(system), cwd=system.parent)
    for left in (system / "var/cache/apt/archives").glob("*.deb"):
        left.unlink()


def _run(*argv: str, cwd: Path) -> None:
    done = subprocess.run(argv, cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        raise CorpusError(f"{argv[0]} ended with {done.returncode}: {(done.stderr or done.stdout)[-2000:]}")


def _write_layout(system: Path, layout: Path, made_by: str) -> None:
    """Write a root file system as an image layout (image-spec: image-layout.md)."""
    blobs = layout / "blobs" / "sha256"
    blobs.mkdir(parents=True)
    layer, diff_id = _write_layer(system, blobs)
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"], "Cmd": ["bash"]},
        "rootfs": {"type": "layers", "diff_ids": [diff_id]},
        "history": [{"created_by": made_by}],
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": _MANIFEST,
        "config": _write_json(config, _CONFIG, blobs),
        "layers": [layer],
    }
    row = {**_write_json(manifest, _MANIFEST, blobs), "annotations": {"org.opencontainers.image.ref.name": TAG}}
    index = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": [row]}
    (layout / "index.json").write_text(json.dumps(index))
    (layout / "oci-layout").write_text(json.dumps({"imageLayoutVersion": "1.0.0"}))


def _write_layer(system: Path, blobs: Path) -> tuple[dict[str, object], str]:
    """Write the layer; return its descriptor and its diff ID."""
    plain, packed = blobs / "plain.tar", blobs / "plain.tar.gz"
    with tarfile.open(plain, "w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted(system.iterdir()):
            archive.add(path, arcname=path.name)
    with packed.open("wb") as output:
        subprocess.run(["gzip", "-n", "-6", "-c", str(plain)], stdout=output, check=True)
    diff_id = _digest_of(plain)
    plain.unlink()
    return _keep(packed, _LAYER, blobs), diff_id


def _write_json(document: object, media_type: str, blobs: Path) -> dict[str, object]:
    path = blobs / "document"
    path.write_text(json.dumps(document))
    return _keep(path, media_type, blobs)


def _keep(path: Path, media_type: str, blobs: Path) -> dict[str, object]:
    """Name a blob by its digest and return its descriptor."""
    digest, size_bytes = _digest_of(path), path.stat().st_size
    path.rename(blobs / digest.removeprefix("sha256:"))
    return {"mediaType": media_type, "digest": digest, "size": size_bytes}


def _digest_of(path: Path) -> str:
    with path.open("rb") as content:
        return f"sha256:{hashlib.file_digest(content, 'sha256').hexdigest()}"
