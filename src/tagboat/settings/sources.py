"""The only door to pydantic-settings: merges flags, variables and the file into one value an input."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, Field, create_model
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from tagboat.errors import InputError
from tagboat.flow.inputs import BY_NAME, Input, inputs_of
from tagboat.settings.file import SettingsFile
from tagboat.settings.given import Given

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

Parser = Callable[[Input, Given], Any]
_PREFIXES = ("INPUT_", "TAGBOAT_")  # the stronger first


def merge_sources(
    command: str, *, flags: Mapping[str, Given], environ: Mapping[str, str], file: SettingsFile | None, parse: Parser
) -> dict[str, Any]:
    """Return by name what each given input means, the strongest source deciding: flag, variables, file.

    `parse` turns what was given into a value and raises `InputError`, which then stands in the value's place so that
    all faults are seen. A name that the command does not take maps to its `Given`. Raises `InputError` for a broken
    file.
    """
    try:
        merged = _model(command, flags, environ, file, parse)()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise (file.broken(error) if file else error) from error
    known = {entry.name: getattr(merged, _field(entry)) for entry in inputs_of(command)}
    return {**{name: value for name, value in known.items() if value is not None}, **(merged.model_extra or {})}


def _field(entry: Input) -> str:
    """Return the attribute of an input; the ending keeps `json` and the like off pydantic's own attributes."""
    return entry.name.replace("-", "_") + "_input"


def _model(
    command: str, flags: Mapping[str, Given], environ: Mapping[str, str], file: SettingsFile | None, parse: Parser
) -> type[BaseSettings]:
    """Return the settings class of a command: a field for each input, and the sources in their order."""

    class Sources(BaseSettings):
        model_config = SettingsConfigDict(extra="allow", case_sensitive=True, validate_default=False)

        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *_: Any, **__: Any
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            variables = (_Variables(settings_cls, environ, prefix) for prefix in _PREFIXES)
            return InitSettingsSource(settings_cls, dict(flags)), *variables, _File(settings_cls, file)

    fields: dict[str, Any] = {
        _field(entry): (Annotated[Any, AfterValidator(_validator(entry, parse))], Field(None, alias=entry.name))
        for entry in inputs_of(command)
    }
    return create_model("Inputs", __base__=Sources, **fields)


def _validator(entry: Input, parse: Parser) -> Callable[[Given], Any]:
    def validate(given: Given) -> Any:
        try:
            return parse(entry, given)
        except InputError as error:
            return given.fault(entry.name, error.problem, error.hint)

    return validate


class _Variables(PydanticBaseSettingsSource):
    """The variables of one prefix, from the environment that was handed in."""

    def __init__(self, settings_cls: type[BaseSettings], environ: Mapping[str, str], prefix: str) -> None:
        super().__init__(settings_cls)
        self._environ = environ
        self._prefix = prefix

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Given | None, str, bool]:
        name = field.alias or field_name
        for variable in BY_NAME[name].variables:
            text = self._environ.get(variable, "")
            if variable.startswith(self._prefix) and text.strip():
                return Given(texts=(text,), source=variable), name, False
        return None, name, False

    def __call__(self) -> dict[str, Any]:
        found = (self.get_field_value(field, name) for name, field in self.settings_cls.model_fields.items())
        return {name: given for given, name, _ in found if given is not None}


class _File(TomlConfigSettingsSource):
    """The keys of tagboat.toml; those that only other commands take are left for them."""

    def __init__(self, settings_cls: type[BaseSettings], file: SettingsFile | None) -> None:
        super().__init__(settings_cls, toml_file=file.path if file else None)
        self._file = file

    def __call__(self) -> dict[str, Any]:
        return dict(self._givens(self._file)) if self._file else {}

    def _givens(self, file: SettingsFile) -> Iterator[tuple[str, Given]]:
        taken = {field.alias for field in self.settings_cls.model_fields.values()}
        for key, value in self.toml_data.items():
            given = file.given(key, value)
            if given.problem:  # kept apart, so that no stronger source hides it
                yield f"{key} here", given
            elif key not in BY_NAME or (key in taken and any(map(str.strip, given.texts))):
                yield key, given
