"""What the CI system or the checkout says about a run, as one `Context`."""

from __future__ import annotations

from tagboat.ci.detect import read_context

__all__ = ["read_context"]
