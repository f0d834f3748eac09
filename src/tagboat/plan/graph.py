"""Which stages and images a Dockerfile's stages stand on, and which of them a target needs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from tagboat.dockerfile.expand import ExpansionError, expand
from tagboat.dockerfile.instructions import Copy, Dockerfile, Instruction, Onbuild, Run, Stage
from tagboat.dockerfile.parser import parse_trigger
from tagboat.errors import DockerfileError, InputError, Location, TagboatError, raise_faults
from tagboat.flow.plan import Base, ContextFiles, ImageSource, Origin, Scratch, StageBase
from tagboat.flow.request import ContextKind, NamedContext
from tagboat.oci.config import ImageConfig
from tagboat.oci.platform import Platform
from tagboat.oci.reference import Reference

_HUB_PREFIXES = ("docker.io/library/", "docker.io/", "index.docker.io/library/", "library/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """A name that an instruction takes files from; `flag` is what stands before it, as people write it."""

    name: str
    flag: str
    location: Location

    def __str__(self) -> str:
        return f"{self.flag}{self.name}"


def loans(instruction: Instruction) -> tuple[Loan, ...]:
    """Return what an instruction takes files from by name: COPY --from, and each RUN --mount with `from`.

    The empty base is no name, and holds nothing to take.
    """
    location = instruction.location
    match instruction:
        case Copy(from_=name) if name:
            return (Loan(name=name, flag="COPY --from=", location=location),)
        case Run(mounts=mounts):
            names = (mount.from_ for mount in mounts if mount.from_ not in ("", "scratch"))
            return tuple(Loan(name=name, flag="RUN --mount=from=", location=location) for name in names)
        case _:
            return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What names in a Dockerfile are looked up in, for one target platform.

    `global_args` are the ARGs before the first FROM with the platform's own (TARGETARCH, …), already expanded.
    """

    dockerfile: Dockerfile
    platform: Platform
    build_contexts: Mapping[str, NamedContext]
    global_args: Mapping[str, str | None]
    images: Mapping[ImageSource, ImageConfig]

    def triggers(self, stage: Stage) -> tuple[Instruction, ...]:
        """Return the ONBUILD instructions of a stage's base, which come before its own; none while it is unknown.

        Those of an image are placed at the FROM line. Raises `DockerfileError`.
        """
        base = self.base(stage)
        if isinstance(base, StageBase):
            own = self.dockerfile.stages[base.index].instructions
            return tuple(line.instruction for line in own if isinstance(line, Onbuild))
        texts = self.images[base].run.get("OnBuild") if isinstance(base, ImageSource) and base in self.images else None
        location = stage.from_.location
        return tuple(replace(_trigger(text, location), location=location) for text in texts or ())

    def loans(self, stage: Stage) -> tuple[Loan, ...]:
        """Return what the lines of a stage take files from by name, those of its base's ONBUILD first."""
        lines = (*self.triggers(stage), *stage.instructions)
        return tuple(loan for line in lines for loan in loans(line))

    def base(self, stage: Stage) -> Base:
        """Return what FROM names: a stage, `scratch`, a named context or an image; raises `DockerfileError`."""
        location = stage.from_.location
        image = _expanded(stage.from_.image, self, location)
        if not image:
            raise DockerfileError(
                f"FROM {stage.from_.image}: the name of the base is empty",
                f"give {stage.from_.image} a default with ARG before the first FROM, or pass it with --build-args",
                location=location,
            )
        named = self._named(image) if image != "scratch" else None
        earlier = self._stage(image, before=stage.index)
        if named is None and earlier is not None:
            return StageBase(index=earlier.index)
        if image == "scratch":
            return Scratch()
        if named is not None and self.build_contexts[named].kind is ContextKind.DIRECTORY:
            raise DockerfileError(
                f"FROM {image}: the named context {image!r} is a folder, and a folder is no base image",
                "start FROM scratch and COPY --from it, or give an oci-layout:// or docker-image:// context",
                location=location,
            )
        return self._image(image, named, self.stage_platform(stage), location)

    def origin(self, stage: Stage, loan: Loan) -> Origin:
        """Return where a line of a stage takes its files from; raises `DockerfileError`.

        An image is that of the target's platform, also in a stage of another (as in BuildKit).
        """
        name = loan.name
        if "$" in name:
            raise DockerfileError(
                f"{loan}: variables are not expanded there",
                f"name a stage: FROM ${{VARIABLE}} AS tool, then {loan.flag}tool",
                location=loan.location,
            )
        named = self._named(name)
        if named is not None and self.build_contexts[named].kind is ContextKind.DIRECTORY:
            return ContextFiles(name=named)
        if named is not None:
            return self._image(name, named, self.platform, loan.location)
        earlier = self._stage(name, before=stage.index) or self._numbered(loan, stage)
        if earlier is not None:
            return StageBase(index=earlier.index)
        if any(other.name == name.lower() for other in self.dockerfile.stages):
            raise DockerfileError(
                f"{loan}: the stage {name!r} does not come before this line",
                "name a stage above, or move that stage up",
                location=loan.location,
            )
        return self._image(name, None, self.platform, loan.location)

    def stage_platform(self, stage: Stage) -> Platform:
        """Return the platform of a stage: its --platform, else the target's; raises `DockerfileError`."""
        if not stage.from_.platform:
            return self.platform
        text = _expanded(stage.from_.platform, self, stage.from_.location)
        try:
            return Platform.parse(text)
        except InputError as error:
            raise DockerfileError(
                f"FROM --platform={stage.from_.platform}: {error.problem}", error.hint, location=stage.from_.location
            ) from error

    def _stage(self, name: str, *, before: int) -> Stage | None:
        """Return the last stage of this name above stage number `before`."""
        found = [stage for stage in self.dockerfile.stages[:before] if stage.name and stage.name == name.lower()]
        return found[-1] if found else None

    def _numbered(self, loan: Loan, stage: Stage) -> Stage | None:
        if not loan.name.isdecimal():
            return None
        if int(loan.name) >= stage.index:
            raise DockerfileError(
                f"{loan}: stage {loan.name} does not come before this line",
                f"stages count from 0; this one is {stage.index}",
                location=loan.location,
            )
        return self.dockerfile.stages[int(loan.name)]

    def _named(self, name: str) -> str | None:
        """Return the key of the named context that replaces an image or a stage.

        It is found also where one of key and name writes Docker Hub's prefix.
        """
        if name in self.build_contexts:
            return name
        plain = _without_hub(name)
        return next((key for key in self.build_contexts if _without_hub(key) == plain), None)

    def _image(self, name: str, named: str | None, platform: Platform, location: Location) -> ImageSource:
        context = self.build_contexts[named] if named is not None else None
        if context is not None and context.kind is ContextKind.LAYOUT:
            return ImageSource(name=name, platform=platform, path=context.path, selector=context.selector)
        if context is not None and context.reference is not None:
            return ImageSource(name=name, platform=platform, reference=context.reference)
        try:
            return ImageSource(name=name, platform=platform, reference=Reference.parse(name).or_latest())
        except InputError as error:
            raise DockerfileError(error.problem, error.hint, location=location) from error


