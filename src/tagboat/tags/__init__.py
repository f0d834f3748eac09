"""From rules and the CI context to tags, labels and annotations."""

from tagboat.tags.engine import derive_tags
from tagboat.tags.given import given_tags

__all__ = ["derive_tags", "given_tags"]
