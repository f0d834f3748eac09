"""The steps in their order: what each run does, where it stops, and what it leaves."""

from __future__ import annotations

import dataclasses
import json
import os
from datetime import UTC, datetime

import pytest

from fakes.building import NATIVE, Workshop, WrittenImage, file
from fakes.history import FakeHistory
from fakes.script import Auth
from tagboat import pipeline
from tagboat.auth.credential import Credential
from tagboat.errors import (
    CredentialError,
    DockerfileError,
    FaultsError,
    InputError,
    LayoutError,
    MachineError,
    PolicyError,
    TagboatError,
)
from tagboat.flow.context import Context, SourceRepository, System
from tagboat.flow.past import NoPast
from tagboat.flow.request import Push, Step, TagRequest, Timestamps
from tagboat.net.message import HttpReply
from tagboat.oci.reference import Reference, Repository, TagName
from tagboat.pipeline.build_files import COPIED_FILE_TIME
from tagboat.registry.faults import refusal

PUSHED = Context(
    system=System.GITHUB,
    event="push",
    ref="refs/heads/main",
    revision="a" * 40,
    commit_time=datetime(2020, 1, 1, tzinfo=UTC),
)
DOCKERFILE = "FROM scratch\nCOPY f /\n"


class Bench(Workshop):
    """A workshop with the tools of a pipeline; `registry` is what a push needs."""

    def __init__(self, place, progress):
        super().__init__(place)
        self.temporary = place / "temporary"
        self.progress = progress
        self.registry = None
        self.past = NoPast()
        self.registry_problem = AssertionError("a registry is asked")
        self.files({"Dockerfile": DOCKERFILE, "f": "1"})

    def tools(self, context=PUSHED):
        def registry():
            if self.registry is None:
                raise self.registry_problem
            return self.registry

        return pipeline.Tools(
            progress=self.progress,
            now=datetime(2021, 1, 1, tzinfo=UTC),
            native=NATIVE,
            jobs=1,
            temporary=self.temporary,
            read_context=lambda _request: context,
            history=FakeHistory(),
            past=self.past,
            recorded_modes=lambda _folder: lambda _path: None,
            registry=registry,
            fetch=lambda url, _path: pytest.fail(f"{url} is fetched"),
            executor=lambda _request, _folder: pytest.fail("a command is run"),
            name_servers=bytes,
        )

    def run(self, command=pipeline.run, context=PUSHED, **fields):
        """Run a command; `tags` and `images` are those of the tag engine."""
        tagging = TagRequest(tags=fields.pop("tags", "type=raw,value=v1"), images=fields.pop("images", ""))
        return command(self.request(tagging=tagging, **fields), self.tools(context))

    def left(self):
        """Return what is left in the temporary folder."""
        return list(self.temporary.iterdir()) if self.temporary.exists() else []


@pytest.fixture
def bench(tmp_path, progress):
    """Return a place to run pipelines in; nothing temporary outlives a test."""
    made = Bench(tmp_path, progress)
    yield made
    made.check()
    assert made.left() == []


@pytest.fixture
def server(fake, client, bench):
    """Return a fake registry that the bench pushes to."""
    started = fake()
    bench.registry = client()
    return started


# ---------------------------------------------------------------- run


def test_a_run_takes_a_commit_to_a_name(bench, server):
    """On a push event an image is built, uploaded and named, and the outputs say so."""
    outputs = bench.run(images=f"{server.host}/app", tags="type=raw,value=v1\ntype=raw,value=v2")
    digest = str(outputs.built.root.digest)
    assert server.tags == {("app", "v1"): digest, ("app", "v2"): digest}
    assert outputs.references == [f"{server.host}/app:{tag}@{digest}" for tag in ("v1", "v2")]
    assert [line for line in bench.progress.lines if line in {"Plan", "Build", "Upload", "Release"}] == [
        "Plan",
        "Build",
        "Upload",
        "Release",
    ]
    assert outputs.layout == ""