def find_target(dockerfile: Dockerfile, target: str) -> Stage:
    """Return the stage that `target` names or numbers, the last without one; raises `InputError`."""
    if not target:
        return dockerfile.stages[-1]
    named = [stage for stage in dockerfile.stages if stage.name and stage.name == target.lower()]
    if named:
        return named[-1]
    if target.isdecimal() and int(target) < len(dockerfile.stages):
        return dockerfile.stages[int(target)]
    names = ", ".join(stage.name for stage in dockerfile.stages if stage.name)
    raise InputError(
        f"target: {dockerfile.name} has no stage {target!r}",
        f"its stages are {names}" if names else "none of its stages has a name: add AS NAME to a FROM line",
    )


def reachable_stages(surroundings: Surroundings, target: Stage) -> tuple[Stage, ...]:
    """Return the stages that `target` needs, in the file's order, itself last.

    Raises `DockerfileError`, or together all names in them that lead nowhere.
    """
    needed = {target.index}
    todo = [target]
    faults: list[TagboatError] = []
    while todo:
        for index in _dependencies(surroundings, todo.pop(), faults):
            if index not in needed:
                needed.add(index)
                todo.append(surroundings.dockerfile.stages[index])
    raise_faults(sorted(faults, key=lambda fault: fault.location.line if fault.location else 0))
    return tuple(stage for stage in surroundings.dockerfile.stages if stage.index in needed)


def _dependencies(surroundings: Surroundings, stage: Stage, faults: list[TagboatError]) -> Iterator[int]:
    """Yield the stages that a stage stands on or takes files from; add to `faults` the names that lead nowhere."""
    borrowed = [loan for instruction in stage.instructions for loan in loans(instruction)]
    lookups: list[Callable[[], Base | Origin]] = []
    try:
        borrowed = list(surroundings.loans(stage))
        lookups.append(partial(surroundings.base, stage))
    except TagboatError as error:
        faults.append(error)
    lookups += [partial(surroundings.origin, stage, loan) for loan in borrowed]
    for look_up in lookups:
        try:
            found = look_up()
        except TagboatError as error:
            faults.append(error)
            continue
        if isinstance(found, StageBase):
            yield found.index


def _expanded(text: str, surroundings: Surroundings, location: Location) -> str:
    try:
        return expand(text, surroundings.global_args, surroundings.dockerfile.directives.escape)
    except ExpansionError as error:
        raise error.at(location) from error


def _trigger(text: str, location: Location) -> Instruction:
    try:
        return parse_trigger(text, location.file)
    except DockerfileError as error:
        raise DockerfileError(
            f"ONBUILD {text}, from the base image: {error.problem}", error.hint, location=location
        ) from error


def _without_hub(name: str) -> str:
    for prefix in _HUB_PREFIXES:
        if name.startswith(prefix):
            name = name.removeprefix(prefix)
            break
    return name.removesuffix(":latest")
