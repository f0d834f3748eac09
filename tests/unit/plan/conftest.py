"""A planner whose base images are what a test says."""

from __future__ import annotations

import pytest

from tagboat.dockerfile import parse_dockerfile
from tagboat.errors import raise_faults
from tagboat.flow.request import NamedContext, Request
from tagboat.oci.config import ImageConfig
from tagboat.oci.platform import Platform
from tagboat.plan import find_images, make_plan

NATIVE = Platform.parse("linux/amd64")


class Drawing:
    """A Dockerfile with its request; `runs` are the `config` objects of images by the name that is written."""

    def __init__(self, text, *, contexts=None, platforms="", runs=None, labels=None, **fields):
        self.dockerfile = parse_dockerfile(text.encode(), "Dockerfile")
        self.request = Request(
            command="build",
            build_contexts={name: NamedContext.parse(place) for name, place in (contexts or {}).items()},
            platforms=tuple(map(Platform.parse, filter(None, platforms.split(",")))),
            **fields,
        )
        self.runs, self.labels = runs or {}, labels or {}

    @property
    def needs(self):
        """The images that are fetched: name and platform."""
        return [(source.name, str(source.platform)) for source in self.images]

    @property
    def images(self):
        """The configurations of the images that are fetched, by `runs`."""

        def look_up(need):
            return ImageConfig(platform=need.source.platform, run=self.runs.get(need.source.name, {}))

        return find_images(self.dockerfile, self.request, NATIVE, look_up)

    @property
    def plan(self):
        """The plan."""
        plan = make_plan(self.dockerfile, self.request, native=NATIVE, images=self.images, labels=self.labels)
        raise_faults(plan.faults)
        return plan

    @property
    def target(self):
        """The target stage for the first platform."""
        return self.plan.platforms[0].target

    @property
    def run(self):
        """The target's `config` object."""
        return self.target.run

    @property
    def env(self):
        """The target's variables but PATH."""
        pairs = (entry.split("=", 1) for entry in self.run.get("Env") or ())
        return {key: value for key, value in pairs if key != "PATH"}


@pytest.fixture
def draw():
    """Return a maker of plans: `draw(dockerfile, …)`."""
    return Drawing
