"""New names for an image that exists, by digest, over the fake registry."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from fakes.history import FakeHistory
from fakes.images import MemoryImage
from tagboat import pipeline
from tagboat.errors import InputError, PolicyError, RegistryError
from tagboat.flow.context import Context, System
from tagboat.flow.past import NoPast
from tagboat.flow.request import Request, TagRequest
from tagboat.oci import annotations as oci
from tagboat.oci.platform import Platform
from tagboat.oci.reference import Reference
from tagboat.release import move_names
from tagboat.upload import upload_layout

BOTH = ["linux/amd64", "linux/arm64"]
RULES = "type=semver,pattern={{version}}\ntype=semver,pattern={{major}}"
RELEASE = Context(system=System.GITHUB, event="release", ref="refs/tags/v1.2.3", revision="a" * 40)
HERE = Context(system=System.LOCAL, ref="refs/heads/main", revision="a" * 40)


class Bench:
    """A registry with an image of the commit `a…a` at `app:staging`, and the tools to promote it."""

    def __init__(self, server, registry, progress, place):
        self.server, self.registry, self.progress, self.place = server, registry, progress, place
        self.image = MemoryImage([b"layer" * 500], BOTH, labels={oci.REVISION: "a" * 40})
        self.put(self.image, "app:staging")
        self.server.log.clear()

    def put(self, image, *names):
        """Push an image under names, unguarded."""
        references = [Reference.parse(f"{self.server.host}/{name}") for name in names]
        uploaded = upload_layout(image, image.root, references, self.registry, jobs=2, progress=self.progress)
        move_names(uploaded, references, self.registry, progress=self.progress)

    def promote(self, name="app:staging", *, context=HERE, dry_run=False, **tagging):
        """Promote an image by the rules in `tagging`."""
        reference = Reference.parse(f"{self.server.host}/{name}")
        tools = pipeline.Tools(
            progress=self.progress,
            now=datetime(2021, 1, 1, tzinfo=UTC),
            native=Platform.parse("linux/amd64"),
            jobs=1,
            temporary=self.place,
            read_context=lambda _request: context,
            recorded_modes=lambda _folder: pytest.fail("modes are read"),
            registry=lambda: self.registry,
            fetch=lambda url, _path: pytest.fail(f"{url} is fetched"),
            executor=lambda _request, _folder: pytest.fail("a command is run"),
            name_servers=bytes,
            history=FakeHistory(),
            past=NoPast(),
        )
        asked = Request(command="promote", references=(reference,), tagging=TagRequest(**tagging), dry_run=dry_run)
        return pipeline.promote(asked, tools)

    @property
    def tags(self):
        """The names that show the image."""
        return sorted(
            f"{name}:{tag}" for (name, tag), digest in self.server.tags.items() if digest == self.image.root.digest
        )


@pytest.fixture
def bench(fake, client, progress, tmp_path):
    """Return a registry with one image."""
    return Bench(fake(), client(), progress, tmp_path)


def test_rules_name_an_image_that_exists(bench):
    """The names go to the image's own repository: nothing is sent, and the outputs name its digest."""
    outputs = bench.promote(tags=RULES, context=RELEASE)
    assert bench.tags == ["app:1", "app:1.2.3", "app:latest", "app:staging"]
    assert bench.server.bodies() == 0
    assert outputs.to_json()["digest"] == bench.image.root.digest
    assert outputs.references[0] == f"{bench.server.host}/app:1.2.3@{bench.image.root.digest}"
    assert json.dumps(outputs.to_json())


@pytest.mark.parametrize(
    ("tags", "names"), [("", ["app:production"]), ("type=environment,prefix=env-", ["app:env-production"])]
)
def test_an_environment_is_a_name(bench, tags, names):
    """`environment` alone is the rule of that name; rules may say what it looks like."""
    bench.promote(environment="production", tags=tags)
    assert bench.tags == sorted([*names, "app:staging"])


def test_an_environment_may_go_back(bench):
    """What is deployed is the user's word: an older image may have the name again, by its digest."""
    newer = MemoryImage([b"newer"], labels={oci.REVISION: "b" * 40})
    bench.put(newer, "app:production")
    bench.promote(f"app@{bench.image.root.digest}", environment="production")
    assert "app:production" in bench.tags


def test_promoting_twice_changes_nothing(bench):
    """What has its names already keeps them, at the cost of asking."""
    bench.promote(tags=RULES, context=RELEASE)
    bench.server.log.clear()
    outputs = bench.promote(tags=RULES, context=RELEASE)
    assert {name.outcome for name in outputs.released.names} == {"unchanged"}
    assert {entry.method for entry in bench.server.log} <= {"HEAD", "GET"}


def test_other_repositories_get_the_image_by_mount(bench):
    """Another repository of the registry gets every blob by a mount, and every platform."""
    bench.promote(tags="stable", images=f"{bench.server.host}/public/app")
    assert bench.tags == ["app:staging", "public/app:stable"]
    assert bench.server.bodies() == 0


def test_another_registry_gets_the_image_streamed(bench, fake):
    """A registry that has none of the image gets all of it, with the same digest."""
    mirror = fake()
    bench.promote(tags="stable", images=f"{mirror.host}/app")
    assert mirror.tags == {("app", "stable"): bench.image.root.digest}


def test_the_guards_hold(bench):
    """A version that exists stays, and names of higher versions are not taken."""
    bench.put(MemoryImage([b"other"]), "app:1.2.3")
    with pytest.raises(PolicyError, match=r"1\.2\.3 exists") as caught:
        bench.promote(tags=RULES, context=RELEASE)
    assert "on-existing" not in caught.value.hint
    del bench.server.tags["app", "1.2.3"]
    bench.put(MemoryImage([b"other"]), "app:1.3.0", "app:1")
    outputs = bench.promote(tags=RULES, context=RELEASE)
    assert bench.tags == ["app:1.2.3", "app:staging"]
    assert {name.tag for name in outputs.released.withheld} == {"1", "latest"}
    assert outputs.to_json()["tag-names"] == ["1.2.3"]


def test_a_dry_run_moves_nothing(bench):
    """`dry-run` says what would get which names, and only looks."""
    outputs = bench.promote(tags=RULES, context=RELEASE, dry_run=True)
    assert bench.tags == ["app:staging"]
    assert {entry.method for entry in bench.server.log} == {"GET"}
    assert list(outputs.tagset.names) == ["1.2.3", "1", "latest"]


def test_what_is_not_there_cannot_be_promoted(bench):
    """An image that does not exist is the registry's no; a run that gives no name is the inputs' fault."""
    with pytest.raises(RegistryError, match="does not exist") as caught:
        bench.promote("app:nothing", tags="stable")
    assert caught.value.exit_code == 8
    with pytest.raises(InputError, match="no rule gives a tag"):
        bench.promote(tags="type=semver,pattern={{version}}")


def test_strangers_promote_nothing(bench):
    """A run that must not push must not promote either."""
    context = Context(system=System.GITHUB, event="pull_request", ref="refs/pull/7/merge", read_only_reason="a fork")
    with pytest.raises(PolicyError, match="a fork"):
        bench.promote(tags="stable", context=context)
