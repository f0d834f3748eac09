"""The upload step's verb, and the repair of what a registry lost since."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial

from tagboat.errors import StoppedError, TagboatError, raise_faults
from tagboat.flow.progress import Progress
from tagboat.flow.uploaded import Transfer, Uploaded
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.digest import Digest
from tagboat.oci.reference import Reference, Repository
from tagboat.registry.client import Registry
from tagboat.registry.pool import run_all, threads
from tagboat.registry.scope import Access
from tagboat.upload.graph import BlobSource, ImageGraph, read_graph
from tagboat.upload.repository import RepositoryUpload

_JOBS = 8
Found = Mapping[Reference, Digest | None]
_AGAIN = "run it again: what arrived whole is not sent again"


def upload_layout(
    layout: BlobSource,
    root: Descriptor,
    names: Sequence[Reference],
    registry: Registry,
    *,
    jobs: int,
    progress: Progress,
    check: Callable[[Found], None] = lambda _found: None,
) -> Uploaded:
    """Put the image that `root` points to into every repository of `names`, by digest; no name moves.

    A name without a tag asks for the image by its digest alone. `jobs` blobs travel at once, 0 means eight. `check` is
    told where the names point before anything is sent, and may raise. A failure in one repository does not keep the
    others from ending; then all faults are raised together.
    """
    graph = read_graph(layout, root)
    repositories = tuple(dict.fromkeys(name.repository for name in names))
    spent = {repository: registry.requests(repository) for repository in repositories}
    try:
        before, sent, faults = _send(graph, layout, names, registry, jobs=jobs or _JOBS, check=check)
    except (KeyboardInterrupt, StoppedError):
        progress.warn(f"interrupted while uploading: no name was moved to {root.digest}", _AGAIN)
        raise
    transfers = {
        repository: Transfer(
            bytes_sent=sent[repository],
            bytes_skipped=graph.blob_bytes - sent[repository],
            requests=registry.requests(repository) - spent[repository],
        )
        for repository in repositories
        if repository in sent
    }
    _tell(root, transfers, faults, progress)
    raise_faults(faults.values())
    return Uploaded(root=root, raw=graph.root.raw, transfers=transfers, before=before)


def supply_missing(
    layout: BlobSource, root: Descriptor, repository: Repository, missing: Iterable[Digest], registry: Registry
) -> None:
    """Bring parts of an uploaded image that a registry turned out to lack; none named means all of them."""
    upload = RepositoryUpload(repository, graph=read_graph(layout, root), source=layout, registry=registry)
    upload.supply(missing)


def _send(
    graph: ImageGraph,
    layout: BlobSource,
    names: Sequence[Reference],
    registry: Registry,
    *,
    jobs: int,
    check: Callable[[Found], None],
) -> tuple[dict[Reference, Digest | None], dict[Repository, int], dict[Repository, TagboatError]]:
    """Return where each name pointed, the bytes sent to each repository that was reached, and the others' faults."""
    workers = partial(threads, jobs, stop=registry.stop)
    with workers() as carriers, workers() as hands:
        before, faults = _look_all(names, graph, registry, hands)
        check(before)
        uploads = [
            RepositoryUpload(repository, graph=graph, source=layout, registry=registry)
            for repository in dict.fromkeys(name.repository for name in names)
            if repository not in faults
        ]
        errands = [partial(_run_registry, group, before, carriers) for group in _by_registry(uploads)]
        sent: dict[Repository, int] = {}
        for reached, failed in run_all(hands, errands):
            sent |= reached
            faults |= failed
    return before, sent, faults


def _look_all(
    names: Iterable[Reference], graph: ImageGraph, registry: Registry, hands: Executor
) -> tuple[dict[Reference, Digest | None], dict[Repository, TagboatError]]:
    """Return where each name points, and the first fault of each repository that cannot be looked into."""
    wanted = tuple(dict.fromkeys(names))
    root = graph.root.descriptor.digest
    found = run_all(hands, [partial(_look, name, root, registry) for name in wanted])
    before: dict[Reference, Digest | None] = {}
    faults: dict[Repository, TagboatError] = {}
    for name, answer in zip(wanted, found, strict=True):
        if isinstance(answer, TagboatError):
            faults.setdefault(name.repository, answer)
        else:
            before[name] = answer
    return before, faults


def _look(name: Reference, root: Digest, registry: Registry) -> Digest | TagboatError | None:
    """Return where a name points; without a tag, whether the root is there."""
    asked = name if name.tag else name.repository.at(root)
    try:
        found = registry.head_manifest(asked, access=Access.PUSH)
    except TagboatError as fault:
        return fault
    return found.digest if found else None


def _by_registry(uploads: Iterable[RepositoryUpload]) -> list[list[RepositoryUpload]]:
    groups: dict[str, list[RepositoryUpload]] = {}
    for upload in uploads:
        groups.setdefault(upload.repository.registry, []).append(upload)
    return list(groups.values())


def _run_registry(
    uploads: Iterable[RepositoryUpload], before: Mapping[Reference, Digest | None], carriers: Executor
) -> tuple[dict[Repository, int], dict[Repository, TagboatError]]:
    """Upload to the repositories of one registry, one after the other: each later one mounts from an earlier."""
    sent: dict[Repository, int] = {}
    faults: dict[Repository, TagboatError] = {}
    for upload in uploads:
        names = {name: digest for name, digest in before.items() if name.repository == upload.repository}
        try:
            sent[upload.repository] = upload.run(names, carriers, next(iter(sent), None))
        except TagboatError as fault:
            faults[upload.repository] = fault
    return sent, faults


def _tell(
    root: Descriptor,
    transfers: Mapping[Repository, Transfer],
    faults: Mapping[Repository, TagboatError],
    progress: Progress,
) -> None:
    for repository, transfer in transfers.items():
        progress.info(
            f"{repository.familiar}: {transfer.bytes_sent} bytes sent, {transfer.bytes_skipped} were there,"
            f" {transfer.requests} requests"
        )
    if faults and transfers:
        reached = ", ".join(repository.familiar for repository in transfers)
        progress.warn(f"the image was uploaded to {reached}, but not everywhere; no name was moved")
    elif faults:
        progress.info(f"nothing was published: no name was moved to {root.digest}")
