"""Writing images: layers compressed once, configurations and manifests as bytes that only the inputs decide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from operator import eq

from tagboat.bases import Bases
from tagboat.build.stage import LayerDraft, StageState
from tagboat.errors import DockerfileError, Location
from tagboat.flow.built import BuiltImage
from tagboat.flow.plan import ImageSource, PlatformPlan, StageBase, StagePlan
from tagboat.flow.progress import Progress
from tagboat.flow.request import Compression
from tagboat.layers.changes import Entry
from tagboat.layers.write import write_layer
from tagboat.layout.blobs import BlobStore
from tagboat.oci import mediatype
from tagboat.oci.config import History, ImageConfig
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.digest import Digest
from tagboat.oci.manifest import Manifest

_Layer = tuple[Descriptor, Digest]


class ImageExport:
    """Writes images into a blob store; a layer that two platforms share is written once."""

    def __init__(self, blobs: BlobStore, compression: Compression, jobs: int, created: int, progress: Progress) -> None:
        """Write into `blobs`; `created` is in seconds since the epoch."""
        self._blobs = blobs
        self._compression = compression
        self._jobs = jobs
        self._created = datetime.fromtimestamp(created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        self._progress = progress
        self._written: list[tuple[LayerDraft, _Layer]] = []

    def image(
        self,
        plan: PlatformPlan,
        states: Mapping[int, StageState],
        bases: Bases,
        annotations: Mapping[str, str],
    ) -> BuiltImage:
        """Write the target stage of a platform as an image, with the layers of all that it stands on."""
        layers: list[_Layer] = []
        history: list[Mapping[str, object]] = []
        for stage in _ancestry(plan):
            if isinstance(stage.base, ImageSource):
                self._take_base(stage.base, bases, layers, history)
            self._add_stage(stage, states[stage.index], layers, history)
        config = ImageConfig(
            platform=plan.platform,
            created=self._created,
            author=plan.target.author,
            run=plan.target.run,
            diff_ids=tuple(diff_id for _, diff_id in layers),
            history=tuple(history),
        )
        raw = config.encode()
        self._blobs.add(raw)
        manifest = Manifest.make(
            config=Descriptor.of(mediatype.CONFIG, raw),
            layers=[descriptor for descriptor, _ in layers],
            annotations=annotations,
        )
        self._blobs.add(manifest.raw)
        return BuiltImage(
            manifest=manifest.descriptor.with_platform(config.platform),
            config=manifest.config,
            layers=manifest.layers,
        )

    def _take_base(
        self, source: ImageSource, bases: Bases, layers: list[_Layer], history: list[Mapping[str, object]]
    ) -> None:
        """Take a base image's layers and history as they are: its digests stay untouched."""
        base = bases.get(source)
        for descriptor, diff_id in zip(base.manifest.layers, base.config.diff_ids, strict=True):
            self._blobs.link_or_copy(base.blobs.path(descriptor), descriptor.digest)
            taken = Descriptor(
                media_type=mediatype.oci_form(descriptor.media_type),
                digest=descriptor.digest,
                size=descriptor.size,
                annotations=descriptor.annotations,
                urls=descriptor.urls,
            )
            layers.append((taken, diff_id))
        history += _whole_history(base.config.history, len(layers), f"FROM {source.name}")

    def _add_stage(
        self, stage: StagePlan, state: StageState, layers: list[_Layer], history: list[Mapping[str, object]]
    ) -> None:
        for line in stage.history:
            draft = state.drafts.get(line.step) if line.step is not None else None
            if draft:
                layers.append(self._layer(draft, line.created_by, stage.steps[line.step or 0].location))
            entry = History(created=self._created, created_by=line.created_by, empty_layer=draft is None)
            history.append(entry.to_json())

    def _layer(self, draft: LayerDraft, title: str, location: Location) -> _Layer:
        for written_draft, layer in self._written:
            if _same_bytes(draft, written_draft):
                return layer
        self._progress.detail(title)
        try:
            with self._blobs.new_blob() as blob:
                written = write_layer(draft, blob, self._compression, self._jobs)
                digest, size = blob.commit()
        except DockerfileError as error:
            error.location = error.location or location
            raise
        descriptor = Descriptor(media_type=written.media_type, digest=digest, size=size)
        self._written.append((draft, (descriptor, written.diff_id)))
        return descriptor, written.diff_id


def _ancestry(plan: PlatformPlan) -> list[StagePlan]:
    """Return the target stage and the stages it is built on, the lowest first."""
    by_index = {stage.index: stage for stage in plan.stages}
    chain = [plan.target]
    while isinstance(chain[-1].base, StageBase):
        chain.append(by_index[chain[-1].base.index])
    return chain[::-1]


def _whole_history(
    history: Iterable[Mapping[str, object]], layer_count: int, created_by: str
) -> list[Mapping[str, object]]:
    """Return a base's history with exactly one full line a layer, as the image specification wants it.

    It is kept as it is where it fits; else missing lines are added, and those without a layer count as empty.
    """
    lines: list[Mapping[str, object]] = []
    for line in history:
        if not line.get("empty_layer"):
            layer_count -= 1
        lines.append(line if layer_count >= 0 else {**line, "empty_layer": True})
    return lines + [History(created_by=created_by).to_json()] * layer_count


def _same_bytes(one: LayerDraft, other: LayerDraft) -> bool:
    """Say whether two drafts make the same bytes; entry by entry, so that different ones are told apart at once."""
    return one is other or (len(one) == len(other) and all(map(eq, _comparable(one), _comparable(other))))


def _comparable(draft: LayerDraft) -> Iterator[Entry]:
    """Yield the entries with the first name of each hard-link group for the group: groups differ from step to step."""
    first: dict[object, str] = {}
    for entry in draft:
        group = entry.link_group
        yield entry if group is None else entry._replace(link_group=first.setdefault(group, entry.path))
