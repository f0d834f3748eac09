"""From an image to names in registries: what is checked, sent and moved, in this order."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from tagboat.errors import FaultsError
from tagboat.flow.built import Built, BuiltImage
from tagboat.flow.outputs import Outputs, PushDecision
from tagboat.flow.past import Commit
from tagboat.flow.released import Released
from tagboat.flow.request import OnExisting, Push, Request, Step
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.manifest import Manifest, parse
from tagboat.oci.reference import Reference
from tagboat.pipeline.tools import Tools
from tagboat.policy import NameTakenError, check_write_once

if TYPE_CHECKING:
    from tagboat.upload.graph import BlobSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """An image, and the names that it is to get.

    `place` is where in a registry it lies already, if it does, and `commit` what it says there of its sources; None for
    an image of this run.
    """

    source: BlobSource
    root: Descriptor
    names: tuple[Reference, ...]
    place: Reference | None = None
    commit: Commit | None = None


def publish(image: Image, request: Request, tools: Tools, outputs: Outputs) -> Outputs:
    """Upload everything by digest, then move the names; names of earlier calls are kept in the outputs.

    Where a write-once name has another image, `on-existing: keep` publishes that one in its place; else raises
    `PolicyError`, before anything is sent. The name of a commit that was built under another version before, on its
    branch and now on its git tag, is left to the earlier build.
    """
    try:
        return _published(image, request, tools, outputs)
    except NameTakenError as error:
        if request.on_existing is OnExisting.FAIL:
            left = _built_before(error, image, tools, outputs)
            if left.keys() != error.taken.keys():
                raise
            for name, reason in left.items():
                tools.progress.warn(f"{name.familiar} is withheld: {reason}")
            rest = dataclasses.replace(image, names=tuple(name for name in image.names if name not in left))
            outputs = dataclasses.replace(outputs, tagset=outputs.tagset.withholding(left))
            return _published(rest, request, tools, outputs)
        kept = find_image(error.image, image.names, tools)
        tools.progress.warn(f"the image that exists is kept, and gets the other names: {error.problem}")
        if outputs.built is not None:
            outputs = dataclasses.replace(outputs, built=_as_built(kept, outputs.built))
        return _published(kept, request, tools, outputs)


def publish_if_allowed(image: Image, request: Request, tools: Tools, outputs: Outputs) -> Outputs:
    """Publish; where `push: auto` meets a job token that may only read, say so and let the build be enough."""
    from tagboat.registry.faults import JobTokenRefusedError

    try:
        return publish(image, request, tools, outputs)
    except (JobTokenRefusedError, FaultsError) as error:
        refusals = error.faults if isinstance(error, FaultsError) else (error,)
        if request.push is not Push.AUTO or not all(isinstance(fault, JobTokenRefusedError) for fault in refusals):
            raise
        reason = "push is auto, and this job's own token may not write to the registry"
        tools.progress.warn(f"not pushed: {reason}: {refusals[0].problem}", refusals[0].hint)
        return dataclasses.replace(outputs, decision=PushDecision(push=False, reason=reason))


def find_image(reference: Reference, names: tuple[Reference, ...], tools: Tools) -> Image:
    """Return the image that lies in a registry, to be given more names; raises `RegistryError` when it is not there."""
    from tagboat.registry.scope import Access
    from tagboat.release import find_commit
    from tagboat.upload import RemoteImage

    registry, repository = tools.registry(), reference.repository
    writes_there = any(name.repository == repository for name in names)
    document, root = registry.get_manifest(reference, access=Access.PUSH if writes_there else Access.PULL)
    source = RemoteImage(repository, registry)
    commit = find_commit(document, repository, registry)
    return Image(source=source, root=root, names=names, place=repository.at(root.digest), commit=commit)


def _published(image: Image, request: Request, tools: Tools, outputs: Outputs) -> Outputs:
    from tagboat.release import ForwardGuard, move_names
    from tagboat.upload import supply_missing, upload_layout

    registry, progress = tools.registry(), tools.progress
    # Beside its place in the registry, an image is mounted into the other repositories there, not sent.
    wanted = (image.place, *image.names) if image.place else image.names
    check = partial(check_write_once, digest=image.root.digest, tagset=outputs.tagset)
    with progress.group("Upload"):
        uploaded = upload_layout(
            image.source, image.root, wanted, registry, jobs=request.jobs, progress=progress, check=check
        )
    outputs = dataclasses.replace(outputs, uploaded=uploaded)
    if request.until in (Step.UPLOAD, Step.SIGN):
        return outputs
    supply = partial(supply_missing, image.source, image.root, registry=registry)
    with progress.group("Release"):
        guard = ForwardGuard(
            tagset=outputs.tagset,
            commit=_commit(image, outputs),
            past=tools.past,
            registry=registry,
            progress=progress,
        )
        released = move_names(uploaded, image.names, registry, progress=progress, supply=supply, guard=guard)
    before = outputs.released or Released()
    return dataclasses.replace(
        outputs,
        tagset=outputs.tagset.withholding(released.withheld),
        released=Released(names=(*before.names, *released.names), withheld={**before.withheld, **released.withheld}),
    )


def _commit(image: Image, outputs: Outputs) -> Commit:
    """Return the commit that an image shows, in the labels that it is built with; else the one that is built."""
    from tagboat.release import commit_of

    if image.commit is not None:
        return image.commit
    said, context = commit_of(outputs.tagset.labels), outputs.context
    return Commit(
        revision=said.revision or (context.revision if context else ""),
        time=said.time or (context.commit_time if context else None),
        version=said.version,
    )


def _built_before(error: NameTakenError, image: Image, tools: Tools, outputs: Outputs) -> dict[Reference, str]:
    """Return the taken names of a commit whose images are of that commit too, under another version; why, for each."""
    from tagboat.registry.scope import Access
    from tagboat.release import find_commit

    ours, registry, left = _commit(image, outputs), tools.registry(), {}
    for name in error.taken:
        standing = outputs.tagset.standing(name)
        if standing is None or not standing.of_commit or not ours.revision:
            continue
        document, _ = registry.get_manifest(name, access=Access.PUSH)
        there = find_commit(document, name.repository, registry)
        if there.revision == ours.revision and there.version and there.version != ours.version:
            left[name] = f"it shows the same commit, built as {there.version}"
    return left


def _as_built(image: Image, built: Built) -> Built:
    """Return what the outputs say of an image that was kept in place of the one that was built."""
    document = parse(image.source.read(image.root), image.root.media_type)
    if isinstance(document, Manifest):
        platforms = dict.fromkeys(list(built.images)[:1], _built_image(image.root, document))
    else:
        platforms = {
            child.platform: _built_image(child, manifest)
            for child in document.manifests
            if child.platform is not None
            and isinstance(manifest := parse(image.source.read(child), child.media_type), Manifest)
        }
    return dataclasses.replace(built, root=image.root, images=platforms)


def _built_image(descriptor: Descriptor, manifest: Manifest) -> BuiltImage:
    return BuiltImage(manifest=descriptor, config=manifest.config, layers=manifest.layers)
