"""Floating names in a registry only move forward."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fakes.images import MemoryImage
from fakes.script import Auth, Fault
from tagboat.flow.past import Commit, NoPast, Order
from tagboat.flow.tagset import NameClass, Standing, TagSet, VersionLine
from tagboat.oci import annotations as oci
from tagboat.oci.reference import Reference, TagName
from tagboat.release import ForwardGuard, move_names
from tagboat.upload import upload_layout

FLOATING = NameClass.FLOATING
OLD, NEW = "1" * 40, "2" * 40
BOTH = ["linux/amd64", "linux/arm64"]


class Line(NoPast):
    """A past of two commits, `OLD` before `NEW`."""

    def order(self, there, ours):
        return Order.SAME if there == ours else Order.FORWARD if there == OLD else Order.BACKWARD


class Parted(NoPast):
    """A past in which no commit leads to another."""

    def order(self, _there, _ours):
        return Order.PARTED


def of_version(version, **line):
    """Return the standing of names that go by version."""
    return Standing(name_class=FLOATING, line=VersionLine(version=version, **line))


def image(revision="", day=0, **options):
    """Return an image whose labels name a commit, made on a day of 2020."""
    labels = {oci.REVISION: revision} if revision else {}
    labels |= {oci.CREATED: f"2020-01-{day:02}T00:00:00Z"} if day else {}
    return MemoryImage([f"{revision}{day}{options}".encode()], labels=labels, **options)


class Bench:
    """Pushes images with their guard, each from the commit that its labels name."""

    def __init__(self, server, registry, progress):
        self.server, self.registry, self.progress = server, registry, progress

    def push(self, pushed, standings, *, past=None):
        """Push an image under guarded names; return what was released."""
        names = [Reference.parse(f"{self.server.host}/app:{tag}") for tag in standings]
        time = pushed.labels.get(oci.CREATED)
        guard = ForwardGuard(
            tagset=TagSet(standings={TagName(tag): standing for tag, standing in standings.items()}),
            commit=Commit(
                revision=pushed.labels.get(oci.REVISION, ""), time=datetime.fromisoformat(time) if time else None
            ),
            past=past or NoPast(),
            registry=self.registry,
            progress=self.progress,
        )
        uploaded = upload_layout(pushed, pushed.root, names, self.registry, jobs=2, progress=self.progress)
        return move_names(uploaded, names, self.registry, progress=self.progress, guard=guard)


@pytest.fixture
def bench(fake, client, progress):
    """Return a bench over a registry that wants tokens."""
    server = fake(auth=Auth.BEARER)
    return Bench(server, client(server.host, "me", "right"), progress)


HISTORY = {"main": Standing(name_class=NameClass.EPHEMERAL, follows_history=True)}
WRITE_ONCE = Standing(name_class=NameClass.WRITE_ONCE)


def test_a_higher_version_in_the_registry_keeps_its_names(bench):
    """A backport moves its own line; what a higher version of the registry has stays, and the reason names it."""
    bench.push(image(NEW), {"2.0.0": WRITE_ONCE, "1.3.0": WRITE_ONCE, "latest": of_version("2.0.0")})
    names = {
        "1.2.9": WRITE_ONCE,
        "1.2": of_version("1.2.9", major=1, minor=2),
        "1": of_version("1.2.9", major=1),
        "latest": of_version("1.2.9"),
    }
    released = bench.push(image(OLD), names)
    assert [name.reference.tag for name in released.names] == ["1.2.9", "1.2"]
    assert {name.tag: reason.split(", ")[0].split(" has ")[1] for name, reason in released.withheld.items()} == {
        "1": "1.3.0",
        "latest": "2.0.0",
    }
    assert any("latest is withheld" in warning for warning in bench.progress.warnings)


def test_affixes_keep_variants_apart(bench):
    """The versions of one variant say nothing of another's."""
    bench.push(image(NEW), {"2.0.0-alpine": WRITE_ONCE, "v1.3.0": WRITE_ONCE})
    released = bench.push(image(OLD), {"latest": of_version("1.9.0"), "alpine": of_version("1.9.0", suffix="-alpine")})
    assert [name.tag for name in released.withheld] == ["alpine"]


