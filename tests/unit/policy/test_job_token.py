"""Where a job's own token may push."""

from __future__ import annotations

import pytest

from tagboat.flow.context import Context, SourceRepository, System
from tagboat.flow.request import Credentials
from tagboat.oci.reference import Reference
from tagboat.policy import check_job_token
from tagboat.secret import Secret

HOST = "registry.gitlab.example.com"
CONTEXT = Context(
    system=System.GITLAB,
    repository=SourceRepository(name="Acme/Demo"),
    job_token_registry="registry.gitlab.example.com",
)


def refused(*names, context=CONTEXT, credentials=()):
    """Return the repositories that are refused."""
    references = [Reference.parse(f"{name}:1") for name in names]
    return [fault.problem.partition(":")[0] for fault in check_job_token(references, context, credentials)]


def given(registry):
    """Return credentials for a registry, as the inputs give them."""
    return [Credentials(registry=registry, username="deploy", password=Secret("token"))]


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        (f"{HOST}/acme/demo", True),
        (f"{HOST}/acme/demo/web", True),
        (f"{HOST}/acme/demo/web/deep", True),
        (f"{HOST}/acme/demo2", False),
        (f"{HOST}/acme/other", False),
        (f"{HOST}/acme", False),
        (f"{HOST}/other/acme/demo", False),
        ("ghcr.io/acme/other", True),
        ("me/app", True),
    ],
)
def test_the_token_writes_to_its_own_project(name, fits):
    """Of GitLab's registry the token reaches the project and what lies below it; others are not its matter."""
    assert refused(name) == ([] if fits else [name])


def test_every_foreign_repository_is_named_once():
    """All of them are told, however many tags each gets, and the hint names both ways out."""
    references = [Reference.parse(f"{HOST}/acme/{name}") for name in ("a:1", "a:2", "b:1", "demo:1")]
    faults = list(check_job_token(references, CONTEXT, []))
    assert [fault.problem.partition(":")[0] for fault in faults] == [f"{HOST}/acme/a", f"{HOST}/acme/b"]
    assert {fault.exit_code for fault in faults} == {7}
    assert all("deploy token" in fault.hint and f"{HOST}/acme/demo" in fault.hint for fault in faults)


@pytest.mark.parametrize(("registry", "refuses"), [(HOST, False), (f"https://{HOST}/", False), ("ghcr.io", True)])
def test_credentials_of_the_inputs_are_not_the_token_s_matter(registry, refuses):
    """Who gives a user name and password for the registry logs in with them, and the token is not asked."""
    assert bool(refused(f"{HOST}/acme/other", credentials=given(registry))) is refuses


def test_where_there_is_no_token_nothing_is_refused():
    """Outside GitLab, and where the project sets a password of its own, the registry decides."""
    assert refused(f"{HOST}/acme/other", context=Context(system=System.LOCAL)) == []
