"""Labels and annotations: the keys of the OCI about this run, and the user's own over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC
from itertools import product

from tagboat.errors import InputError, raise_faults
from tagboat.oci import annotations as oci
from tagboat.oci.annotations import Annotation, Level
from tagboat.tags.facts import Facts
from tagboat.tags.records import numbered_lines
from tagboat.tags.template import Template


def read_lines(text: str, name: str, faults: list[InputError]) -> tuple[Template, ...]:
    """Read the KEY=VALUE lines of the input `name`; what is wrong is added to `faults`."""
    lines = []
    for number, line in numbered_lines(text):
        try:
            lines.append(Template.parse(line))
        except InputError as error:
            faults.append(InputError(f"{name}: line {number}: {line!r}: {error.problem}", error.hint))
    return tuple(lines)


def read_levels(text: str, faults: list[InputError], *, several_platforms: bool = False) -> tuple[Level, ...]:
    """Read DOCKER_METADATA_ANNOTATIONS_LEVELS, by default the manifest; what is wrong is added to `faults`.

    With several platforms the default is the index too, where GitHub's registry looks for a description.
    """
    default = (Level.MANIFEST.value, Level.INDEX.value) if several_platforms else (Level.MANIFEST.value,)
    words = tuple(dict.fromkeys(word.strip() for word in text.split(",") if word.strip())) or default
    faults.extend(
        InputError(
            f"DOCKER_METADATA_ANNOTATIONS_LEVELS: {word!r} is not a level of annotations",
            f"the levels are {', '.join(Level)}",
        )
        for word in words
        if word not in set(Level)
    )
    return tuple(Level(word) for word in words if word in set(Level))


def keyed_lines(lines: Iterable[str], name: str, warnings: list[str]) -> tuple[str, ...]:
    """Return the lines that are KEY=VALUE; each other one becomes a warning."""
    kept = []
    for line in lines:
        if line.partition("=")[0] and "=" in line:
            kept.append(line)
        else:
            warnings.append(f"{name}: {line!r} is no KEY=VALUE; it is not used")
    return tuple(kept)


def derive_labels(lines: Iterable[str], known: Mapping[str, str]) -> dict[str, str]:
    """Return the labels `known` with those of the KEY=VALUE `lines` over them; the last of equal keys counts."""
    own = (line.partition("=") for line in lines)
    return dict(sorted({**known, **{key: value for key, _, value in own}}.items()))


def derive_annotations(
    lines: Iterable[str], known: Mapping[str, str], levels: Iterable[Level]
) -> tuple[Annotation, ...]:
    """Return the annotations at each of `levels`, those of `lines` over the `known`.

    A line may name its own level, and a platform. Raises `InputError`, or `FaultsError` with all faults.
    """
    found: dict[str, Annotation] = {}
    faults: dict[str, InputError] = {}
    all_lines = [*(f"{key}={value}" for key, value in known.items()), *lines]
    for level, line in product(levels, all_lines):
        try:
            found |= {annotation.name: annotation for annotation in Annotation.parse(line, level)}
        except InputError as error:
            faults[line] = InputError(f"annotations: {line!r}: {error.problem}", error.hint)
    raise_faults(faults.values())
    return tuple(sorted(found.values(), key=lambda annotation: (list(Level).index(annotation.level), annotation.name)))


def oci_values(facts: Facts, version: str) -> dict[str, str]:
    """Return the OCI's keys for this run; what is not known is left out."""
    repository = facts.context.repository
    created = facts.created.astimezone(UTC) if facts.created else None
    values = {
        oci.TITLE: repository.title,
        oci.DESCRIPTION: repository.description,
        oci.URL: repository.url,
        oci.SOURCE: repository.url,
        oci.VERSION: version,
        oci.CREATED: created.isoformat(timespec="milliseconds").replace("+00:00", "Z") if created else "",
        oci.REVISION: facts.revision,
        oci.LICENSES: repository.licenses,
    }
    return {key: value for key, value in values.items() if value}
