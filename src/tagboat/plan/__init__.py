"""From Dockerfile and request to build plan: pure, every variable expanded, every fault collected."""

from __future__ import annotations

from tagboat.plan.planner import make_plan, required_images

__all__ = ["make_plan", "required_images"]
