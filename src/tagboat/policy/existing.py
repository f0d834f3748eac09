"""Names that are written once: what is there under one stays there."""

from __future__ import annotations

from collections.abc import Mapping

from tagboat.errors import PolicyError
from tagboat.flow.tagset import NameClass, TagSet
from tagboat.oci.digest import Digest
from tagboat.oci.reference import Reference


class NameTakenError(PolicyError):
    """Write-once names already show another image: `taken` are these, each with what it shows."""

    def __init__(self, problem: str, hint: str, taken: Mapping[Reference, Digest]) -> None:
        super().__init__(problem, hint)
        self.taken = taken

    @property
    def image(self) -> Reference:
        """The one image that all of them show, by digest, in one of its repositories.

        Raises `PolicyError` when they show several: then nobody can say which of them is the release.
        """
        if len(set(self.taken.values())) > 1:
            shown = ", ".join(f"{name.familiar} is {digest}" for name, digest in self.taken.items())
            raise PolicyError(
                f"on-existing is keep, but the names show several images: {shown}", "delete the wrong one of these tags"
            )
        name, digest = next(iter(self.taken.items()))
        return name.repository.at(digest)


def check_write_once(before: Mapping[Reference, Digest | None], digest: Digest, tagset: TagSet) -> None:
    """Raise `NameTakenError` when a write-once name shows anything but the image with this digest.

    `before` is what each name shows now, None for nothing. Names that no rule made are none of this guard's.
    """
    taken = {
        name: there
        for name, there in before.items()
        if there is not None and there != digest and _is_write_once(name, tagset)
    }
    if taken:
        shown = "; ".join(f"{name.familiar} exists, and is {there}" for name, there in taken.items())
        raise NameTakenError(
            f"{shown}; this run's image is {digest}, and such a name never changes its image",
            "release it under a new version, or leave out this tag's rule on this event; or write on-existing: keep,"
            " which publishes the image that exists under the names that lack it",
            taken,
        )


def _is_write_once(name: Reference, tagset: TagSet) -> bool:
    standing = tagset.standing(name)
    return standing is not None and standing.name_class is NameClass.WRITE_ONCE
