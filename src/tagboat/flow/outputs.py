"""What a run hands to its user: one document, the same for `--json`, the CI outputs and the report."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tagboat.flow.built import Built
from tagboat.flow.context import Context
from tagboat.flow.plan import BuildPlan, PlanWarning
from tagboat.flow.released import Move, Released
from tagboat.flow.request import BAKE_TARGET
from tagboat.flow.tagset import TagSet
from tagboat.flow.uploaded import Uploaded
from tagboat.oci.descriptor import Descriptor


@dataclass(frozen=True, slots=True, kw_only=True)
class PushDecision:
    """Whether this run pushes, and the reason in words for people."""

    push: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """Everything known at the end of a run; steps that did not take place are None.

    `layout` is the path the user asked for (`--output`), empty when the layout was temporary. `findings` are those of
    the warnings that are about a line of a file. `bake_target` is the target of the files for docker/bake-action;
    `sets_environment` says that later steps of the job get DOCKER_METADATA_OUTPUT_….
    """

    tagset: TagSet = field(default_factory=TagSet)
    context: Context | None = None
    decision: PushDecision | None = None
    plan: BuildPlan | None = None
    built: Built | None = None
    uploaded: Uploaded | None = None
    released: Released | None = None
    layout: str = ""
    warnings: tuple[str, ...] = ()
    findings: tuple[PlanWarning, ...] = ()
    seconds: float = 0.0
    bake_target: str = BAKE_TARGET
    sets_environment: bool = True

    @property
    def root(self) -> Descriptor | None:
        """The image that the run is about; None when there is none or, after a push of many tags, several."""
        if self.built:
            return self.built.root
        digests = {name.digest for name in self.released.names} if self.released else set()
        return self.uploaded.root if self.uploaded and digests <= {self.uploaded.root.digest} else None

    @property
    def references(self) -> list[str]:
        """The names with their digest, `name:tag@sha256:…`, of those that now point to the image."""
        if self.released is None:
            return []
        return [
            f"{name.reference.familiar}@{name.digest}"
            for name in self.released.names
            if name.outcome is not Move.FAILED
        ]

    def to_json(self) -> dict[str, Any]:
        """Return the document of `build --json` and `run --json`."""
        tags = self.tagset.to_json()
        return {
            "digest": str(self.root.digest) if self.root else "",
            "digests": {key: str(digest) for key, digest in self.built.digests.items()} if self.built else {},
            "imageid": self.built.image_id if self.built else "",
            "media-type": self.root.media_type if self.root else "",
            "layout": self.layout,
            "tags": tags["tags"] if self.tagset.names else [],
            "tag-names": tags["tag-names"],
            "version": tags["version"],
            "labels": tags["labels"],
            "annotations": tags["annotations"],
            "references": self.references,
            "pushed": [name.to_json() for name in self.released.names] if self.released else [],
            "metadata": self._metadata(),
            "warnings": list(dict.fromkeys((*self.tagset.warnings, *self.warnings))),
        }

    def _metadata(self) -> dict[str, Any]:
        """Return the keys that docker/build-push-action's `metadata` has."""
        root = self.root
        if root is None:
            return {}
        names = [name.reference.familiar for name in self.released.names] if self.released else []
        return {
            "containerimage.digest": str(root.digest),
            # An index has no configuration: the key is left out, as buildx leaves it out.
            **(
                {"containerimage.config.digest": self.built.image_id}
                if self.built and len(self.built.images) == 1
                else {}
            ),
            "containerimage.descriptor": {
                "mediaType": root.media_type,
                "digest": str(root.digest),
                "size": root.size,
            },
            **({"image.name": ",".join(names)} if names else {}),
        }
