"""Layers as tar: entries to ustar headers with PAX records, in bounded memory (POSIX pax, image-spec layer.md)."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from io import RawIOBase
from typing import cast

from tagboat.errors import DockerfileError
from tagboat.layers.blocks import BlockFiller, Chunk
from tagboat.layers.changes import Entry, Kind

XATTR_PREFIX = "SCHILY.xattr."
WHITEOUT_PREFIX = ".wh."
OPAQUE_NAME = ".wh..wh..opq"

_TYPES = {
    Kind.FILE: b"0",
    Kind.DIRECTORY: b"5",
    Kind.SYMLINK: b"2",
    Kind.CHARACTER_DEVICE: b"3",
    Kind.BLOCK_DEVICE: b"4",
    Kind.FIFO: b"6",
    Kind.WHITEOUT: b"0",
    Kind.OPAQUE: b"0",
}
_REGULAR = b"0"
_HARD_LINK = b"1"
_PAX = b"x"
_MAX_ID = 0o7777777
_MAX_SIZE = 0o77777777777
_NUMBER_KEYS = (b"mode", b"uid", b"gid", b"size", b"mtime")
_LIMITS = (0o7777777, _MAX_ID, _MAX_ID, _MAX_SIZE, _MAX_SIZE)
_NAME_BYTES = 100
_PREFIX_BYTES = 155
_END = bytes(1024)
_MAGIC = b"ustar\x0000"
_NO_NAMES = bytes(64)
# The checksum counts its own field as eight spaces; magic and NULs never change.
_FIXED_SUM = 8 * 0x20 + sum(_MAGIC)
_NO_DEVICE = b"%07o\0%07o\0" % (0, 0)


def tar_stream(entries: Iterable[Entry]) -> Iterator[Chunk]:
    """Yield the tar archive of these entries, in their order, as blocks of at most 1 MiB.

    The bytes depend on nothing but the entries. The second and later entries of a `link_group` become hard links to
    its first, whatever their content. Raises `DockerfileError` when a file cannot be read, or does not hold as many
    bytes as its entry says.
    """
    filler = BlockFiller()
    first_names: dict[Hashable, str] = {}
    for entry in entries:
        group = entry.link_group
        if group is not None and group in first_names:
            yield from filler.add(_header(entry, _HARD_LINK, first_names[group]))
            continue
        if entry.kind is Kind.FILE and entry.target:  # a file of a lower layer
            yield from filler.add(_header(entry, _HARD_LINK, entry.target))
            continue
        if group is not None:
            first_names[group] = entry.path
        yield from filler.add(_header(entry, _TYPES[entry.kind], entry.target))
        if entry.size and entry.kind is Kind.FILE:
            yield from _content(entry, filler)
            yield from filler.add(bytes(-entry.size % 512))
    yield from filler.add(_END)
    yield from filler.rest()


def _content(entry: Entry, filler: BlockFiller) -> Iterator[Chunk]:
    """Read a file's bytes straight into the blocks."""
    try:
        yield from _read_exactly(entry, filler)
    except OSError as error:
        raise DockerfileError(
            f"the file for /{entry.path} cannot be read: {error.strerror or error}",
            "make it readable, or leave it out with .dockerignore",
        ) from error


def _read_exactly(entry: Entry, filler: BlockFiller) -> Iterator[Chunk]:
    """Read as many bytes as the entry says; asking for one too many tells a file that grew, without another read."""
    assert entry.content is not None, entry.path
    remaining = entry.size
    with cast("RawIOBase", entry.content.open()) as stream:
        while True:
            free = filler.free[: remaining + 1]
            count = stream.readinto(free) or 0
            if count > remaining or (remaining and not count):
                raise DockerfileError(
                    f"{entry.path} changed while it was read", "build from files that nothing writes to meanwhile"
                )
            remaining -= count
            yield from filler.advance(count)
            if not remaining and count < len(free):
                return


