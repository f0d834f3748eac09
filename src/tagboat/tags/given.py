"""The names and labels that `build` is given word by word: no rules, no expressions, no context."""

from __future__ import annotations

import re

from tagboat.errors import InputError, raise_faults
from tagboat.flow.request import TagRequest
from tagboat.flow.tagset import Decision, Outcome, TagSet
from tagboat.oci.reference import Reference, TagName
from tagboat.tags.images import read_images
from tagboat.tags.labels import derive_annotations, derive_labels, keyed_lines, read_levels
from tagboat.tags.records import split_lines
from tagboat.tags.rules import literal_reference

_TYPED = re.compile(r'"?\s*type\s*=', re.IGNORECASE)


def given_tags(request: TagRequest) -> TagSet:
    """Return the literal tags, labels and annotations of a request; names go to `images`, full references stand alone.

    Raises `InputError`, or `FaultsError` with all faults; a line with `type=` is one.
    """
    faults: list[InputError] = []
    warnings: list[str] = []
    images = read_images(request.images, faults)
    levels = read_levels(request.annotation_levels, faults)
    named = tuple(dict.fromkeys(_read_names(request.tags, faults)))
    raise_faults(faults)
    if request.flavor.strip():
        warnings.append("flavor: only the tag rules of `run` and `tags` use it; it is not used here")
    bare = [name for name in named if isinstance(name, TagName)]
    literals = [name for name in named if isinstance(name, Reference)]
    names = tuple(dict.fromkeys(tag for name in named if (tag := name if isinstance(name, TagName) else name.tag)))
    annotations = keyed_lines(split_lines(request.annotations), "annotations", warnings)
    return TagSet(
        version=names[0] if names else "",
        names=names,
        references=tuple(dict.fromkeys([*(image.tag(name) for image in images for name in bare), *literals])),
        labels=derive_labels(keyed_lines(split_lines(request.labels), "labels", warnings), {}),
        annotations=derive_annotations(annotations, {}, levels),
        decisions=tuple(_decision(name) for name in named),
        warnings=tuple(warnings),
    )


def _read_names(text: str, faults: list[InputError]) -> list[TagName | Reference]:
    names: list[TagName | Reference] = []
    for line in split_lines(text):
        try:
            names.append(_read_name(line))
        except InputError as error:
            faults.append(InputError(f"tags: {error.problem}", error.hint))
    return names


def _read_name(line: str) -> TagName | Reference:
    if _TYPED.match(line):
        raise InputError(
            f"{line!r} is a rule; rules belong to `run` and `tags`", "write a tag or NAME:TAG here, or use `run`"
        )
    return literal_reference(line) or TagName.parse(line)


def _decision(name: TagName | Reference) -> Decision:
    tag = name.familiar if isinstance(name, Reference) else name
    return Decision(rule=tag, tag=tag, outcome=Outcome.MADE, reason="it is given")
