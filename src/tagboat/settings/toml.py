"""The only door to pydantic-settings: reads tagboat.toml."""

from __future__ import annotations

import tomllib
from typing import Any

from pydantic_settings import BaseSettings, TomlConfigSettingsSource

from tagboat.settings.file import SettingsFile


def read_toml(file: SettingsFile) -> dict[str, Any]:
    """Return the keys of a settings file; raises `InputError` when it cannot be read or is no TOML."""
    try:
        return dict(TomlConfigSettingsSource(BaseSettings, toml_file=file.path).toml_data)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise file.broken(error) from error