@pytest.mark.parametrize(
    ("until", "reached"),
    [
        (Step.CONTEXT, ["context"]),
        (Step.TAGS, ["context", "decision"]),
        (Step.PLAN, ["context", "decision", "plan"]),
        (Step.BUILD, ["context", "decision", "plan", "built"]),
        (Step.SCAN, ["context", "decision", "plan", "built"]),
        (Step.UPLOAD, ["context", "decision", "plan", "built", "uploaded"]),
        (Step.SIGN, ["context", "decision", "plan", "built", "uploaded"]),
        (Step.RELEASE, ["context", "decision", "plan", "built", "uploaded", "released"]),
    ],
)
def test_a_run_stops_after_the_step_that_is_asked_for(bench, server, until, reached):
    """`until` ends a run: later values are absent, and no name moves before the last step."""
    outputs = bench.run(images=f"{server.host}/app", until=until)
    fields = ("context", "decision", "plan", "built", "uploaded", "released")
    assert [name for name in fields if getattr(outputs, name) is not None] == reached
    assert bool(server.log) is ("uploaded" in reached)
    assert bool(server.tags) is ("released" in reached)


def test_a_run_that_does_not_push_says_why(bench):
    """Where the event or the input says no, the image is built and no registry is asked."""
    outputs = bench.run(context=dataclasses.replace(PUSHED, event="pull_request"), images="q.io/a")
    assert (outputs.built is not None, outputs.uploaded) == (True, None)
    assert any(line.startswith("not pushed: ") and "pull_request" in line for line in bench.progress.lines)


@pytest.mark.parametrize(
    ("fields", "inputs"),
    [
        ({"tags": "type=semver,pattern={{version}}", "images": "q.io/a"}, ["tags"]),
        ({"tags": "type=semver,pattern={{version}}"}, ["tags", "images"]),
        ({"tags": "type=raw,value=v1"}, ["images"]),
    ],
)
def test_a_push_without_a_name_is_refused_before_any_work(bench, fields, inputs):
    """No tag or no image is exit 2 before the Dockerfile is even looked for."""
    (bench.context / "Dockerfile").unlink()
    with pytest.raises(InputError if len(inputs) == 1 else FaultsError) as caught:
        bench.run(**fields)
    faults = caught.value.faults if isinstance(caught.value, FaultsError) else (caught.value,)
    assert [fault.problem.partition(":")[0] for fault in faults] == inputs
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("until", [Step.BUILD, Step.PLAN])
def test_a_run_that_ends_before_the_upload_needs_no_name(bench, until):
    """Names are asked for only by a run that is to push."""
    assert bench.run(until=until, tags="type=semver,pattern={{version}}").plan is not None


def test_a_strangers_pull_request_with_secrets_is_refused(bench):
    """pull_request_target ends a run before anything is read, unless it is allowed."""
    context = dataclasses.replace(PUSHED, event="pull_request_target", ref="refs/pull/7/merge")
    (bench.context / "Dockerfile").unlink()
    with pytest.raises(PolicyError, match="pull_request_target"):
        bench.run(context=context)
    with pytest.raises(InputError, match="Dockerfile"):
        bench.run(context=context, allow_pull_request_target=True)


def test_a_push_that_the_job_s_token_cannot_do_is_refused_before_any_work(bench):
    """An image of another project than the job's is exit 7, and the Dockerfile is not even looked for."""
    own = SourceRepository(name="acme/demo")
    context = dataclasses.replace(PUSHED, system=System.GITLAB, repository=own, job_token_registry="q.io")
    (bench.context / "Dockerfile").unlink()
    with pytest.raises(CredentialError, match="q.io/acme/other"):
        bench.run(context=context, images="q.io/acme/other")
    with pytest.raises(InputError, match="Dockerfile"):
        bench.run(context=context, images="q.io/acme/demo")


def test_a_push_that_must_not_be_is_refused_before_any_work(bench):
    """`push: true` on a fork's pull request is exit 9, and nothing is built."""
    context = dataclasses.replace(PUSHED, event="pull_request", read_only_reason="a fork")
    with pytest.raises(PolicyError):
        bench.run(context=context, push=Push.TRUE, images="q.io/a")
    assert bench.run(context=context, images="q.io/a").built is not None


def test_a_refused_login_fails_the_run(bench, fake, client):
    """A registry that refuses the user's own credentials fails the run also with `push: auto`, and no name moves."""
    started = fake(auth=Auth.BASIC)
    bench.registry = client(started.host, "me", "wrong")
    with pytest.raises(Exception, match="401|refused|credential|password") as caught:
        bench.run(images=f"{started.host}/app")
    assert caught.value.exit_code in {7, 8}
    assert started.tags == {}


# ---------------------------------------------------------------- nothing changes


