"""Links on a job's page."""

from __future__ import annotations

import dataclasses

import pytest

from tagboat.flow.outputs import Outputs
from tagboat.flow.released import Move, Released, ReleasedName
from tagboat.oci.digest import Digest
from tagboat.oci.reference import Reference
from tagboat.report.gitlab_links import job_links

DIGEST = Digest.parse("sha256:" + "a" * 64)
PROJECT = {
    "CI_REGISTRY": "registry.gitlab.example.com",
    "CI_PROJECT_PATH": "Acme/Demo",
    "CI_PROJECT_URL": "https://gitlab.example.com/Acme/Demo",
}


def links(*names, environ=None, outcome=Move.PUSHED):
    """Return label and address of each link of a run that gave these names."""
    released = tuple(ReleasedName(reference=Reference.parse(name), digest=DIGEST, outcome=outcome) for name in names)
    entries = job_links(Outputs(released=Released(names=released)), environ or {})
    return [(entry["external_link"]["label"], entry["external_link"]["url"]) for entry in entries]


@pytest.mark.parametrize(
    ("name", "page"),
    [
        ("me/app:1", "https://hub.docker.com/r/me/app"),
        ("alpine:1", "https://hub.docker.com/_/alpine"),
        ("quay.io/me/app:1", "https://quay.io/repository/me/app"),
        ("ghcr.io/me/app:1", "https://ghcr.io/me/app"),
        ("registry.gitlab.example.com/acme/demo/web:1", "https://gitlab.example.com/Acme/Demo/container_registry"),
    ],
)
def test_an_image_links_to_its_page(name, page):
    """Where the registry's pages are known, the image and each of its names lead there; the name tells the digest."""
    image = name.partition(":")[0]
    assert links(name, environ=PROJECT) == [(f"Image {image}", page), (f"{name}@{DIGEST}", page)]


@pytest.mark.parametrize("host", ["127.0.0.1:5000", "registry.gitlab.example.com"])
def test_without_a_page_the_manifest_is_linked(host):
    """A registry without pages, or another project's, is linked by the address that a client asks."""
    name = f"{host}/acme/other:1"
    assert links(name, environ=PROJECT) == [(f"{name}@{DIGEST}", f"https://{host}/v2/acme/other/manifests/{DIGEST}")]


def test_a_page_is_linked_once_and_names_have_an_end():
    """Many tags of one image share its page, and no job's page is flooded."""
    found = links(*(f"quay.io/me/app:{number}" for number in range(50)))
    assert [label for label, _ in found if label.startswith("Image")] == ["Image quay.io/me/app"]
    assert len(found) == 21


def test_a_name_that_failed_is_not_linked():
    """Only what can be pulled is shown."""
    assert links("quay.io/me/app:1", outcome=Move.FAILED) == []


@pytest.mark.parametrize(("url", "linked"), [("https://g/9", True), ("javascript:alert(1)", False), ("", False)])
def test_the_job_is_linked_by_an_address_alone(url, linked):
    """GitLab takes http and https."""
    assert links(environ={"CI_JOB_URL": url, "CI_JOB_ID": "9"}) == ([("Job 9", url)] if linked else [])


def test_a_run_without_a_push_has_no_names(outputs):
    """What was built and not pushed has no address."""
    assert job_links(dataclasses.replace(outputs, released=None), {}) == []
