"""RUN: from the typed instruction to the step, and what history tells of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tagboat.dockerfile.heredoc import Script, shell_script
from tagboat.dockerfile.instructions import Run, ShellForm
from tagboat.errors import DockerfileError
from tagboat.flow.plan import InlineFile, Network, RunStep
from tagboat.flow.request import Request
from tagboat.plan.arguments import proxy_variables
from tagboat.plan.commands import command_words
from tagboat.plan.mounting import MountScene, lower_mounts

_HOSTNAME_ARG = "BUILDKIT_SANDBOX_HOSTNAME"
_DEFAULT_HOSTNAME = "buildkitsandbox"
_HOST_NETWORK = "network.host"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunScene:
    """What a RUN finds at its line.

    `variables` are ENV and ARG with the later line winning; `arguments` the ARGs alone, in the order of their first
    line, with their own values. `shell` is that of the configuration, empty for the usual one of `os`.
    """

    mounts: MountScene
    user: str
    shell: Sequence[str]
    os: str
    variables: Mapping[str, str]
    arguments: Mapping[str, str]


def lower_run(run: Run, scene: RunScene, request: Request) -> RunStep:
    """Return the step of a RUN; raises `DockerfileError`, or all faults of its mounts together."""
    _refuse_privileges(run, request)
    script = shell_script(run.command.text, run.heredocs) if isinstance(run.command, ShellForm) else None
    command = ShellForm(text=script.text) if script else run.command
    argv = tuple(command_words(command, scene.shell, scene.os))
    if not argv:
        raise DockerfileError("RUN []: there is nothing to run", "leave it out", location=run.location)
    return RunStep(
        location=run.location,
        instruction=run.original,
        argv=argv,
        env=_environment(scene, request),
        workdir=scene.mounts.workdir,
        user=scene.user,
        network=_network(run, request),
        hostname=request.build_args.get(_HOSTNAME_ARG) or _DEFAULT_HOSTNAME,
        mounts=lower_mounts(run, scene.mounts, request),
        program=_program(script),
    )


def run_history(step: RunStep, scene: RunScene) -> str:
    """Return a RUN's line of history: the ARGs in scope with the values that the command saw, then its words."""
    arguments = [f"{name}={scene.variables.get(name, value)}" for name, value in scene.arguments.items()]
    counted = [f"|{len(arguments)}", *arguments] if arguments else []
    return " ".join(["RUN", *counted, *step.argv, "# buildkit"])


def _program(script: Script | None) -> InlineFile | None:
    if script is None or script.file is None:
        return None
    return InlineFile(name=script.file.name, data=script.file.text.encode("utf-8", "surrogateescape"))


def _environment(scene: RunScene, request: Request) -> dict[str, str]:
    """Return the command's variables: an ENV or ARG of the Dockerfile wins over the time given, a proxy over both."""
    given = request.source_date_epoch
    epoch = {} if given is None else {"SOURCE_DATE_EPOCH": str(given)}
    return {**epoch, **scene.variables, **proxy_variables(request.build_args)}


def _network(run: Run, request: Request) -> Network:
    match run.network:
        case "none":
            return Network.NONE
        case "host":
            return Network.HOST
        case _:
            return request.network or Network.HOST


def _refuse_privileges(run: Run, request: Request) -> None:
    """Raise `DockerfileError` for what a RUN is not to have, or not without the caller's leave."""
    if run.security == "insecure":
        raise DockerfileError(
            "RUN --security=insecure: no RUN is run without its sandbox here",
            "do that step on the machine before the build, and COPY what it makes",
            location=run.location,
        )
    if run.devices:
        raise DockerfileError(
            f"RUN --device={run.devices[0].name}: RUN --device is not built yet",
            "do that step on the machine before the build, and COPY what it makes",
            location=run.location,
        )
    # Asking for the machine's network for all of the build grants it too, as with buildx.
    granted = _HOST_NETWORK in request.allow or request.network is Network.HOST
    if run.network == "host" and not granted:
        raise DockerfileError(
            f"RUN --network=host needs the entitlement {_HOST_NETWORK}, and the input allow does not give it",
            f"write allow: {_HOST_NETWORK}",
            location=run.location,
        )
