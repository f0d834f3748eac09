"""Build arguments: which values are visible where (the ARG scopes of the Dockerfile reference)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain

from tagboat.dockerfile.expand import ExpansionError, expand
from tagboat.dockerfile.instructions import Arg, Dockerfile, Instruction
from tagboat.oci.platform import Platform

PROXY_ARGS = frozenset(
    name
    for base in ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
    for name in (base, base.lower())
)
"""Arguments that every RUN sees without ARG, and that history never shows."""

NEVER_EXPORTED = frozenset({"BUILDKIT_SBOM_SCAN_CONTEXT", "BUILDKIT_SBOM_SCAN_STAGE"})
"""Arguments that are no variables, declared or not: they speak to the builder."""

_KNOWN_WITHOUT_ARG = frozenset(
    {
        "SOURCE_DATE_EPOCH",
        "TARGETSTAGE",
        *(
            prefix + part
            for prefix in ("TARGET", "BUILD")
            for part in ("PLATFORM", "OS", "ARCH", "VARIANT", "OSVERSION")
        ),
    }
)


def platform_args(target: Platform, native: Platform, target_stage: str) -> dict[str, str | None]:
    """Return the arguments that every Dockerfile has: TARGETPLATFORM and its parts, BUILDPLATFORM and its parts."""
    return {
        **_parts("TARGET", target),
        **_parts("BUILD", native),
        "TARGETSTAGE": target_stage or "default",
    }


def global_args(
    dockerfile: Dockerfile, build_args: Mapping[str, str], automatic: Mapping[str, str | None]
) -> dict[str, str | None]:
    """Return the arguments visible to FROM lines: the automatic ones and those before the first FROM.

    A build argument wins over a default; a default sees the arguments above it. None means declared without a value.
    Raises `DockerfileError` for a default that cannot be expanded.
    """
    values = {name: build_args.get(name, value) for name, value in automatic.items()}
    for line in dockerfile.global_args:
        for name, default in line.pairs:
            try:
                # A default that a build argument replaces is not looked at: it may ask for what is not there.
                unread = default is None or name in build_args
                expanded = None if unread else expand(default or "", values, dockerfile.directives.escape)
            except ExpansionError as error:
                raise error.at(line.location) from error
            values[name] = stage_arg(name, expanded, build_args, values)
    return values


def stage_arg(
    name: str, default: str | None, build_args: Mapping[str, str], outer: Mapping[str, str | None]
) -> str | None:
    """Return what `ARG name[=default]` gives inside a stage; `default` is expanded already.

    The build argument wins, then the default, then the value before the first FROM.
    """
    if name in build_args:
        return build_args[name]
    return default if default is not None else outer.get(name)


def proxy_variables(build_args: Mapping[str, str]) -> dict[str, str]:
    """Return the proxy variables of every RUN, each in both cases; where both are given the lower-case one counts."""
    # Upper case sorts first.
    given = {name.upper(): build_args[name] for name in sorted(PROXY_ARGS & build_args.keys())}
    return {written: value for name, value in given.items() if value for written in (name, name.lower())}


def unused_build_args(
    dockerfile: Dockerfile, triggers: Iterable[Instruction], build_args: Mapping[str, str]
) -> list[str]:
    """Return the sorted names of build arguments that no ARG declares and that have no meaning of their own.

    `triggers` are the ONBUILD instructions of bases, which may declare some too.
    """
    lines = chain(dockerfile.global_args, triggers, *(stage.instructions for stage in dockerfile.stages))
    declared = {name for line in lines if isinstance(line, Arg) for name, _ in line.pairs}
    special = PROXY_ARGS | _KNOWN_WITHOUT_ARG
    return sorted(name for name in build_args if name not in declared | special and not name.startswith("BUILDKIT_"))


def _parts(prefix: str, platform: Platform) -> dict[str, str | None]:
    return {
        f"{prefix}PLATFORM": str(platform),
        f"{prefix}OS": platform.os,
        f"{prefix}ARCH": platform.architecture,
        f"{prefix}VARIANT": platform.variant,
        f"{prefix}OSVERSION": platform.os_version,
    }
