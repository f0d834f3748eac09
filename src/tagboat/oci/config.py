"""Image configurations: what a container runs, the layers' diff IDs and the history (image-spec config.md)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tagboat.errors import InputError, LayoutError
from tagboat.oci import canonical
from tagboat.oci.digest import Digest
from tagboat.oci.platform import Platform

_TOP_MEMBERS = {"architecture", "os", "variant", "os.version", "created", "author", "config", "rootfs", "history"}


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """How one instruction changed the image; `created` is RFC 3339, empty when unknown."""

    created: str = ""
    created_by: str = ""
    comment: str = ""
    author: str = ""
    empty_layer: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the JSON object; empty members are left out."""
        members = {
            "created": self.created,
            "created_by": self.created_by,
            "comment": self.comment,
            "author": self.author,
            "empty_layer": self.empty_layer,
        }
        return {key: value for key, value in members.items() if value}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageConfig:
    """An image configuration.

    `run` is the `config` object (Env, Cmd, Labels, …) as JSON, so that members that we do not know survive; `extra`
    holds unknown members of the top level. `history` of a base image is kept as it was read.
    """

    platform: Platform
    created: str = ""
    author: str = ""
    run: Mapping[str, Any] = field(default_factory=dict)
    diff_ids: tuple[Digest, ...] = ()
    history: tuple[Mapping[str, Any], ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def parse(cls, raw: bytes) -> ImageConfig:
        """Return the configuration that these bytes write; raises `LayoutError`."""
        try:
            document = json.loads(raw)
        except ValueError as error:
            raise LayoutError(f"an image configuration is not JSON: {error}") from error
        if not isinstance(document, dict):
            raise LayoutError("an image configuration is not a JSON object")
        _check_form(document)
        rootfs = document.get("rootfs") or {}
        try:
            diff_ids = tuple(Digest.parse(str(diff_id)) for diff_id in rootfs.get("diff_ids") or ())
        except InputError as error:
            raise LayoutError(f"an image configuration has a broken diff ID: {error}") from error
        return cls(
            platform=Platform.from_json(document),
            created=str(document.get("created") or ""),
            author=str(document.get("author") or ""),
            run=dict(document.get("config") or {}),
            diff_ids=diff_ids,
            history=tuple(document.get("history") or ()),
            extra={key: value for key, value in document.items() if key not in _TOP_MEMBERS},
        )

    def encode(self) -> bytes:
        """Return the bytes of this configuration; empty members are left out."""
        members: dict[str, Any] = {
            "created": self.created,
            "author": self.author,
            "config": {key: value for key, value in self.run.items() if value not in (None, "", [], {})},
            "history": [dict(entry) for entry in self.history],
        }
        return canonical.encode(
            {
                **self.extra,
                **self.platform.to_json(),
                **{key: value for key, value in members.items() if value},
                "rootfs": {"type": "layers", "diff_ids": [str(diff_id) for diff_id in self.diff_ids]},
            }
        )


def _check_form(document: Mapping[str, Any]) -> None:
    """Raise `LayoutError` when a member that is read has another form than it must have; null counts as absent."""
    forms = {"config": dict, "rootfs": dict, "history": list}
    wrong = [key for key, form in forms.items() if not isinstance(document.get(key) or form(), form)]
    history = document.get("history") or ()
    if "history" not in wrong and not all(isinstance(entry, dict) for entry in history):
        wrong.append("history")
    if "rootfs" not in wrong and not isinstance((document.get("rootfs") or {}).get("diff_ids") or [], list):
        wrong.append("rootfs")
    if wrong:
        raise LayoutError(f"an image configuration has a {' and a '.join(wrong)} that cannot be read")
