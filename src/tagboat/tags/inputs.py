"""All inputs of the tag engine, read and checked together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tagboat.errors import InputError, raise_faults
from tagboat.flow.request import TagRequest
from tagboat.oci.annotations import Level
from tagboat.oci.reference import Repository
from tagboat.tags.facts import read_short_length
from tagboat.tags.flavor import Flavor, read_flavor
from tagboat.tags.handlebars import nearest_name
from tagboat.tags.images import read_images
from tagboat.tags.kinds import Rule
from tagboat.tags.labels import read_levels, read_lines
from tagboat.tags.rules import read_rules
from tagboat.tags.template import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """What the inputs say; `rules` are in the order of their priority, `short_length` is a number of characters."""

    images: tuple[Repository, ...]
    rules: tuple[Rule, ...]
    flavor: Flavor
    labels: tuple[Template, ...]
    annotations: tuple[Template, ...]
    levels: tuple[Level, ...]
    short_length: int
    warnings: tuple[str, ...]

    def expression_warnings(self, *, is_commit_dated: bool) -> list[str]:
        """Say which names give nothing, and where a commit's unknown date is taken from the clock."""
        warnings = []
        for where, template in self._templates():
            for name in template.unknown:
                near = nearest_name(name)
                hint = f"; did you mean {{{{{near}}}}}?" if near else ""
                warnings.append(f"{where}: {{{{{name}}}}} is not known here and gives nothing{hint}")
            if "commit_date" in template.names and not is_commit_dated:
                warnings.append(f"{where}: the date of the commit is not known; commit_date is the time of this run")
        return warnings

    def _templates(self) -> Iterator[tuple[str, Template]]:
        for rule in self.rules:
            yield from ((f"tags: {rule.line!r}", template) for template in rule.templates)
        affixes = (self.flavor.prefix, self.flavor.suffix)
        for name, templates in (("flavor", affixes), ("labels", self.labels), ("annotations", self.annotations)):
            yield from ((f"{name}: {template.source!r}", template) for template in templates)


def read_inputs(request: TagRequest) -> Inputs:
    """Read all inputs; raises `InputError`, or `FaultsError` with every fault of every input."""
    faults: list[InputError] = []
    warnings: list[str] = []
    inputs = Inputs(
        images=read_images(request.images, faults),
        rules=read_rules(request.tags, faults, warnings),
        flavor=read_flavor(request.flavor, faults, warnings),
        labels=read_lines(request.labels, "labels", faults),
        annotations=read_lines(request.annotations, "annotations", faults),
        levels=read_levels(request.annotation_levels, faults, several_platforms=request.several_platforms),
        short_length=read_short_length(request.short_sha_length, faults),
        warnings=(),
    )
    raise_faults(faults)
    return replace(inputs, warnings=tuple(warnings))
