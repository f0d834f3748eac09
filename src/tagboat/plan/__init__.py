"""From Dockerfile and request to build plan: pure, every variable expanded, every fault collected."""

from __future__ import annotations

from tagboat.plan.planner import find_images, make_plan

__all__ = ["find_images", "make_plan"]
