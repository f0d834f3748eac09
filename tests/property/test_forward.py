"""Releases, backports, overtaking runs and runs again: whatever the order, floating names end where they belong."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.clock import Clock
from fakes.images import MemoryImage
from fakes.progress import KeptProgress
from fakes.registry import FakeRegistry
from fakes.script import Quirks
from tagboat.auth.keychain import Keychain
from tagboat.flow.context import Context, System
from tagboat.flow.outputs import Outputs
from tagboat.flow.past import NoPast, Order
from tagboat.flow.request import Request, TagRequest
from tagboat.net.client import HttpClient
from tagboat.oci import annotations as oci
from tagboat.pipeline.publishing import Image, publish
from tagboat.policy import withhold_outdated
from tagboat.registry.client import Registry
from tagboat.tags import derive_tags

RELEASE = (
    "type=semver,pattern={{version}}\ntype=semver,pattern={{major}}.{{minor}}\ntype=semver,pattern={{major}}\ntype=sha"
)
BRANCH = "type=ref,event=branch\ntype=edge,branch=main\ntype=sha\ntype=raw,value=latest,enable=false"
START = datetime(2020, 1, 1, tzinfo=UTC)
VERSIONS = [(major, minor, patch) for major in (1, 2) for minor in (0, 1) for patch in (0, 1, 2)]


@dataclass(frozen=True)
class Run:
    """A run of a version (three numbers), or of the main branch's commit with a number."""

    version: tuple[int, int, int] | None
    commit: int

    @property
    def revision(self):
        return (f"{self.commit:07x}" * 6)[:40]

    @property
    def image(self):
        created = (START + timedelta(seconds=self.commit)).isoformat()
        labels = {oci.REVISION: self.revision, oci.CREATED: created}
        return MemoryImage([repr(self).encode()], labels=labels)


@dataclass(frozen=True)
class Checkout(NoPast):
    """What one run's checkout knows: the tags and commits up to it, or next to nothing where it is shallow."""

    run: Run
    known: tuple[str, ...]
    shallow: bool

    def tags(self):
        return self.known[-1:] if self.shallow else self.known

    def missing(self):
        return "the checkout is shallow" if self.shallow else ""

    def order(self, there, ours):
        if there == ours:
            return Order.SAME
        seen = int(there[:7], 16) <= self.run.commit and not self.shallow
        return Order.FORWARD if seen else Order.UNKNOWN


class Overtaken(KeptProgress):
    """A listener that lets another run go first, just before the names of its own move."""

    def __init__(self, overtaker):
        super().__init__()
        self.overtaker = overtaker

    @contextlib.contextmanager
    def group(self, title):
        if title == "Release":
            self.overtaker()
        with super().group(title):
            yield


@dataclass
class World:
    """A registry with everything that was pushed to it, by digest."""

    server: FakeRegistry
    client: Registry
    runs: dict = field(default_factory=dict)
    progress: object = None
    past: object = None

    def registry(self):
        return self.client

    def push(self, run, checkout, overtaker):
        ref = f"refs/tags/v{'.'.join(map(str, run.version))}" if run.version else "refs/heads/main"
        context = Context(
            system=System.GITHUB,
            event="push",
            ref=ref,
            revision=run.revision,
            commit_time=START + timedelta(seconds=run.commit),
        )
        asked = TagRequest(tags=RELEASE if run.version else BRANCH, images=f"{self.server.host}/app")
        tagset = withhold_outdated(derive_tags(asked, context, now=START, source_date_epoch=None), checkout)
        desk = World(self.server, self.client, self.runs, Overtaken(overtaker), checkout)
        image = run.image
        self.runs[image.root.digest] = run
        wanted = Image(source=image, root=image.root, names=tagset.references)
        publish(wanted, Request(command="run"), desk, Outputs(tagset=tagset, context=context))

    def shown(self):
        """Return what run each tag shows."""
        return {tag: self.runs[digest] for (_, tag), digest in self.server.tags.items()}


def rank(tag, run):
    """Return what may only grow at a floating name, None for one that is written once."""
    if tag in {"main", "edge"}:
        return (run.commit,)
    return run.version if tag == "latest" or (tag.count(".") < 2 and not tag.startswith("sha-")) else None


def serial(runs):
    """Return what each floating name shows when all runs go one after the other, the highest last."""
    ends = {}
    for run in sorted(runs, key=lambda run: (run.version or (), run.commit)):
        names = (
            ["main", "edge"] if run.version is None else ["latest", f"{run.version[0]}", "{}.{}".format(*run.version)]
        )
        ends |= dict.fromkeys(names, run)
    return ends


STEPS = st.lists(
    st.tuples(st.none() | st.sampled_from(VERSIONS), st.booleans(), st.integers(0, 5)), min_size=2, max_size=7
)


@settings(max_examples=25, deadline=None)
@given(steps=STEPS, data=st.data())
def test_floating_names_only_move_forward(steps, data):
    """In any order, overtaken or run again: floating names never go back, and end as if all had waited their turn."""
    runs, tags = [], ()
    for commit, (version, shallow, _) in enumerate(dict.fromkeys(steps), start=1):
        if version is None or version not in {run.version for run, _ in runs}:
            run = Run(version, commit)
            tags = (*tags, f"v{'.'.join(map(str, version))}") if version else tags
            runs.append((run, Checkout(run=run, known=tags, shallow=shallow)))
    order = data.draw(st.permutations(runs + runs[:2]))
    with (
        FakeRegistry(Quirks()) as server,
        HttpClient(environ={}, sleep=Clock().sleep, random=lambda: 0.0, now=Clock().now) as http,
    ):
        world = World(server, Registry(http, Keychain([])))
        waiting, before = list(order), {}

        def next_run():
            """Push the next run, overtaken by the one after it where the draw says so."""
            if waiting:
                run, checkout = waiting.pop(0)
                world.push(run, checkout, next_run if data.draw(st.booleans()) else lambda: None)
                check()

        def check():
            now = world.shown()
            for tag, run in before.items():
                grows = rank(tag, run)
                assert now[tag] == run if grows is None else rank(tag, now[tag]) >= grows, (tag, run, now[tag])
            before.update(now)

        while waiting:
            next_run()
        ends = serial(run for run, _ in runs)
        assert {tag: run for tag, run in world.shown().items() if rank(tag, run)} == ends
