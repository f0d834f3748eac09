"""The contents of entries in a file of our own, where they stay what they were."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from pathlib import Path

from tagboat.layers.changes import Entry, Kind
from tagboat.layers.streams import SliceContent
from tagboat.layers.transfer import Transfer, write_fault


def spool(entries: Iterable[Entry], file: Path) -> list[Entry]:
    """Copy the content of every file, one after the other, into a new file; return the entries with these contents.

    Names of one file share its content, and a link to a file of a lower layer stays without. Bytes beyond an entry's
    size are left out. Raises `MachineError` when a content cannot be read or is shorter, or the disk is full.
    """
    try:
        return _spool(entries, file)
    except OSError as error:
        raise write_fault(str(file), error) from error


def _spool(entries: Iterable[Entry], file: Path) -> list[Entry]:
    spooled: list[Entry] = []
    contents: dict[Hashable, SliceContent] = {}
    offset = 0
    with file.open("wb", buffering=0) as target, Transfer() as transfer:
        for entry in entries:
            if entry.kind is not Kind.FILE or entry.target:
                spooled.append(entry)
                continue
            content = contents.get(entry.link_group) if entry.link_group is not None else None
            if content is None:
                transfer.copy(entry, target.fileno())
                content = SliceContent(file, offset, entry.size)
                offset += entry.size
            if entry.link_group is not None:
                contents[entry.link_group] = content
            spooled.append(entry._replace(content=content))
    return spooled
