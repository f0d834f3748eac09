"""The laws of the release step, over the fake registry."""

from __future__ import annotations

from fakes.images import MemoryImage
from fakes.script import Fault
from tagboat.oci.reference import Reference
from tagboat.release import move_names
from tagboat.upload import upload_layout


def uploaded(server, image, registry, progress, *names):
    """Upload an image for some names and return both."""
    references = [Reference.parse(f"{server.host}/{name}") for name in names]
    return upload_layout(image, image.root, references, registry, jobs=2, progress=progress), references


def test_a_name_that_fails_does_not_stop_the_others(fake, client, progress):
    """Each name is tried; the one that failed says why, and is told."""
    server, image, registry = fake(), MemoryImage([b"layer"]), client()
    done, references = uploaded(server, image, registry, progress, "app:1", "app:2", "app:3")
    server.faults = [Fault(on="PUT .*/2$", status=403, times=9)]
    released = move_names(done, references, registry, progress=progress)
    assert [name.outcome for name in released.names] == ["pushed", "failed", "pushed"]
    [failed] = released.failed
    assert "403 Forbidden" in failed.problem
    assert "app:2" in progress.warnings[0]
    assert set(server.tags) == {("app", "1"), ("app", "3")}


def test_a_repository_s_cost_is_counted_once(fake, client, progress):
    """The first name of a repository carries what the repository cost, all requests included."""
    server, image, registry = fake(), MemoryImage([b"layer"]), client()
    done, references = uploaded(server, image, registry, progress, "app:1", "app:2", "other:1")
    released = move_names(done, references, registry, progress=progress)
    costs = [name.transfer.requests for name in released.names]
    assert sum(costs) == len(server.log)
    assert costs[1] == 0
    assert 0 not in (costs[0], costs[2])


def test_the_order_of_names_is_kept_and_doubles_are_one(fake, client, progress):
    """Names come out as they went in, each once."""
    server, image, registry = fake(), MemoryImage([b"layer"]), client()
    done, references = uploaded(server, image, registry, progress, "b:1", "a:1")
    released = move_names(done, [*references, references[0]], registry, progress=progress)
    assert [name.reference for name in released.names] == references
