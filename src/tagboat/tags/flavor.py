"""The `flavor` input: affixes of all tags, and what becomes of `latest`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tagboat.errors import InputError
from tagboat.tags.attributes import nearest
from tagboat.tags.records import checked_records
from tagboat.tags.template import Template


class Latest(StrEnum):
    """Whether `latest` is made: by the first tag's rule, always or never."""

    AUTO = "auto"
    TRUE = "true"
    FALSE = "false"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flavor:
    """The affixes, and whether `latest` takes them too."""

    latest: Latest
    prefix: Template
    suffix: Template
    prefix_latest: bool
    suffix_latest: bool

    @property
    def latest_name(self) -> str:
        """`latest` with its affixes as they are written: expressions in them are not evaluated there."""
        prefix = self.prefix.source if self.prefix_latest else ""
        return f"{prefix}latest{self.suffix.source if self.suffix_latest else ''}"


def read_flavor(text: str, faults: list[InputError], warnings: list[str]) -> Flavor:
    """Read the `flavor` input; what is wrong is added to `faults`."""
    values = {"latest": "auto", "prefix": "", "suffix": "", "prefix onlatest": "false", "suffix onlatest": "false"}
    for record in checked_records(text, "flavor", faults):
        affix = ""
        entries = record.unwrapped()
        for field, column in zip(entries.fields, entries.columns, strict=True):
            try:
                key, value = _read_entry(field)
            except InputError as error:
                place = f"line {record.number}, column {column + len(field) - len(field.lstrip())}"
                faults.append(InputError(f"flavor: {place}: {record.line!r}: {error.problem}", error.hint))
                continue
            if key != "onlatest":
                values[key] = value
                affix = key if key != "latest" else affix
            elif affix:
                values[f"{affix} onlatest"] = value
            else:
                warnings.append(
                    f"flavor: {record.line!r}: onlatest= follows no prefix= or suffix= on its line; it is not used"
                )
    return Flavor(
        latest=Latest(values["latest"]),
        prefix=_template("prefix", values, faults),
        suffix=_template("suffix", values, faults),
        prefix_latest=values["prefix onlatest"] == "true",
        suffix_latest=values["suffix onlatest"] == "true",
    )


def _read_entry(field: str) -> tuple[str, str]:
    key, equals, rest = field.partition("=")
    key, value = key.strip().lower(), rest.partition("=")[0].strip()  # metadata-action ends a value at a second `=`
    match key if equals else "":
        case "latest" if value in set(Latest):
            return key, value
        case "latest":
            raise InputError(f"latest={value} is not known", nearest(value, Latest, "latest="))
        case "onlatest" if value in {"true", "false"}:
            return key, value
        case "onlatest":
            raise InputError(f"onlatest={value} is neither true nor false", "write onlatest=true or onlatest=false")
        case "prefix" | "suffix":
            return key, value
        case _:
            known = ("latest", "prefix", "suffix", "onlatest")
            raise InputError(f"{field.strip()!r} is an unknown entry", nearest(key, known))


def _template(key: str, values: dict[str, str], faults: list[InputError]) -> Template:
    try:
        return Template.parse(values[key])
    except InputError as error:
        faults.append(InputError(f"flavor: {key}={values[key]}: {error.problem}", error.hint))
        return Template.parse("")