def test_a_dry_run_writes_nothing(bench, server):
    """A dry run plans everything and leaves no file, no request and no name behind."""
    before = sorted(bench.place.rglob("*"))
    outputs = bench.run(dry_run=True, images=f"{server.host}/app", output=bench.place / "out")
    assert (outputs.plan is not None, outputs.decision.push, outputs.built) == (True, True, None)
    assert sorted(path for path in bench.place.rglob("*") if path != bench.temporary) == before
    assert (server.log, server.tags) == ([], {})


def test_a_dry_run_finds_missing_sources(bench):
    """What a build would miss in its context is found by the plan."""
    bench.files({"Dockerfile": "FROM scratch\nCOPY none /\n"})
    with pytest.raises(DockerfileError, match="Dockerfile:2: "):
        bench.run(dry_run=True, push=Push.FALSE)


def test_offline_plans_with_unknown_bases(bench):
    """Offline no registry is asked: the plan says which base is unknown, and bases on disk are still read."""
    base = bench.base([file("a")], run={"Env": ["X=1"]})
    bench.files({"Dockerfile": "FROM alpine\nCOPY --from=b /a /a\n"})
    outputs = bench.run(dry_run=True, offline=True, contexts={"b": base}, images="q.io/a")
    assert [warning.location.line for warning in outputs.plan.warnings] == [1]
    assert "alpine" in bench.progress.warnings[0]


def test_offline_builds_only_from_what_is_here(bench):
    """A build that needs a base from a registry fails offline as it would without one, at the line that needs it."""
    bench.files({"Dockerfile": "FROM scratch AS x\nFROM alpine\n"})
    bench.registry_problem = InputError("offline: this run needs a registry")
    with pytest.raises(InputError, match="Dockerfile:2: offline"):
        bench.run(pipeline.build, offline=True, output=bench.place / "out", tags="")


# ---------------------------------------------------------------- build


def built(bench, **fields) -> WrittenImage:
    """Build into a new layout and read it."""
    output = bench.place / f"out-{len(bench.layouts)}"
    fields.setdefault("tags", "")
    bench.run(pipeline.build, output=output, **fields)
    bench.layouts.append(output)
    return WrittenImage(output, bench.place / "spool")


def test_build_gives_the_layout_the_names_it_is_given(bench):
    """Words are names, and rules are not read."""
    image = built(bench, tags="v1\nv2")
    assert list(image.layout.names()) == ["v1", "v2"]
    with pytest.raises(InputError, match="type=sha"):
        built(bench, tags="type=sha")


def test_build_needs_an_output(bench):
    """Without a place for the layout there is nothing to build for."""
    with pytest.raises(InputError, match="output"):
        bench.run(pipeline.build, tags="")


def test_an_output_that_is_no_layout_is_left_alone(bench):
    """A folder with something else in it is exit 2 before any work, a layout is replaced whole."""
    other = bench.place / "other"
    other.mkdir()
    (other / "precious").touch()
    (bench.context / "Dockerfile").unlink()
    with pytest.raises(InputError, match="output"):
        bench.run(pipeline.build, output=other, tags="")
    assert [path.name for path in other.iterdir()] == ["precious"]


def test_an_archive_is_the_same_image(bench):
    """An output that ends in .tar is an archive of the same layout."""
    image = built(bench)
    bench.run(pipeline.build, output=bench.place / "out.tar", tags="")
    bench.layouts.append(bench.place / "out.tar")
    assert WrittenImage(bench.place / "out.tar", bench.place / "spool").digest == image.digest


@pytest.mark.parametrize(
    ("fields", "context", "created"),
    [
        ({"source_date_epoch": 5}, PUSHED, "1970-01-01T00:00:05Z"),
        ({"source_date_epoch": 0}, PUSHED, "1970-01-01T00:00:00Z"),
        ({}, PUSHED, "2020-01-01T00:00:00Z"),
        ({}, Context(system=System.LOCAL), "1970-01-01T00:00:00Z"),
    ],
)
def test_the_images_time_is_the_epoch_else_the_commits_else_zero(bench, fields, context, created):
    """SOURCE_DATE_EPOCH wins over the commit; without either it is 1970, which is said once."""
    assert built(bench, context=context, **fields).config.created == created
    told = [line for line in bench.progress.lines if "SOURCE_DATE_EPOCH" in line]
    assert len(told) == (1 if context.system is System.LOCAL else 0)


