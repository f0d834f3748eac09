"""What a build reads from disk: the Dockerfile, the contexts, and the times that its files get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tagboat.flow.context import Context
from tagboat.flow.request import ContextKind, Request, Timestamps
from tagboat.pipeline.tools import Tools

if TYPE_CHECKING:
    from tagboat.build import CopyTimes
    from tagboat.build.filetree import FileTree
    from tagboat.dockerfile import Dockerfile

COPIED_FILE_TIME = 315_619_200
"""1980-01-02T00:00:00Z in seconds: the time of copied files; zip tools refuse anything before 1980."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildFiles:
    """What is built, and from what; `epoch` is the time of the image in seconds, `latest` that of files of a RUN.

    `latest` None leaves them as the RUN wrote them: unless the caller asks, the same RUN is not the same layer twice.
    """

    dockerfile: Dockerfile
    contexts: Mapping[str, FileTree]
    epoch: int
    times: CopyTimes
    latest: int | None

    @classmethod
    def read(cls, request: Request, tools: Tools, context: Context | None) -> BuildFiles:
        """Read them; raises the faults of the Dockerfile, and `InputError` for a folder that is not there."""
        from tagboat.build import CopyTimes
        from tagboat.dockerfile import parse_dockerfile
        from tagboat.sources import DirectoryTree, find_dockerfile, read_ignore_rules

        source = find_dockerfile(request.context, request.file)
        epoch = _epoch(request, tools, context)
        folders = {"": (request.context, read_ignore_rules(request.context, source.path))}
        for name, named in request.build_contexts.items():
            if named.kind is ContextKind.DIRECTORY and named.path is not None:
                folders[name] = (named.path, read_ignore_rules(named.path))
        contexts = {
            name: DirectoryTree(
                str(folder), ignore, recorded_mode=tools.recorded_modes(folder), left_out=_own_output(request, folder)
            )
            for name, (folder, ignore) in folders.items()
        }
        return cls(
            dockerfile=parse_dockerfile(source.text, source.shown),
            contexts=contexts,
            epoch=epoch,
            times=CopyTimes(constant=_copied_file_time(request, epoch), latest=request.source_date_epoch, made=epoch),
            latest=_latest_time(request, epoch),
        )


def _own_output(request: Request, folder: Path) -> tuple[str, ...]:
    """Return the path of the layout in a context: an earlier build's result is no source of the next."""
    if request.output is None:
        return ()
    output, root = request.output.resolve(), folder.resolve()
    return (output.relative_to(root).as_posix(),) if output.is_relative_to(root) and output != root else ()


def _epoch(request: Request, tools: Tools, context: Context | None) -> int:
    """Return the time of the image: SOURCE_DATE_EPOCH, else that of the commit, else 0, which is said."""
    if request.source_date_epoch is not None:
        return request.source_date_epoch
    if context is not None and context.commit_time is not None:
        return int(context.commit_time.timestamp())
    reason = (context.missing if context else "") or "the commit that this run is about is not in a checkout here"
    tools.progress.info(f"created is 1970-01-01, since SOURCE_DATE_EPOCH is not set and {reason}")
    return 0


def _copied_file_time(request: Request, epoch: int) -> int | None:
    match request.timestamps:
        case Timestamps.SOURCE:
            return None
        case Timestamps.COMMIT:
            return epoch
        case Timestamps.CONSTANT | None if request.source_date_epoch is not None:
            return min(COPIED_FILE_TIME, request.source_date_epoch)
        case Timestamps.CONSTANT | None:
            return COPIED_FILE_TIME


def _latest_time(request: Request, epoch: int) -> int | None:
    """Return the time that files of a RUN have at most: as they are, unless the caller asked for times that repeat."""
    asked = request.source_date_epoch is not None or request.timestamps in (Timestamps.CONSTANT, Timestamps.COMMIT)
    return epoch if asked else None