def test_names_of_versions_cost_one_listing(bench):
    """Versions are listed once a repository, just before the names move; a repeated push asks nothing more."""
    names = {"1.0.0": WRITE_ONCE, "1": of_version("1.0.0", major=1), "latest": of_version("1.0.0")}
    bench.push(image(OLD), names)
    done = [str(entry) for entry in bench.server.log if entry.status in {200, 201}]
    order = [entry for entry in done if "manifests" in entry or "tags" in entry]
    assert order[:2] == ["PUT /v2/app/manifests/1.0.0", "GET /v2/app/tags/list"]
    assert {*order[2:]} == {"PUT /v2/app/manifests/1", "PUT /v2/app/manifests/latest"}
    bench.server.log.clear()
    bench.push(image(OLD), names)
    assert [entry.split()[0] for entry in bench.server.requests()] == ["HEAD"] * 3


def test_a_registry_that_lists_no_tags(bench):
    """Where the registry does not list its tags and git knows too little, the name stays; where git knows, it moves."""
    bench.push(image(OLD), {"1.0.0": WRITE_ONCE})
    bench.server.faults = [Fault(on="GET .*/tags/list", status=403, times=9)]
    [reason] = bench.push(image(NEW), {"latest": of_version("2.0.0")}).withheld.values()
    assert "no checkout" in reason
    assert "does not list its tags" in reason

    class Whole(NoPast):
        def missing(self):
            return ""

    assert bench.push(image(NEW), {"latest": of_version("2.0.0")}, past=Whole()).withheld == {}
    assert any("goes by the git tags alone" in line for line in bench.progress.lines)


@pytest.mark.parametrize("platforms", [BOTH[:1], BOTH])
def test_a_branch_moves_with_its_commits(bench, platforms):
    """The run of an older commit that ends last leaves the branch's name where it is; a run again moves it again."""
    bench.push(image(NEW, platforms=platforms), HISTORY)
    [reason] = bench.push(image(OLD), HISTORY, past=Line()).withheld.values()
    assert "comes after" in reason
    again = image(NEW, day=9)
    assert not bench.push(again, HISTORY, past=Line()).withheld
    assert bench.server.tags["app", "main"] == again.root.digest


@pytest.mark.parametrize("past", [NoPast(), Parted()])
def test_without_history_the_times_decide(bench, past):
    """Where history does not tell, the later commit has the name, and it is said how that was found."""
    bench.push(image(OLD, day=5), HISTORY)
    [reason] = bench.push(image(NEW, day=4), HISTORY, past=past).withheld.values()
    assert "the times decide" in reason
    assert not bench.push(image(NEW, day=6), HISTORY, past=past).withheld
    assert any("the times decide" in line for line in bench.progress.lines)


@pytest.mark.parametrize(("there", "ours"), [(image(), image(NEW)), (image(OLD), image()), (image(OLD), image(NEW))])
def test_what_nobody_knows_moves_and_is_said(bench, there, ours):
    """An image that names no commit, or no time where times must decide, gives way; a line says so."""
    bench.push(there, HISTORY)
    assert not bench.push(ours, HISTORY).withheld
    assert any("app:main moves" in line for line in bench.progress.lines)


def test_a_branch_costs_one_look(bench):
    """The commit that a name shows costs its manifest, and its configuration where no annotation tells."""
    bench.push(image(OLD), HISTORY)
    assert len(bench.server.requests("GET .*manifests/main")) == 1
    bench.server.log.clear()
    bench.push(image(NEW), HISTORY, past=Line())
    assert len(bench.server.requests("GET .*manifests/main")) == 1
    assert len(bench.server.requests("GET .*blobs")) == 1


def test_names_of_time(bench):
    """A time without a zone is one of UTC, and what is no time is none."""
    guard = ForwardGuard(
        tagset=TagSet(),
        commit=Commit(revision=NEW, time=datetime(2020, 1, 2, tzinfo=UTC)),
        past=NoPast(),
        registry=bench.registry,
        progress=bench.progress,
    )
    assert not guard.guards(Reference.parse("q.io/app:main"))
