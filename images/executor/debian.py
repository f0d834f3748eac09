"""Packages of Debian: pinned in a lock file by SHA-256, fetched, and read without Debian's own tools."""

from __future__ import annotations

import hashlib
import io
import lzma
import os
import re
import ssl
import tarfile
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path, PurePosixPath
from typing import Self

SERVER = "https://deb.debian.org/debian"
ARCHIVE = "https://snapshot.debian.org/archive/debian"  # it keeps what a newer version has replaced on the server
SUITE = "trixie"
# The archive takes a picture every few hours: a day after a release the release is in it.
UNTIL_ARCHIVED = timedelta(days=1)
TIMEOUT_SECONDS = 60

_MEMBER_HEADER_BYTES = 60


class UnavailableError(Exception):
    """A package that no server has, or that is not the pinned one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One line of the lock file; `path` is the file's below a server's root."""

    architecture: str
    name: str
    path: str
    sha256: str

    @classmethod
    def parse(cls, line: str) -> Self:
        """Read a line `ARCHITECTURE NAME PATH SHA256`."""
        architecture, name, path, sha256 = line.split()
        return cls(architecture=architecture, name=name, path=path, sha256=sha256)

    def __str__(self) -> str:
        return f"{self.architecture} {self.name} {self.path} {self.sha256}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """The pinned packages, and a time at which the archive had all of them, as `20250809T120000Z`."""

    archived: str
    packages: Sequence[Package]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a lock file."""
        archived, *lines = [line for line in text.splitlines() if not line.startswith("#")]
        return cls(archived=archived, packages=[Package.parse(line) for line in lines])

    def __str__(self) -> str:
        return "\n".join(["# Written by gather.py --lock", self.archived, *map(str, self.packages)]) + "\n"


def newest(names: Iterable[str], architectures: Iterable[str]) -> Lock:
    """Return the lock of the versions that the suite has today, as its server says over TLS."""
    wanted = sorted(names)
    packages: list[Package] = []
    for architecture in architectures:
        index = lzma.decompress(_download(f"{SERVER}/dists/{SUITE}/main/binary-{architecture}/Packages.xz")).decode()
        entries = {entry["Package"]: entry for entry in map(_fields, index.split("\n\n")) if entry}
        if missing := [name for name in wanted if name not in entries]:
            raise UnavailableError(f"{SUITE} has no {', '.join(missing)} for {architecture}")
        packages += [
            Package(
                architecture=architecture,
                name=name,
                path=entries[name]["Filename"],
                sha256=entries[name]["SHA256"],
            )
            for name in wanted
        ]
    released = parsedate_to_datetime(_fields(_download(f"{SERVER}/dists/{SUITE}/Release").decode())["Date"])
    return Lock(archived=f"{released + UNTIL_ARCHIVED:%Y%m%dT%H%M%SZ}", packages=packages)


def fetch(package: Package, archived: str, cache: Path) -> Path:
    """Return the file of a package, from `cache`, Debian's server or its archive.

    Raises `UnavailableError` when none has it; what has another hash than the pinned one is not kept.
    """
    kept = cache / f"{package.sha256}.deb"
    if kept.exists() and hashlib.sha256(kept.read_bytes()).hexdigest() == package.sha256:
        return kept
    failures = []
    for server in (SERVER, f"{ARCHIVE}/{archived}"):
        try:
            content = _download(f"{server}/{package.path}")
        except UnavailableError as error:
            failures.append(str(error))
            continue
        if hashlib.sha256(content).hexdigest() != package.sha256:
            raise UnavailableError(f"{server}/{package.path} is not the pinned file (its hash differs)")
        cache.mkdir(parents=True, exist_ok=True)
        partial = kept.with_suffix(f".{os.getpid()}")
        partial.write_bytes(content)
        return partial.replace(kept)
    raise UnavailableError("; ".join(failures))


def files(package: Path) -> Iterator[tuple[PurePosixPath, tarfile.TarInfo, bytes]]:
    """Yield the files and symbolic links of a package: path, entry, content (deb(5): an ar archive with a tar)."""
    with tarfile.open(fileobj=io.BytesIO(_data(package.read_bytes())), mode="r:xz") as archive:
        for member in archive:
            if member.isfile() or member.issym():
                stream = archive.extractfile(member) if member.isfile() else None
                yield PurePosixPath(member.name), member, stream.read() if stream else b""


def _data(archive: bytes) -> bytes:
    """Return the member that holds the files of a package."""
    position = len(b"!<arch>\n")
    while position < len(archive):
        header = archive[position : position + _MEMBER_HEADER_BYTES]
        name, size = header[:16].decode().strip(), int(header[48:58])
        position += _MEMBER_HEADER_BYTES
        if name == "data.tar.xz":
            return archive[position : position + size]
        position += size + size % 2
    raise UnavailableError("the package holds no data.tar.xz")


def _fields(paragraph: str) -> Mapping[str, str]:
    return dict(re.findall(r"^(\S+): (.*)$", paragraph, re.MULTILINE))


def _download(url: str) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context()) as response:
            return bytes(response.read())
    except OSError as error:  # a URLError is one
        raise UnavailableError(f"{url}: {error}") from error
