"""The Dockerfile language: text to typed instructions, expansion of variables, and ignore patterns; no I/O."""

from __future__ import annotations

from tagboat.dockerfile.instructions import Dockerfile, Instruction, Stage
from tagboat.dockerfile.parser import parse_dockerfile, parse_trigger

__all__ = ["Dockerfile", "Instruction", "Stage", "parse_dockerfile", "parse_trigger"]
