"""Where GitLab's job token may write: to the registry of its own project, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tagboat.auth.host import normal_host
from tagboat.errors import CredentialError
from tagboat.flow.context import Context
from tagboat.flow.request import Credentials
from tagboat.oci.reference import Reference, Repository


def check_job_token(
    references: Iterable[Reference], context: Context, credentials: Iterable[Credentials]
) -> Iterator[CredentialError]:
    """Yield a fault for each repository of another project that only the job's token would log in for.

    GitLab gives such a token no right to push, whatever the other project's allowlist says (that is for pulls), and the
    registry would tell so only after the build, as "insufficient scope".
    """
    registry = context.job_token_registry
    if not registry or any(normal_host(given.registry) == registry for given in credentials):
        return
    own = context.repository.name.lower()
    for repository in dict.fromkeys(reference.repository for reference in references):
        if repository.registry == registry and not _belongs_to(repository, own):
            yield CredentialError(
                f"{repository}: this job's token may push to {registry}/{own} alone",
                f"write {registry}/{own} into images, or give a deploy token of that project as username and password",
            )


def _belongs_to(repository: Repository, project: str) -> bool:
    return repository.path == project or repository.path.startswith(f"{project}/")
