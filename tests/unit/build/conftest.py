"""A workshop whose every layout is validated at the end."""

from __future__ import annotations

import pytest

from fakes.building import Workshop


@pytest.fixture
def workshop(tmp_path):
    """Return a place to build in; what was written there keeps all promises of the format."""
    place = Workshop(tmp_path)
    yield place
    place.check()
