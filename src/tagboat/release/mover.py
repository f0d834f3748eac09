"""The release step's one verb."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from tagboat.errors import TagboatError
from tagboat.flow.progress import Progress
from tagboat.flow.released import Move, Released, ReleasedName
from tagboat.flow.uploaded import Transfer, Uploaded
from tagboat.oci.digest import Digest
from tagboat.oci.reference import Reference, Repository
from tagboat.registry.client import Registry
from tagboat.registry.faults import MissingPartsError

_JOBS = 8

Supply = Callable[[Repository, Iterable[Digest]], None]


def move_names(
    uploaded: Uploaded,
    names: Sequence[Reference],
    registry: Registry,
    *,
    progress: Progress,
    supply: Supply | None = None,
) -> Released:
    """Point every name at the uploaded root, each confirmed by the registry; names that point there are let be.

    A name that fails is recorded with its problem, and the others are still tried. `supply` brings parts that a
    registry turns out to lack, once a name; without it such a name fails.
    """
    spent = {repository: registry.requests(repository) for repository in uploaded.transfers}
    move = partial(_move, uploaded, registry, supply)
    executor = ThreadPoolExecutor(max_workers=_JOBS)
    try:
        moved = list(executor.map(move, dict.fromkeys(names)))
    finally:
        # An interruption lets the moves that have begun end, and begins no more.
        executor.shutdown(wait=True, cancel_futures=True)
    for name in moved:
        _tell(name, progress)
    return Released(names=_with_transfers(moved, uploaded, registry, spent))


def _move(uploaded: Uploaded, registry: Registry, supply: Supply | None, name: Reference) -> ReleasedName:
    root = uploaded.root
    result = ReleasedName(reference=name, digest=root.digest, outcome=Move.PUSHED)
    if uploaded.before.get(name) == root.digest:
        return dataclasses.replace(result, outcome=Move.UNCHANGED)
    if name.tag is None:
        return result  # the upload put it under its digest, which is all that was asked
    put = partial(registry.put_manifest, name.repository, name.tag, uploaded.raw, root.media_type)
    try:
        try:
            put()
        except MissingPartsError as error:
            if supply is None:
                raise
            supply(name.repository, error.missing)
            put()
    except TagboatError as error:
        problem = f"{error}; {error.hint}" if error.hint else str(error)
        return dataclasses.replace(result, outcome=Move.FAILED, problem=problem, exit_code=error.exit_code)
    return result


def _tell(name: ReleasedName, progress: Progress) -> None:
    match name.outcome:
        case Move.PUSHED:
            progress.info(f"{name.reference.familiar} is now {name.digest}")
        case Move.UNCHANGED:
            progress.info(f"{name.reference.familiar} was {name.digest} already")
        case Move.FAILED:
            progress.warn(f"{name.reference.familiar} was not moved: {name.problem}")


def _with_transfers(
    moved: Iterable[ReleasedName], uploaded: Uploaded, registry: Registry, spent: dict[Repository, int]
) -> tuple[ReleasedName, ...]:
    """Return the names, the first of each repository with what the repository cost in both steps."""
    waiting = dict(uploaded.transfers)
    result = []
    for name in moved:
        repository = name.reference.repository
        transfer = waiting.pop(repository, Transfer())
        if transfer.requests:
            more = registry.requests(repository) - spent[repository]
            transfer = dataclasses.replace(transfer, requests=transfer.requests + more)
        result.append(dataclasses.replace(name, transfer=transfer))
    return tuple(result)
