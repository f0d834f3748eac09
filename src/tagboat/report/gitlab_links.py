"""Links on the page of a GitLab job: where the image is, and what to pull it by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tagboat.flow.outputs import Outputs
from tagboat.flow.released import Move, ReleasedName
from tagboat.oci.reference import DOCKER_HUB, Repository

_MOST_NAMES = 20  # a job's page lists them all, one below the other


def job_links(outputs: Outputs, environ: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return the entries of an annotations report: each image's page, each name with its digest, the job.

    A name links to the image's page, or where none is known to the manifest itself. GitLab refuses other addresses than
    those of http and https.
    """
    names = [name for name in outputs.released.names if name.outcome is not Move.FAILED] if outputs.released else []
    pages = {name.reference.repository: _page(name.reference.repository, environ) for name in names}
    links = [(f"Image {repository.familiar}", page) for repository, page in pages.items() if page]
    links += [_pull(name, pages[name.reference.repository]) for name in names[:_MOST_NAMES]]
    links += _job(environ)
    return [{"external_link": {"label": label, "url": url}} for label, url in links]


def _pull(name: ReleasedName, page: str) -> tuple[str, str]:
    repository = name.reference.repository
    manifest = f"https://{repository.registry}/v2/{repository.path}/manifests/{name.digest}"
    return f"{name.reference.familiar}@{name.digest}", page or manifest


def _job(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if environ.get("CI_JOB_URL", "").startswith(("https://", "http://")):
        yield f"Job {environ.get('CI_JOB_ID', '')}".strip(), environ["CI_JOB_URL"]


def _page(repository: Repository, environ: Mapping[str, str]) -> str:
    """Return the address that shows people a repository, empty where it cannot be known."""
    path = repository.path
    if repository.registry == environ.get("CI_REGISTRY", "").lower():
        # Pages of single repositories have numbers that only GitLab's API tells.
        project = environ.get("CI_PROJECT_PATH", "").lower()
        own = project and f"{path}/".startswith(f"{project}/")
        return f"{environ.get('CI_PROJECT_URL', '')}/container_registry" if own else ""
    match repository.registry:
        case registry if registry == DOCKER_HUB:
            official = path.removeprefix("library/")
            return f"https://hub.docker.com/r/{path}" if official == path else f"https://hub.docker.com/_/{official}"
        case "ghcr.io":
            return f"https://ghcr.io/{path}"
        case "quay.io":
            return f"https://quay.io/repository/{path}"
        case _:
            return ""