def _header(entry: Entry, typeflag: bytes, target: str) -> bytes:
    """Return the header of one entry: ustar alone where that can say it all, else with PAX records before it."""
    name = _encode(_tar_name(entry))
    link = _encode(target)
    size = entry.size if typeflag == _REGULAR else 0
    numbers: tuple[int, ...] = (entry.mode, entry.uid, entry.gid, size, entry.mtime)
    if (
        len(name) <= _NAME_BYTES
        and len(link) <= _NAME_BYTES
        and name.isascii()
        and link.isascii()
        and _fit(numbers)
        and not entry.xattrs
    ):
        return _ustar(typeflag, name, numbers, link=link, device=_device(entry))
    prefix, rest = _split(name)
    records = _records(b"" if rest else name, link, numbers, entry)
    if not _fit(numbers):
        numbers = tuple(n if 0 <= n <= limit else 0 for n, limit in zip(numbers, _LIMITS, strict=True))
    header = _ustar(
        typeflag, rest or name[:_NAME_BYTES], numbers, link=link[:_NAME_BYTES], device=_device(entry), prefix=prefix
    )
    return _extension(records) + header


def _fit(numbers: tuple[int, ...]) -> bool:
    """Say whether ustar's octal fields can hold mode, user, group, size and time."""
    _, uid, gid, size, mtime = numbers
    return 0 <= uid <= _MAX_ID and 0 <= gid <= _MAX_ID and 0 <= size <= _MAX_SIZE and 0 <= mtime <= _MAX_SIZE


def _tar_name(entry: Entry) -> str:
    path = entry.path
    match entry.kind:
        case Kind.DIRECTORY:
            return path + "/" if path else "./"
        case Kind.WHITEOUT:
            folder, slash, name = path.rpartition("/")
            return f"{folder}{slash}{WHITEOUT_PREFIX}{name}"
        case Kind.OPAQUE:
            return f"{path}/{OPAQUE_NAME}" if path else OPAQUE_NAME
        case _:
            return path


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _device(entry: Entry) -> bytes:
    major, minor = entry.device
    return b"%07o\0%07o\0" % (major, minor) if major or minor else _NO_DEVICE


def _split(name: bytes) -> tuple[bytes, bytes]:
    """Return ustar's prefix and name for a path that fits them, else two empty texts."""
    if not name.isascii():
        return b"", b""
    if len(name) <= _NAME_BYTES:
        return b"", name
    cut = name.rfind(b"/", 0, min(len(name) - 1, _PREFIX_BYTES + 1))
    rest = name[cut + 1 :]
    if cut <= 0 or len(rest) > _NAME_BYTES:
        return b"", b""
    return name[:cut], rest


def _records(name: bytes, link: bytes, numbers: tuple[int, ...], entry: Entry) -> bytes:
    """Return the PAX records of what ustar cannot say, sorted by key; `name` is empty where ustar holds it."""
    values: dict[bytes, bytes] = {}
    if name:
        values[b"path"] = name
    if len(link) > _NAME_BYTES or not link.isascii():
        values[b"linkpath"] = link
    for key, number, limit in zip(_NUMBER_KEYS, numbers, _LIMITS, strict=True):
        if not 0 <= number <= limit:
            values[key] = b"%d" % number
    for attribute, value in entry.xattrs.items():
        if "=" in attribute:
            raise DockerfileError(f"{entry.path} has the attribute {attribute!r}, which a layer cannot carry")
        values[_encode(XATTR_PREFIX + attribute)] = value
    return b"".join(_record(key, values[key]) for key in sorted(values))


def _record(key: bytes, value: bytes) -> bytes:
    """Return one record: its length, which counts itself, key and value."""
    rest = len(key) + len(value) + 3
    length = rest + len(str(rest))
    if len(str(length)) > len(str(rest)):
        length += 1
    return b"%d %b=%b\n" % (length, key, value)


def _extension(records: bytes) -> bytes:
    """Return the PAX header block pair that carries these records; empty for none."""
    if not records:
        return b""
    header = _ustar(_PAX, b"././@PaxHeader", (0o644, 0, 0, len(records), 0))
    return header + records + bytes(-len(records) % 512)


def _ustar(
    typeflag: bytes,
    name: bytes,
    numbers: tuple[int, ...],
    *,
    link: bytes = b"",
    device: bytes = _NO_DEVICE,
    prefix: bytes = b"",
) -> bytes:
    """Return one header block; user and group names stay empty, they mean nothing on another machine."""
    octal = b"%07o\0%07o\0%07o\0%011o\0%011o\0" % numbers
    checksum = _FIXED_SUM + typeflag[0] + sum(name) + sum(octal) + sum(link) + sum(device) + sum(prefix)
    return b"".join(
        (
            name.ljust(100, b"\0"),
            octal,
            b"%06o\0 " % checksum,
            typeflag,
            link.ljust(100, b"\0"),
            _MAGIC,
            _NO_NAMES,
            device,
            prefix.ljust(167, b"\0"),
        )
    )
