"""Values that the reports are made of, harmless ones and hostile ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tagboat.errors import Location
from tagboat.flow.built import Built, BuiltImage
from tagboat.flow.outputs import Outputs, PushDecision
from tagboat.flow.plan import (
    BuildPlan,
    ContextFiles,
    CopyStep,
    ImageSource,
    PlanWarning,
    PlatformPlan,
    RunStep,
    StageBase,
    StagePlan,
    WorkdirStep,
)
from tagboat.flow.released import Move, Released, ReleasedName
from tagboat.flow.tagset import Decision, Outcome, TagSet
from tagboat.flow.uploaded import Transfer, Uploaded
from tagboat.oci import mediatype
from tagboat.oci.annotations import Annotation, Level
from tagboat.oci.descriptor import Descriptor
from tagboat.oci.manifest import Index, Manifest
from tagboat.oci.platform import Platform
from tagboat.oci.reference import Reference, TagName

GOLDEN = Path(__file__).parents[2] / "golden" / "report"
HOSTILE = "a|b`c`<img src=x>\n::set-output name=digest::bad%0A\x1b[31m##[add-mask]x"


@pytest.fixture
def golden():
    """Compare a text with a file of tests/golden/report; with UPDATE_GOLDEN=1 write it instead."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if os.environ.get("UPDATE_GOLDEN") == "1":
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare


@pytest.fixture
def hostile():
    """Return a text that tries to be Markdown, HTML, a CI command and a terminal's control code."""
    return HOSTILE


@pytest.fixture
def location():
    """Return a place in a Dockerfile with its line and column."""
    return Location(file="Dockerfile", line=4, column=6, text="COPY\tdist /srv/")


@pytest.fixture
def manifest():
    """Return a manifest of two layers."""
    layers = (Descriptor.of(mediatype.LAYER_GZIP, b"base" * 900), Descriptor.of(mediatype.LAYER_GZIP, b"own"))
    return Manifest.make(config=Descriptor.of(mediatype.CONFIG, b"{}"), layers=layers)


@pytest.fixture
def tagset():
    """Return a tag set with one decision of each kind."""
    references = tuple(Reference.parse(f"ghcr.io/me/app:{tag}") for tag in ("1.2.3", "1.2"))
    return TagSet(
        version="1.2.3",
        names=(TagName("1.2.3"), TagName("1.2")),
        references=references,
        labels={"org.opencontainers.image.version": "1.2.3", "org.opencontainers.image.title": "app"},
        annotations=(Annotation(level=Level.MANIFEST, key="org.opencontainers.image.title", value="app"),),
        decisions=(
            Decision(
                rule="type=semver,pattern={{version}}",
                tag="1.2.3",
                outcome=Outcome.MADE,
                reason="the ref is the git tag v1.2.3",
            ),
            Decision(
                rule="type=semver,pattern={{major}}.{{minor}}",
                tag="1.2",
                outcome=Outcome.MADE,
                reason="the ref is the git tag v1.2.3",
            ),
            Decision(
                rule="type=ref,event=tag", tag="1.2.3", outcome=Outcome.DUPLICATE, reason="an earlier rule made it"
            ),
            Decision(
                rule="type=ref,event=branch",
                tag="",
                outcome=Outcome.SKIPPED,
                reason="the ref is a git tag, not a branch",
            ),
            Decision(
                rule="flavor latest=auto", tag="latest", outcome=Outcome.WITHHELD, reason="2.0.0 is a higher version"
            ),
        ),
        warnings=("tags: type=ref,event=tag gives what an earlier rule gives",),
    )


@pytest.fixture
def plan(location):
    """Return a plan of one platform with two stages."""
    platform = Platform.parse("linux/amd64")
    first = StagePlan(
        index=0,
        name="build",
        platform=platform,
        base=ImageSource(name="alpine:3.20", platform=platform, reference=Reference.parse("alpine:3.20")),
        steps=(
            WorkdirStep(location=Location(file="Dockerfile", line=2), path="/srv"),
            CopyStep(
                location=Location(file="Dockerfile", line=3),
                origin=ContextFiles(),
                sources=("package.json", "src"),
                destination="/srv/",
            ),
            RunStep(
                location=Location(file="Dockerfile", line=4),
                instruction="RUN --network=none npm ci   --omit=dev && npm run build -- --mode production",
                argv=("/bin/sh", "-c", "npm ci"),
                env={"TOKEN": "hunter2"},
            ),
        ),
        run={},
        author="",
        history=(),
        location=Location(file="Dockerfile", line=1),
    )
    last = StagePlan(
        index=1,
        name="",
        platform=platform,
        base=StageBase(index=0),
        steps=(CopyStep(location=location, origin=StageBase(index=0), sources=("dist",), destination="/srv/"),),
        run={"Cmd": ["serve"]},
        author="",
        history=(),
        location=Location(file="Dockerfile", line=4),
    )
    warning = PlanWarning(problem="ARG TOKEN looks like a secret", hint="mount it instead", location=location)
    return BuildPlan(platforms=(PlatformPlan(platform=platform, stages=(first, last)),), warnings=(warning,))


@pytest.fixture
def built(manifest, tmp_path):
    """Return a layout of two platforms."""
    arm = Descriptor.of(mediatype.MANIFEST, b"arm")
    images = {
        Platform.parse("linux/amd64"): BuiltImage(
            manifest=manifest.descriptor, config=manifest.config, layers=manifest.layers
        ),
        Platform.parse("linux/arm64"): BuiltImage(manifest=arm, config=Descriptor.of(mediatype.CONFIG, b"arm")),
    }
    index = Index.make(manifests=[image.manifest for image in images.values()])
    return Built(layout=tmp_path / "layout", root=index.descriptor, images=images)


@pytest.fixture
def released(built, tagset):
    """Return two names: one pushed, one refused."""
    first, second = tagset.references
    return Released(
        names=(
            ReleasedName(
                reference=first,
                digest=built.root.digest,
                outcome=Move.PUSHED,
                transfer=Transfer(bytes_sent=1234567, bytes_skipped=89, requests=12),
            ),
            ReleasedName(
                reference=second,
                digest=built.root.digest,
                outcome=Move.FAILED,
                problem="ghcr.io: PUT: 403: denied",
                exit_code=8,
            ),
        )
    )


@pytest.fixture
def outputs(tagset, plan, built, released):
    """Return the outputs of a run that pushed two platforms and was refused one name."""
    return Outputs(
        tagset=tagset,
        decision=PushDecision(push=True, reason="push is auto, which pushes on the event push"),
        plan=plan,
        built=built,
        uploaded=Uploaded(root=built.root, raw=b"{}"),
        released=released,
        layout="out",
        warnings=(
            "tags: type=ref,event=tag gives what an earlier rule gives",
            "Dockerfile:4: ARG TOKEN looks like a secret",
            "cache-size is not needed",
        ),
        seconds=83.4,
    )
