"""What other people's clients make of images that Tagboat pushed, at Debian's docker-registry and at distribution 3."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

import pytest

FILES = {
    "Dockerfile": """FROM scratch
ARG TARGETARCH
LABEL example.architecture=$TARGETARCH
COPY etc /etc/
COPY --chown=33:33 --chmod=4755 tool /bin/tool
CMD ["/bin/tool"]
""",
    "etc/passwd": "root:x:0:0::/:/bin/sh\n",
    "tool": "#!/bin/sh\n",
}
# How each copies an image, with all its platforms, to where it is named.
COPIES = {
    "crane": ("crane pull --format=oci IMAGE crane", "crane"),
    "oras": ("oras copy IMAGE --to-oci-layout oras:1", "oras"),
    "regctl": ("regctl image copy IMAGE ocidir://regctl:1", "regctl"),
    "regctl's export": ("regctl image export IMAGE regctl.tar", "regctl.tar"),
    "skopeo": ("skopeo copy --all docker://IMAGE oci:skopeo:1", "skopeo"),
}
# A key and no log of signatures: nothing is asked from the internet.
OFFLINE_SIGN = ("--use-signing-config=false", "--tlog-upload=false", "--yes")
OFFLINE_VERIFY = ("--insecure-ignore-tlog=true",)
SIGNATURES = {"bundle": (), "classic": ("--new-bundle-format=false",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """What was pushed under `image`:1, as its layout has it; `digests` are those of its platforms."""

    image: str
    digest: str
    digests: Mapping[str, str]
    blobs: Mapping[str, bytes]

    @property
    def name(self) -> str:
        """The one name that was pushed."""
        return f"{self.image}:1"

    def config(self, platform: str) -> str:
        """Return the configuration of a platform."""
        return self.blobs[json.loads(self.blobs[self.digests[platform]])["config"]["digest"]].decode()


@pytest.fixture
def push(tagboat, server):
    """Push the layout that was built under these names."""
    return lambda *names: tagboat("push", "ours", *names, TAGBOAT_CA_FILE=server.ca_file)


@pytest.fixture(params=["linux/amd64", "linux/amd64,linux/arm64"], ids=["image", "index"])
def pushed(request, tagboat, push, server, write, blobs) -> Pushed:
    """Build and push an image of one platform, and then an index of two."""
    write(tagboat.cwd / "source", FILES)
    built = tagboat("build", "source", "--platforms", request.param, "--output", "ours", "--json").json
    image = f"{server.host}/judges/{uuid.uuid4().hex[:12]}"
    push(f"{image}:1")
    return Pushed(image=image, digest=built["digest"], digests=built["digests"], blobs=blobs(tagboat.cwd / "ours"))


def test_every_client_finds_the_digest_and_the_bytes(pushed, judge):
    """Crane, regctl, oras and skopeo read the very manifest that was built, and name it by its digest."""
    digests = [
        judge("crane", "digest", pushed.name),
        judge("regctl", "image", "digest", pushed.name),
        judge("oras", "resolve", pushed.name),
    ]
    manifests = [
        judge("crane", "manifest", pushed.name),
        judge("regctl", "manifest", "get", "--format=raw-body", pushed.name),
        judge("oras", "manifest", "fetch", pushed.name),
        judge("skopeo", "inspect", "--raw", f"docker://{pushed.name}"),
    ]

    assert {digest.strip() for digest in digests} == {pushed.digest}
    assert set(manifests) == {pushed.blobs[pushed.digest].decode()}


def test_every_client_chooses_a_platform_and_reads_its_configuration(pushed, judge):
    """Asked for a platform, crane, regctl, oras and skopeo give its configuration, byte for byte."""
    for platform in pushed.digests:
        architecture = platform.partition("/")[2]
        inspect = ("inspect", "--config", "--raw", f"docker://{pushed.name}")
        configurations = [
            judge("crane", "config", "--platform", platform, pushed.name),
            judge("regctl", "image", "config", "--platform", platform, "--format=raw-body", pushed.name),
            judge("oras", "manifest", "fetch-config", "--platform", platform, pushed.name),
            judge("skopeo", "--override-os=linux", f"--override-arch={architecture}", *inspect),
        ]
        assert set(configurations) == {pushed.config(platform)}


def test_a_copy_is_the_layout_that_was_pushed(pushed, judge, blobs, tagboat):
    """A copy by any client holds the blobs of the layout that was pushed: none is changed, missing or new."""
    for client, (command, place) in COPIES.items():
        judge(*command.replace("IMAGE", pushed.name).split())
        assert blobs(tagboat.cwd / place) == pushed.blobs, client


def test_crane_finds_nothing_wrong(pushed, judge):
    """Crane downloads every layer and finds sizes, digests, diff IDs and media types as the manifests have them."""
    judge("crane", "validate", "--remote", pushed.name)


def test_what_was_attached_stays_attached(pushed, push, judge, write, tagboat):
    """What oras attached to an image is found by every name of it after the image was pushed again."""
    write(tagboat.cwd, {"note": "seen\n"})
    judge("oras", "attach", "--artifact-type=application/vnd.example.note", pushed.name, "note:text/plain")
    names = [pushed.name, f"{pushed.image}:2"]
    push(*names)

    for name in names:
        [referrer] = json.loads(judge("oras", "discover", "--format=json", name))["referrers"]
        assert referrer["artifactType"] == "application/vnd.example.note"


@pytest.mark.parametrize("form", SIGNATURES)
def test_what_was_signed_stays_signed(form, pushed, push, judge):
    """A push of what cosign has signed moves no tag but the names given, and cosign verifies each of them."""
    judge("cosign", "generate-key-pair", COSIGN_PASSWORD="")
    at_digest = f"{pushed.image}@{pushed.digest}"
    options = ("--key=cosign.key", "--recursive", *OFFLINE_SIGN, *SIGNATURES[form])
    judge("cosign", "sign", *options, at_digest, COSIGN_PASSWORD="")
    before = digests_of_tags(judge, pushed.image)
    names = [pushed.name, f"{pushed.image}:2"]
    push(*names)

    assert digests_of_tags(judge, pushed.image) == {**before, "2": pushed.digest}
    assert len(before) == 1 + len({pushed.digest, *pushed.digests.values()}), "a tag for each signature"
    for name in names:
        judge("cosign", "verify", "--key=cosign.pub", *OFFLINE_VERIFY, *SIGNATURES[form], name)


def digests_of_tags(judge, image: str) -> dict[str, str]:
    """Return all tags of an image with their digests."""
    return {tag: judge("crane", "digest", f"{image}:{tag}").strip() for tag in judge("crane", "ls", image).split()}
