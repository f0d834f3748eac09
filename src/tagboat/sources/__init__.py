"""Build contexts: folders as file trees, with what .dockerignore leaves out left out."""

from __future__ import annotations

from tagboat.sources.directory import DirectoryTree, RecordedModes
from tagboat.sources.dockerfile import DockerfileSource, find_dockerfile, read_ignore_rules
from tagboat.sources.remote import Fetched, fetch_file

__all__ = [
    "DirectoryTree",
    "DockerfileSource",
    "Fetched",
    "RecordedModes",
    "fetch_file",
    "find_dockerfile",
    "read_ignore_rules",
]
