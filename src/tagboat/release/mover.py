"""The release step's one verb."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Protocol

from tagboat.errors import StoppedError, TagboatError
from tagboat.flow.progress import Progress
from tagboat.flow.released import Move, Released, ReleasedName
from tagboat.flow.uploaded import Transfer, Uploaded
from tagboat.oci.digest import Digest
from tagboat.oci.reference import Reference, Repository
from tagboat.registry.client import Registry
from tagboat.registry.faults import MissingPartsError
from tagboat.registry.pool import run_all, threads

_JOBS = 8

Supply = Callable[[Repository, Iterable[Digest]], None]


class Guard(Protocol):
    """Knows names that must not move to this image."""

    def guards(self, name: Reference) -> bool:
        """Tell whether a name has to be asked about."""

    def find_backward(self, names: Iterable[Reference]) -> Mapping[Reference, str]:
        """Return the names that stay where they are, each with the reason."""


def move_names(
    uploaded: Uploaded,
    names: Sequence[Reference],
    registry: Registry,
    *,
    progress: Progress,
    supply: Supply | None = None,
    guard: Guard | None = None,
) -> Released:
    """Point every name at the uploaded root, each confirmed by the registry; names that point there are let be.

    A name that fails is recorded with its problem, and the others are still tried. An interruption does not wait for
    the registry's answers; it tells which names are known to have moved. `supply` brings parts that a
    registry turns out to lack, once a name; without it such a name fails. Names that `guard` knows move after the
    others, so that two runs at once see each other's versions, and only those that it does not hold back.
    """
    wanted = tuple(dict.fromkeys(names))
    root = uploaded.root.digest
    last = [name for name in wanted if guard and guard.guards(name) and uploaded.before.get(name) != root]
    spent = {repository: registry.requests(repository) for repository in uploaded.transfers}
    done: dict[Reference, ReleasedName] = {}

    def move(name: Reference) -> ReleasedName:
        done[name] = _move(uploaded, registry, supply, name)
        _tell(done[name], progress)
        return done[name]

    try:
        with threads(_JOBS, stop=registry.stop) as hands:
            run_all(hands, [partial(move, name) for name in wanted if name not in last])
            withheld = guard.find_backward(last) if guard and last else {}
            run_all(hands, [partial(move, name) for name in last if name not in withheld])
    except (KeyboardInterrupt, StoppedError):
        _tell_interrupted(done.values(), len(wanted), progress)
        raise
    for name, reason in withheld.items():
        progress.warn(f"{name.familiar} is withheld: {reason}")
    moved = [done[name] for name in wanted if name in done]
    return Released(names=_with_transfers(moved, uploaded, registry, spent), withheld=withheld)


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


def _tell_interrupted(done: Iterable[ReleasedName], count: int, progress: Progress) -> None:
    """Say which names point to the image, and that nobody knows of those whose answer was not waited for."""
    there = [name.reference.familiar for name in done if name.outcome is not Move.FAILED]
    progress.warn(
        f"interrupted: {len(there)} of {count} names are known to point to the image"
        + (f": {', '.join(sorted(there))}" if there else ""),
        "run it again: names that point there already cost one request each",
    )


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
