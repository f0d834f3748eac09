"""What is right alone and wrong together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tagboat.errors import InputError
from tagboat.flow.request import Push, Request, Step

_STEPS = tuple(Step)
NO_OUTPUT_ENV = ("0", "f", "F", "false", "FALSE", "False")
"""What DOCKER_METADATA_SET_OUTPUT_ENV says to keep outputs out of the job's environment."""

_LATEST_EPOCH_SECONDS = 253402300799  # the last second of the year 9999: RFC 3339 ends there


def epoch_seconds(environ: Mapping[str, str], build_args: Mapping[str, str | None]) -> int | InputError | None:
    """Return SOURCE_DATE_EPOCH, None when it is not set, or what is wrong with it.

    The build argument of that name wins over the variable, as with BuildKit.
    """
    text = (build_args.get("SOURCE_DATE_EPOCH") or environ.get("SOURCE_DATE_EPOCH", "")).strip()
    if not text:
        return None
    if not re.fullmatch(r"[0-9]{1,12}", text) or int(text) > _LATEST_EPOCH_SECONDS:
        return InputError(
            f"SOURCE_DATE_EPOCH: {text!r} is no time",
            "write whole seconds since 1970, such as $(git log -1 --format=%ct)",
        )
    return int(text)


def environment_faults(environ: Mapping[str, str]) -> Iterator[InputError]:
    """Yield a fault for DOCKER_METADATA_SET_OUTPUT_ENV when it is neither true nor false in metadata-action's words."""
    text = environ.get("DOCKER_METADATA_SET_OUTPUT_ENV", "").strip()
    if text not in {"", "1", "t", "T", "true", "TRUE", "True", *NO_OUTPUT_ENV}:
        yield InputError(f"DOCKER_METADATA_SET_OUTPUT_ENV: {text!r} is neither true nor false", "write true or false")


def combination_faults(request: Request) -> Iterator[InputError]:
    """Yield a fault for each impossible combination."""
    if request.quiet and request.verbose:
        yield InputError("quiet and verbose ask for opposites", "give one of them")
    if request.offline and _must_push(request):
        yield InputError("offline: a push needs the network", "leave out --offline, or write --push=false")
    if request.event and request.command == "run" and not request.dry_run:
        yield InputError("event: run acts on the event that it runs in", "use tagboat plan --event, or add --dry-run")
    for credentials in request.credentials:
        if not credentials.username:
            yield InputError("password: a password was given without a username", "give username too")
    if request.command == "push":
        yield from _push_faults(request)


def _must_push(request: Request) -> bool:
    if request.command in {"push", "promote"}:
        return True
    reaches_upload = _STEPS.index(request.until) >= _STEPS.index(Step.UPLOAD)
    return request.command == "run" and request.push is Push.TRUE and reaches_upload and not request.dry_run


def _push_faults(request: Request) -> Iterator[InputError]:
    if not request.all_tags:
        for reference in request.references:
            if not (reference.tag or reference.digest):
                yield InputError(f"push: {reference.familiar} names no tag", f"write {reference.familiar}:latest")
        return
    if len(request.references) > 1:
        yield InputError("all-tags: the tags go to one repository", "name one repository")
    for reference in request.references:
        if reference.tag or reference.digest:
            yield InputError(
                f"all-tags: {reference.familiar} names a tag or digest", f"write {reference.repository.familiar}"
            )
