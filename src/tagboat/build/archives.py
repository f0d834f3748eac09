"""The archives that ADD unpacks, each once, also when several platforms need it."""

from __future__ import annotations

from pathlib import Path

from tagboat.layers.archive import archive_entries
from tagboat.layers.changes import Content, Entry


class Archives:
    """Archives by content; `folder` is a temporary one that outlives the writing of the layers."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[Content, list[Entry] | None] = {}

    def entries(self, content: Content) -> list[Entry] | None:
        """Return what an archive holds, None when it is none; raises `LayoutError` for a broken one."""
        if content not in self._known:
            self._folder.mkdir(parents=True, exist_ok=True)
            spool = self._folder / f"archive-{len(self._known)}.tar"
            self._known[content] = archive_entries(content, spool)
            if self._known[content] is None:
                spool.unlink(missing_ok=True)
        return self._known[content]