@pytest.mark.parametrize(
    ("fields", "mtime"),
    [
        ({}, COPIED_FILE_TIME),
        ({"source_date_epoch": 5}, 5),
        ({"source_date_epoch": 1 << 31}, COPIED_FILE_TIME),
        ({"timestamps": Timestamps.COMMIT}, 1577836800),
        ({"timestamps": Timestamps.COMMIT, "source_date_epoch": 7}, 7),
        ({"timestamps": Timestamps.SOURCE}, 1_234_567_890),
        ({"timestamps": Timestamps.SOURCE, "source_date_epoch": 7}, 7),
    ],
)
def test_file_times_follow_timestamps(bench, fields, mtime):
    """Copied files have one constant time, the commit's or their own, never later than SOURCE_DATE_EPOCH."""
    os.utime(bench.context / "f", (1_234_567_890, 1_234_567_890))
    assert built(bench, **fields).entry("f").mtime == mtime


def test_all_faults_of_bases_are_told_at_once(bench):
    """Bases that cannot be had are reported together, each with its line."""
    bench.files({"Dockerfile": "FROM a AS x\nFROM b AS y\nCOPY --from=x / /\n"})
    nowhere = {name: f"oci-layout://{bench.place}/none-{name}" for name in "ab"}
    with pytest.raises(FaultsError) as caught:
        built(bench, contexts=nowhere)
    assert [fault.location.line for fault in caught.value.faults] == [1, 2]


def test_warnings_of_the_plan_reach_the_listener(bench):
    """A build argument that nothing declares is told while the build goes on."""
    built(bench, build_args={"TYPO": "1"})
    assert any("TYPO" in warning for warning in bench.progress.warnings)


@pytest.mark.parametrize(
    "dockerfile", ["FROM scratch\nCOPY none /\n", "nonsense\n", "FROM scratch\nCOPY --chown=x f /\n"]
)
def test_nothing_temporary_is_left_by_a_build_that_fails(bench, dockerfile):
    """However a build ends, its temporary folder goes, and no layout stands under the final name."""
    bench.files({"Dockerfile": dockerfile})
    with pytest.raises(DockerfileError):
        bench.run(pipeline.build, output=bench.place / "out", tags="")
    assert not (bench.place / "out").exists()


def test_temporary_files_lie_where_they_are_wanted(bench):
    """`work-dir` takes the place of the system's folder; one that cannot be used is told."""
    bench.temporary = bench.place / "work"
    built(bench, work_dir=bench.place / "work")
    assert bench.temporary.exists()
    with pytest.raises(MachineError, match="context/f") as caught:
        built(bench, work_dir=bench.context / "f")
    assert (caught.value.exit_code, "--work-dir" in caught.value.hint) == (11, True)


# ---------------------------------------------------------------- push


def test_push_gives_a_layout_every_name(bench, server):
    """A layout of any origin goes to all references, and to each repository once."""
    image = built(bench)
    names = tuple(Reference.parse(f"{server.host}/{name}") for name in ("a:1", "a:2", "b:1"))
    outputs = bench.run(pipeline.push, layout=image.path, references=names)
    assert set(server.tags) == {("a", "1"), ("a", "2"), ("b", "1")}
    assert [name.reference for name in outputs.released.names] == list(names)


def test_push_takes_the_names_of_the_layout(bench, server):
    """With `all_tags` every name of the layout becomes a tag of the one repository."""
    image = built(bench, tags="v1\nv2")
    outputs = bench.run(pipeline.push, layout=image.path, all_tags=True, repository=f"{server.host}/app")
    assert server.tags == {("app", name): image.digest for name in ("v1", "v2")}
    assert [name.reference.tag for name in outputs.released.names] == [TagName("v1"), TagName("v2")]


def test_a_push_that_says_too_little_is_refused(bench):
    """A layout without names, a reference without a tag and no reference at all are input errors."""
    image = built(bench)
    for fields in ({"all_tags": True, "repository": "q.io/a"}, {"references": (Reference.parse("q.io/a"),)}, {}):
        with pytest.raises(InputError):
            bench.run(pipeline.push, layout=image.path, **fields)
    with pytest.raises(InputError):
        bench.run(pipeline.push)
    with pytest.raises(LayoutError):
        bench.run(pipeline.push, layout=bench.context, references=(Reference.parse("q.io/a:1"),))


# ---------------------------------------------------------------- tags


def test_tags_derives_names_and_nothing_else(bench):
    """The tag set needs no Dockerfile."""
    (bench.context / "Dockerfile").unlink()
    outputs = bench.run(pipeline.tags, images="q.io/a")
    assert [reference.familiar for reference in outputs.tagset.references] == ["q.io/a:v1"]
    assert (outputs.plan, outputs.decision) == (None, None)


# ---------------------------------------------------------------- names that stay


