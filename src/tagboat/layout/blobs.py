"""Blobs by digest: `blobs/ALGORITHM/ENCODED` below a folder (image-spec image-layout.md, "Blobs")."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from tagboat.errors import LayoutError
from tagboat.layout.disk import FILE_MODE, disk_faults, make_folder, open_partial_file
from tagboat.layout.verified import VERIFIABLE
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.digest import Digest

# Two file systems, one that has no hard links, a file with too many, a file of another user (fs.protected_hardlinks).
_NO_LINK = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP, errno.ENOSYS}
_COPY_BYTES = 1 << 20


class BlobStore:
    """The blobs below `root`; a name below `blobs/` always has its whole content. Safe to use from many threads."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, digest: Digest) -> Path:
        """Return where the blob lies or would lie."""
        return self.root / "blobs" / digest.algorithm / digest.encoded

    def __contains__(self, digest: object) -> bool:
        return isinstance(digest, Digest) and self.path(digest).is_file()

    def open(self, digest: Digest) -> BinaryIO:
        """Open a blob, unbuffered and unverified; raises `LayoutError` when it is not there."""
        try:
            return self.path(digest).open("rb", buffering=0)
        except OSError as error:
            raise LayoutError(f"blob {digest} cannot be read: {error.strerror}") from error

    def new_blob(self, algorithm: str = "sha256") -> BlobWriter:
        """Start a blob whose digest is not known yet, or not to be trusted."""
        return BlobWriter(self, algorithm)

    def add(self, content: bytes) -> Digest:
        """Keep these bytes as a blob; one that is there already stays."""
        digest = Digest.of(content)
        if digest not in self:
            with self.new_blob() as blob:
                blob.write(content)
                blob.commit()
        return digest

    def link_or_copy(self, source: Path, digest: Digest) -> None:
        """Take a finished blob from a file, as a hard link when file system and mode allow, else as a verified copy.

        A link is not read, so not verified. Raises `LayoutError` when the source is missing or a copy's digest differs.
        """
        if digest in self:
            return
        target = self.path(digest)
        make_folder(target.parent)
        try:
            if source.stat().st_mode & 0o7777 == FILE_MODE:
                os.link(source.resolve(), target)
                return
        except FileNotFoundError as error:
            raise LayoutError(f"blob {digest} is missing: there is no {source}") from error
        except FileExistsError:
            return
        except OSError as error:
            if error.errno not in _NO_LINK:
                raise LayoutError(f"blob {digest} cannot be linked: {error.strerror}") from error
        self._copy(source, digest)

    def _copy(self, source: Path, digest: Digest) -> None:
        with source.open("rb", buffering=0) as stream, self.new_blob(digest.algorithm) as blob:
            shutil.copyfileobj(stream, blob, _COPY_BYTES)
            blob.commit(Descriptor(media_type="", digest=digest, size=source.stat().st_size))


class BlobWriter:
    """One blob while it is written: a context manager that leaves nothing behind unless `commit` was reached."""

    def __init__(self, store: BlobStore, algorithm: str = "sha256") -> None:
        if algorithm not in VERIFIABLE:
            raise LayoutError(f"a digest by {algorithm} cannot be verified", "use sha256 or sha512")
        self._store = store
        self._algorithm = algorithm
        self._hash = hashlib.new(algorithm)
        self._size_bytes = 0

    def __enter__(self) -> Self:
        make_folder(self._store.root)
        descriptor, self._partial = open_partial_file(self._store.root)
        self._file = os.fdopen(descriptor, "wb")
        return self

    def write(self, chunk: bytes | memoryview, /) -> int:
        """Add the next bytes; raises `MachineError` when the disk is full."""
        with disk_faults(self._store.root):
            self._file.write(chunk)
        self._hash.update(chunk)
        self._size_bytes += len(chunk)
        return len(chunk)

    def commit(self, expected: Descriptor | None = None) -> tuple[Digest, int]:
        """Give the blob its name and return its digest and size in bytes.

        Raises `LayoutError`, and keeps nothing, when digest or size are not those of `expected`.
        """
        digest = Digest(f"{self._algorithm}:{self._hash.hexdigest()}")
        if expected is not None and (digest, self._size_bytes) != (expected.digest, expected.size):
            raise LayoutError(
                f"blob {expected.digest} of {expected.size} bytes came as {digest} of {self._size_bytes} bytes"
            )
        target = self._store.path(digest)
        make_folder(target.parent)
        with disk_faults(target):
            self._file.close()
            self._partial.rename(target)
        return digest, self._size_bytes

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # what is left in the buffer is of no use when it cannot be written
            self._file.close()
        self._partial.unlink(missing_ok=True)
