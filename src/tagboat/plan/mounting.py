"""RUN --mount: from the flag, its variables expanded, to what the step sees beside the root file system."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from dataclasses import dataclass
from typing import assert_never

from tagboat.dockerfile import mounts as written
from tagboat.dockerfile.faults import LanguageError
from tagboat.dockerfile.instructions import Run
from tagboat.dockerfile.mounts import MountType
from tagboat.errors import DockerfileError, Location, TagboatError, raise_faults
from tagboat.flow.plan import BindMount, CacheMount, ContextFiles, Mount, Origin, SecretMount, TmpfsMount
from tagboat.flow.request import Request
from tagboat.plan import paths

_CACHE_NAMESPACE_ARG = "BUILDKIT_CACHE_MOUNT_NS"
_SCRATCH = "scratch"


@dataclass(frozen=True, slots=True, kw_only=True)
class MountScene:
    """What the mounts of a RUN are looked up in: `expand` knows the line's variables, `origin` what `from` names."""

    workdir: str
    expand: Callable[[str], str]
    origin: Callable[[str], Origin]


def lower_mounts(run: Run, scene: MountScene, request: Request) -> tuple[Mount, ...]:
    """Return the mounts of a RUN, in the order of its flags; raises all that is wrong with them together."""
    mounts: list[Mount] = []
    faults: list[TagboatError] = []
    for flag in run.mounts:
        try:
            mounts.append(_lower(flag.resolve(scene.expand), scene, request, run.location))
        except LanguageError as error:
            faults.append(DockerfileError(f"RUN: {error.problem}", error.hint, location=run.location))
        except DockerfileError as error:
            faults.append(error)
    raise_faults(faults)
    return tuple(mounts)


def _lower(mount: written.Mount, scene: MountScene, request: Request, location: Location) -> Mount:
    match mount.type:
        case MountType.BIND:
            return _bind(mount, scene)
        case MountType.CACHE:
            return _cache(mount, scene, request.build_args.get(_CACHE_NAMESPACE_ARG, ""))
        case MountType.TMPFS:
            return TmpfsMount(target=_target(mount, scene), size_bytes=mount.size_bytes)
        case MountType.SECRET:
            return _secret(mount, request, location)
        case MountType.SSH:
            raise DockerfileError(
                "RUN --mount=type=ssh is not built yet",
                "fetch over https with a token in a secret mount, or fetch before the build and COPY",
                location=location,
            )
        case _ as never:
            assert_never(never)


def _bind(mount: written.Mount, scene: MountScene) -> BindMount:
    if mount.from_ == _SCRATCH:
        raise LanguageError("a bind mount of scratch holds nothing", "write type=tmpfs for an empty folder")
    return BindMount(
        origin=scene.origin(mount.from_) if mount.from_ else ContextFiles(),
        target=_target(mount, scene),
        source=_source(mount),
        read_only=mount.read_only,
    )


def _cache(mount: written.Mount, scene: MountScene, namespace: str) -> CacheMount:
    source = _source(mount)
    origin = scene.origin(mount.from_) if mount.from_ not in ("", _SCRATCH) else None
    if source and origin is None:
        raise LanguageError(f"a cache mount has source={mount.source} and no from", "write from= too, or no source")
    name = mount.id or paths.cleaned(mount.target)
    return CacheMount(
        id=f"{namespace}/{name}" if namespace else name,
        target=_target(mount, scene),
        origin=origin,
        source=source,
        mode=0o755 if mount.mode is None else mount.mode,
        uid=mount.uid or 0,
        gid=mount.gid or 0,
        read_only=mount.read_only,
    )


def _secret(mount: written.Mount, request: Request, location: Location) -> SecretMount:
    if mount.required and mount.id not in request.secrets:
        raise DockerfileError(
            f"RUN needs the secret {mount.id!r}, which is not given",
            f"write secret-envs: {mount.id}=VARIABLE, secret-files: {mount.id}=FILE or secrets: {mount.id}=VALUE",
            location=location,
        )
    target = mount.target
    if not target and not mount.env:
        target = posixpath.join("/run/secrets", mount.id.rstrip("/").rpartition("/")[2])
    return SecretMount(
        id=mount.id,
        # Unlike other mounts, a relative one starts at the root, as in BuildKit.
        target=paths.absolute(target, "/") if target else "",
        env=mount.env,
        required=mount.required,
        mode=0o400 if mount.mode is None else mount.mode,
        uid=mount.uid or 0,
        gid=mount.gid or 0,
    )


def _target(mount: written.Mount, scene: MountScene) -> str:
    target = paths.absolute(mount.target, scene.workdir)
    if target == "/":
        raise LanguageError(f"a mount's target must not be /, which target={mount.target} is", "mount below /")
    return target


def _source(mount: written.Mount) -> str:
    """Return the path in the origin, relative to its root; empty for the root."""
    return paths.absolute(mount.source, "/").lstrip("/")
