"""New names for an image that exists: nothing is built, nothing is sent that the registry has."""

from __future__ import annotations

import dataclasses

from tagboat.errors import InputError, PolicyError, raise_faults
from tagboat.flow.context import Context
from tagboat.flow.outputs import Outputs
from tagboat.flow.request import Push, Request, TagRequest
from tagboat.flow.tagset import TagSet
from tagboat.oci.reference import Reference
from tagboat.pipeline.publishing import find_image, publish
from tagboat.pipeline.tools import Tools
from tagboat.policy import (
    NameTakenError,
    check_job_token,
    check_names,
    decide_push,
    refuse_unsafe_event,
    withhold_outdated,
)

_ENVIRONMENT = "type=environment"


def promote(request: Request, tools: Tools) -> Outputs:
    """Give the names that the rules make to the image of `request.references`; with `dry_run` only say which.

    The image is resolved to its digest first. Its names go to its own repository where `images` names no other. Raises
    `RegistryError` when it is not there, `PolicyError` when a name may not be its.
    """
    if len(request.references) != 1:
        raise InputError("promote takes one image", "write: tagboat promote NAME:TAG or NAME@sha256:…")
    reference = request.references[0].or_latest()
    context = tools.read_context(request)
    refuse_unsafe_event(context, allow_pull_request_target=request.allow_pull_request_target)
    tagset = _names(request.tagging, reference, context, request, tools)
    decision = dataclasses.replace(decide_push(Push.TRUE, context), reason="promote was asked for")
    faults = (
        *check_names(tagset, names_images=True),
        *check_job_token(tagset.references, context, request.credentials),
    )
    raise_faults(faults)
    image = find_image(reference, tagset.references, tools)
    tools.progress.info(f"{reference.familiar} is {image.root.digest}")
    outputs = Outputs(context=context, tagset=tagset, decision=decision)
    if request.dry_run or not tagset.references:
        return outputs
    try:
        return publish(image, request, tools, outputs)
    except NameTakenError as error:
        raise PolicyError(error.problem, "promote it under another tag, or delete that one if it is wrong") from error


def _names(asked: TagRequest, reference: Reference, context: Context, request: Request, tools: Tools) -> TagSet:
    """Return the names that the rules make; labels and annotations are those that the image has."""
    from tagboat.tags import derive_tags

    rules = asked.tags
    if asked.environment and _ENVIRONMENT not in rules:
        rules = f"{rules}\n{_ENVIRONMENT}".strip()
    named = dataclasses.replace(asked, tags=rules, images=asked.images.strip() or str(reference.repository))
    derived = derive_tags(
        named, context, now=tools.now, source_date_epoch=request.source_date_epoch, history=tools.history
    )
    tagset = dataclasses.replace(withhold_outdated(derived, tools.past), labels={}, annotations=())
    for warning in tagset.warnings:
        tools.progress.warn(warning)
    return tagset
