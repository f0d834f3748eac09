"""Blobs under their digest, whole or not at all."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Callable

import pytest

from tagboat.errors import LayoutError, MachineError
from tagboat.layout.blobs import BlobStore, BlobWriter
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.digest import Digest

HELLO = Digest.of(b"hello")


@pytest.fixture
def store(tmp_path):
    return BlobStore(tmp_path / "store")


def write_and(store: BlobStore, deed: Callable[[BlobWriter], object]) -> None:
    """Write a blob and do something before it is committed."""
    with store.new_blob() as blob:
        blob.write(b"hello")
        deed(blob)
        blob.commit()


def raises(fault: type[BaseException]) -> Callable[[object], None]:
    def fail(_: object) -> None:
        raise fault

    return fail


def files(store: BlobStore) -> list[str]:
    return sorted(path.relative_to(store.root).as_posix() for path in store.root.rglob("*") if path.is_file())


def test_a_blob_lies_under_its_digest(store):
    """What was written is found by the digest that `commit` returns, and nothing else is left."""
    with store.new_blob() as blob:
        blob.write(b"hel")
        blob.write(memoryview(b"lo"))
        assert blob.commit() == (HELLO, 5)
    assert HELLO in store
    assert store.path(HELLO).read_bytes() == b"hello"
    with store.open(HELLO) as stream:
        assert stream.read() == b"hello"
    assert files(store) == [f"blobs/sha256/{HELLO.encoded}"]


def test_documents_are_added_at_once_and_once(store):
    """Adding bytes gives their digest; adding them again changes nothing."""
    assert store.add(b"hello") == HELLO
    before = store.path(HELLO).stat()
    assert store.add(b"hello") == HELLO
    assert store.path(HELLO).stat() == before


@pytest.mark.parametrize("fault", [KeyboardInterrupt, RuntimeError])
def test_a_blob_that_fails_leaves_nothing(store, fault):
    """A blob that was not committed is gone, whatever ended it."""
    with pytest.raises(fault):
        write_and(store, raises(fault))
    assert files(store) == []


def test_while_it_is_written_no_name_is_taken(store):
    """Until it is complete, a blob is not below `blobs/`."""
    with store.new_blob() as blob:
        blob.write(b"hello")
        assert not (store.root / "blobs").exists()
        blob.commit()


@pytest.mark.parametrize("expected", [(Digest.of(b"other"), 5), (HELLO, 6)])
def test_an_unexpected_digest_or_size_is_refused(store, expected):
    """A blob that is not the one expected is a broken layout and is not kept."""
    digest, size = expected
    descriptor = Descriptor(media_type="x", digest=digest, size=size)
    with pytest.raises(LayoutError, match="came as"):
        write_and(store, lambda blob: blob.commit(descriptor))
    assert files(store) == []


def test_other_algorithms(store):
    """SHA-512 is kept and verified; an algorithm that cannot be verified is refused."""
    digest = Digest("sha512:" + hashlib.sha512(b"hello").hexdigest())
    with store.new_blob("sha512") as blob:
        blob.write(b"hello")
        assert blob.commit(Descriptor(media_type="x", digest=digest, size=5)) == (digest, 5)
    with pytest.raises(LayoutError, match="blake3"):
        store.new_blob("blake3")


def test_modes_do_not_depend_on_the_umask(store):
    """Everybody may read blobs, whatever the umask of the build."""
    before = os.umask(0o077)
    try:
        store.add(b"hello")
    finally:
        os.umask(before)
    assert stat.S_IMODE(store.path(HELLO).stat().st_mode) == 0o644
    folders = [store.root, store.root / "blobs", store.root / "blobs" / "sha256"]
    assert [stat.S_IMODE(folder.stat().st_mode) for folder in folders] == [0o755] * 3


def test_a_missing_blob_is_a_broken_layout(store):
    """Opening what is not there names the digest."""
    with pytest.raises(LayoutError, match=HELLO):
        store.open(HELLO)


def test_a_finished_file_is_linked(store, tmp_path):
    """A file on the same file system becomes a blob without a byte copied."""
    source = tmp_path / "source"
    source.write_bytes(b"hello")
    source.chmod(0o644)
    store.link_or_copy(source, HELLO)
    store.link_or_copy(source, HELLO)
    assert store.path(HELLO).samefile(source)


def test_a_file_with_another_mode_is_copied(store, tmp_path):
    """The mode of somebody's file is not changed, nor does it show in the blob."""
    source = tmp_path / "source"
    source.write_bytes(b"hello")
    source.chmod(0o600)
    store.link_or_copy(source, HELLO)
    assert not store.path(HELLO).samefile(source)
    assert stat.S_IMODE(store.path(HELLO).stat().st_mode) == 0o644
    assert stat.S_IMODE(source.stat().st_mode) == 0o600


def test_a_copy_is_verified(store, tmp_path):
    """A file that is copied must have the digest it is called by."""
    source = tmp_path / "source"
    source.write_bytes(b"other")
    source.chmod(0o600)
    with pytest.raises(LayoutError, match="came as"):
        store.link_or_copy(source, HELLO)
    assert files(store) == []


def test_a_missing_source_is_a_broken_layout(store, tmp_path):
    """A blob that cannot be taken from where it should lie is named."""
    with pytest.raises(LayoutError, match=f"{HELLO} is missing"):
        store.link_or_copy(tmp_path / "gone", HELLO)


@pytest.mark.skipif(not os.access("/dev/full", os.W_OK), reason="there is no /dev/full")
def test_a_full_disk_is_the_machines_fault(tmp_path):
    """No space is told as such, with what to do, and nothing is left of the blob."""
    store = BlobStore(tmp_path)

    def write_to_full_disk(blob: BlobWriter) -> None:
        full = os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, blob._file.fileno())
        os.close(full)
        blob.write(bytes(1 << 20))

    with pytest.raises(MachineError, match="No space left") as caught:
        write_and(store, write_to_full_disk)
    assert "free some disk space" in caught.value.hint
    assert files(store) == []


def test_a_place_that_cannot_be_written_is_the_machines_fault(tmp_path):
    """A store below a file cannot be made."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(MachineError, match="cannot be written"):
        BlobStore(tmp_path / "file" / "store").add(b"hello")