class Released(NoPast):
    """A past in which 2.0.0 is released."""

    def tags(self):
        return ("v2.0.0",)

    def missing(self):
        return ""


def test_a_run_whose_names_are_all_withheld_builds_and_succeeds(bench):
    """Where every name belongs to somebody else there is nothing to push: that is said, and is no fault."""
    context = dataclasses.replace(PUSHED, ref="refs/heads/v1.2.3")
    outputs = bench.run(images="q.io/app", tags="type=ref,event=branch", context=context)
    assert (outputs.built is not None, outputs.released, outputs.decision.push) == (True, None, False)
    assert any("is withheld" in warning for warning in bench.progress.warnings)
    assert "not pushed: every name is withheld" in bench.progress.lines


def test_a_name_withheld_by_git_is_in_no_output(bench, server):
    """What git's tags keep back is not pushed, and the outputs do not name it."""
    bench.past = Released()
    context = dataclasses.replace(PUSHED, ref="refs/tags/v1.2.3")
    outputs = bench.run(images=f"{server.host}/app", tags="type=semver,pattern={{version}}", context=context)
    assert set(server.tags) == {("app", "1.2.3")}
    assert outputs.to_json()["tag-names"] == ["1.2.3"]
    assert bench.run(pipeline.tags, tags="type=semver,pattern={{version}}", context=context).tagset.names == ("1.2.3",)


# ---------------------------------------------------------------- what a build reads


def test_the_output_of_an_earlier_build_is_no_source(bench):
    """`build . --output out` gives the same digest again: the layout in the context is not copied into the next."""
    bench.files({"Dockerfile": "FROM scratch\nCOPY . /\n"})
    digests = {bench.run(pipeline.build, output=bench.context / "out", tags="").built.root.digest for _ in range(2)}
    assert len(digests) == 1


def test_copying_gits_own_folder_is_warned_of(bench):
    """A clone's .git differs from every other's: who copies it is told, where, and what to do."""
    bench.files({"Dockerfile": "FROM scratch\nCOPY . /\n", ".git/config": "x"})
    bench.run(pipeline.build, output=bench.place / "one", tags="")
    assert any(".git" in warning for warning in bench.progress.warnings)
    bench.progress.warnings.clear()
    bench.files({".dockerignore": ".git\n"})
    bench.run(pipeline.build, output=bench.place / "two", tags="")
    assert bench.progress.warnings == []


def test_missing_files_and_instructions_not_built_are_reported_together(bench):
    """All that can be known before any work is said at once, in the order of the lines."""
    bench.files({"Dockerfile": "FROM scratch\nCOPY a /\nRUN --mount=type=ssh make\nCOPY b /\n"})
    with pytest.raises(FaultsError) as caught:
        bench.run(pipeline.build, output=bench.place / "out", tags="")
    assert [fault.location.line for fault in caught.value.faults] == [2, 3, 4]


@pytest.mark.parametrize(
    ("push", "message", "succeeds"),
    [
        (Push.AUTO, "requested access to the resource is denied", True),
        (Push.TRUE, "requested access to the resource is denied", False),
        (Push.AUTO, "permission_denied: write_package", False),
    ],
)
def test_a_read_only_job_token_is_no_fault_of_an_automatic_push(bench, push, message, succeeds):
    """Where `push: auto` meets a job token that may only read, the build is enough, and a warning says so."""
    repository = Repository(registry="ghcr.io", path="me/app")
    body = json.dumps({"errors": [{"code": "DENIED", "message": message}]}).encode()
    reply = HttpReply(status=403, headers={}, url="https://ghcr.io/token", body=body)
    job = Credential.of("github-actions", "token", "GITHUB_TOKEN", of_job=True)
    bench.registry = RefusingRegistry(refusal(reply, asked="POST", repository=repository, credential=job))
    if not succeeds:
        with pytest.raises(TagboatError, match="403"):
            bench.run(images=str(repository), push=push)
        return
    outputs = bench.run(images=str(repository), push=push)
    assert (outputs.built is not None, outputs.released, outputs.decision.push) == (True, None, False)
    assert any("not pushed" in warning for warning in bench.progress.warnings)


class RefusingRegistry:
    """A registry that answers every question with one error."""

    def __init__(self, error):
        self.error = error

    def requests(self, _repository):
        return 0

    def stop(self):
        """Stop nothing."""

    def __getattr__(self, _name):
        def refuse(*_arguments, **_options):
            raise self.error

        return refuse
