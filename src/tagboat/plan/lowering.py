"""One stage: from typed instructions to steps, the image's run configuration and its history."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, assert_never

from tagboat.dockerfile.expand import expand, expand_heredoc, expand_words
from tagboat.dockerfile.faults import LanguageError
from tagboat.dockerfile.git_reference import parse_git_reference
from tagboat.dockerfile.heredoc import Heredoc
from tagboat.dockerfile.instructions import (
    Add,
    Arg,
    Cmd,
    Command,
    Copy,
    Entrypoint,
    Env,
    Expose,
    Healthcheck,
    Instruction,
    Label,
    Maintainer,
    Onbuild,
    Run,
    Shell,
    Stage,
    StopSignal,
    User,
    Volume,
    Workdir,
)
from tagboat.dockerfile.ports import parse_ports
from tagboat.dockerfile.signals import check_signal
from tagboat.errors import DockerfileError, FaultsError, Location, TagboatError
from tagboat.flow.plan import (
    Base,
    BuildStep,
    ContextFiles,
    CopyStep,
    HistoryLine,
    InlineFile,
    Origin,
    RemoteFile,
    StageBase,
    StagePlan,
    WorkdirStep,
)
from tagboat.flow.request import Request
from tagboat.oci.digest import Digest
from tagboat.oci.platform import Platform
from tagboat.plan import paths
from tagboat.plan.arguments import NEVER_EXPORTED, stage_arg
from tagboat.plan.commands import command_words
from tagboat.plan.graph import Surroundings, loans
from tagboat.plan.health import health_config, health_history
from tagboat.plan.mounting import MountScene
from tagboat.plan.running import RunScene, lower_run, run_history

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_REMOTE = re.compile(r"[a-z]+://|git@", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Inherited:
    """What a stage starts from: its base, that one's platform, `config` object, author and variables.

    `variables` are what the base's last line saw, ARG and ENV in the order of the file; an image has only its Env.
    `arguments` are the ARGs in scope there, in the order of their first line, with their own values.
    """

    base: Base
    platform: Platform
    run: Mapping[str, Any]
    author: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    arguments: Mapping[str, str] = field(default_factory=dict)


class StageLowering:
    """The state of one stage while its instructions are read from top to bottom.

    `_env` is what the next instruction's variables see: ENV and ARG in the order of the file, the later winning.
    """

    def __init__(self, stage: Stage, surroundings: Surroundings, inherited: Inherited, request: Request) -> None:
        self._stage = stage
        self._surroundings = surroundings
        self._inherited = inherited
        self._request = request
        self._escape = surroundings.dockerfile.directives.escape
        self._author = inherited.author
        self._run: dict[str, Any] = json.loads(json.dumps(dict(inherited.run)))
        self._run.pop("OnBuild", None)  # the base's: they are read below, and are gone from what this stage hands on
        self._image_env = dict(entry.split("=", 1) for entry in self._run.get("Env") or [] if "=" in entry)
        if "PATH" not in self._image_env and inherited.platform.os != "windows":
            self._set_env({"PATH": DEFAULT_PATH})
        self._env = {**inherited.variables, **self._image_env}  # a stage's ENV is set anew in those built on it
        self._arguments = dict(inherited.arguments)
        self._cmd_set = False
        self._steps: list[BuildStep] = []
        self._history: list[HistoryLine] = []

    def handed_on(self) -> Inherited:
        """Return what a stage built on this one starts from."""
        return Inherited(
            base=StageBase(index=self._stage.index),
            platform=self._inherited.platform,
            run=self._run,
            author=self._author,
            variables=self._env,
            arguments=self._arguments,
        )

    def read(self) -> list[TagboatError]:
        """Read every instruction; return the faults found, so that all of them are reported together."""
        faults: list[TagboatError] = []
        for instruction in (*self._surroundings.triggers(self._stage), *self._stage.instructions):
            try:
                self._read(instruction)
            except LanguageError as error:
                faults.append(error.at(instruction.location))
            except FaultsError as several:
                faults += [_placed(error, instruction.location) for error in several.faults]
            except TagboatError as error:
                faults.append(_placed(error, instruction.location))
        return faults

    def plan(self, labels: Mapping[str, str]) -> StagePlan:
        """Return the stage's plan; `labels` of the caller win over those of the Dockerfile."""
        if labels:
            self._run["Labels"] = {**(self._run.get("Labels") or {}), **labels}
        return StagePlan(
            index=self._stage.index,
            name=self._stage.name,
            platform=self._inherited.platform,
            base=self._inherited.base,
            steps=tuple(self._steps),
            run=self._run,
            author=self._author,
            history=tuple(self._history),
            location=self._stage.from_.location,
        )

    def _read(self, instruction: Instruction) -> None:
        match instruction:
            case Arg() | Env() | Label():
                self._read_pairs(instruction)
            case Copy() | Add() | Run() | Workdir():
                self._read_step(instruction)
            case Cmd() | Entrypoint() | Shell():
                self._read_command(instruction)
            case User() | Volume() | Expose() | StopSignal() | Healthcheck():
                self._read_setting(instruction)
            case Onbuild():
                self._run["OnBuild"] = [*(self._run.get("OnBuild") or []), instruction.text]
            case Maintainer():
                self._author = instruction.name
                self._note(f"MAINTAINER {instruction.name}")
            case _ as never:
                assert_never(never)

    def _read_pairs(self, instruction: Arg | Env | Label) -> None:
        if isinstance(instruction, Arg):
            self._arg(instruction)
            return
        # All of one instruction see the variables as they were before it.
        pairs = {self._expand(key): self._expand(value) for key, value in instruction.pairs}
        shown = " ".join(f"{key}={value}" for key, value in pairs.items())
        if isinstance(instruction, Env):
            self._set_env(pairs)
            self._env.update(pairs)
            self._note(f"ENV {shown}")
        else:
            self._run["Labels"] = {**(self._run.get("Labels") or {}), **pairs}
            self._note(f"LABEL {shown}")

    def _read_step(self, instruction: Copy | Add | Run | Workdir) -> None:
        match instruction:
            case Copy():
                origin = self._origin(instruction, instruction.from_)
                self._copy(replace(self._copy_step(instruction, origin), parents=instruction.parents), instruction)
            case Add():
                self._add(instruction)
            case Run():
                scene = self._scene(instruction)
                step = lower_run(instruction, scene, self._request)
                self._layer(step, run_history(step, scene))
            case Workdir():
                self._workdir(instruction)

    def _read_command(self, instruction: Cmd | Entrypoint | Shell) -> None:
        match instruction:
            case Shell():
                self._run["Shell"] = list(instruction.shell)
                self._note(f"SHELL [{' '.join(instruction.shell)}]")
            case Cmd():
                self._cmd_set = True
                self._run["Cmd"] = self._words(instruction.command)
                self._note(f"CMD {_go_list(self._run['Cmd'])}")
            case Entrypoint():
                self._run["Entrypoint"] = self._words(instruction.command)
                if not self._cmd_set:
                    self._run["Cmd"] = None
                self._note(f"ENTRYPOINT {_go_list(self._run['Entrypoint'])}")

    def _read_setting(self, instruction: User | Volume | Expose | StopSignal | Healthcheck) -> None:
        match instruction:
            case User():
                self._run["User"] = self._expand(instruction.user)
                self._note(f"USER {self._run['User']}")
            case Volume():
                self._volume(instruction)
            case Expose():
                self._expose(instruction)
            case StopSignal():
                self._run["StopSignal"] = check_signal(self._expand(instruction.signal))
                self._note(f"STOPSIGNAL {self._run['StopSignal']}")
            case Healthcheck():
                self._run["Healthcheck"] = health_config(instruction)
                self._note(f"HEALTHCHECK {health_history(instruction)}")

    def _arg(self, instruction: Arg) -> None:
        shown = []
        for name, default in instruction.pairs:
            # Unlike ENV, each pair sees those before it; a default that a build argument replaces is not looked at.
            build_args = self._request.build_args
            expanded = None if default is None or name in build_args else self._expand(default)
            value = stage_arg(name, expanded, build_args, self._surroundings.global_args)
            if value is not None and name not in NEVER_EXPORTED:
                self._env[name] = value
            self._arguments[name] = value or ""
            shown.append(name if value is None else f"{name}={value}")
        self._note("ARG " + " ".join(shown))

    def _add(self, instruction: Add) -> None:
        remote = [source for source in map(self._expand, instruction.sources) if _REMOTE.match(source)]
        step = self._copy_step(instruction, ContextFiles())
        step = replace(
            step,
            instruction="ADD",
            sources=tuple(source for source in step.sources if source not in remote),
            remote=tuple(self._remote_file(url, instruction) for url in remote),
            unpack=instruction.unpack is not False,
            unpack_remote=instruction.unpack is True,
        )
        if instruction.checksum and (len(remote) != 1 or step.sources or step.inline):
            raise DockerfileError(
                "ADD --checksum is for one URL, and for nothing else", "leave it out", location=instruction.location
            )
        if instruction.keep_git_dir is not None:
            raise DockerfileError(
                "ADD --keep-git-dir is for git repositories", "leave it out", location=instruction.location
            )
        self._copy(step, instruction)

    def _remote_file(self, url: str, instruction: Add) -> RemoteFile:
        if parse_git_reference(url) is not None or not url.lower().startswith(("http://", "https://")):
            raise DockerfileError(
                f"ADD {url}: ADD of git repositories is not built yet",
                "check it out before the build and COPY it",
                location=instruction.location,
            )
        checksum = self._expand(instruction.checksum)
        if checksum and not checksum.startswith("sha256:"):
            raise DockerfileError(
                f"ADD --checksum={checksum}: only sha256 can be checked",
                "write sha256: and 64 hexadecimal digits",
                location=instruction.location,
            )
        return RemoteFile(url=url, checksum=Digest.parse(checksum) if checksum else None)

    def _copy_step(self, instruction: Copy | Add, origin: Origin) -> CopyStep:
        return CopyStep(
            location=instruction.location,
            origin=origin,
            sources=tuple(self._expand(source) for source in instruction.sources),
            destination=paths.destination(self._expand(instruction.destination), self._workdir_path()),
            inline=tuple(self._inline(heredoc) for heredoc in instruction.heredocs),
            chown=self._expand(instruction.chown),
            chmod=self._expand(instruction.chmod),
            link=instruction.link,
            exclude=instruction.exclude,
        )

    def _copy(self, step: CopyStep, instruction: Copy | Add) -> None:
        """Add a step, with what BuildKit writes of it into the history."""
        flags = [
            *(["--parents"] if step.parents else []),
            *([f"--chown={step.chown}"] if step.chown else []),
            *([f"--chmod={step.chmod}"] if step.chmod else []),
        ]
        sources = [self._expand(source) for source in instruction.sources]
        names = [*sources, *(f"<<{inline.name}" for inline in step.inline), self._expand(instruction.destination)]
        self._layer(step, " ".join([step.instruction, *flags, *names, "# buildkit"]))

    def _inline(self, heredoc: Heredoc) -> InlineFile:
        text = expand_heredoc(heredoc.text, self._env) if heredoc.expand else heredoc.text
        return InlineFile(name=heredoc.name, data=text.encode("utf-8", "surrogateescape"))

    def _workdir(self, instruction: Workdir) -> None:
        path = paths.workdir(self._expand(instruction.path), self._workdir_path())
        self._run["WorkingDir"] = path
        if path == "/":
            self._note("WORKDIR /")
            return
        user = str(self._run.get("User") or "")
        self._layer(WorkdirStep(location=instruction.location, path=path, user=user), f"WORKDIR {path}")

    def _volume(self, instruction: Volume) -> None:
        volumes = [self._expand(path) for path in instruction.paths]
        if not all(volumes):
            raise DockerfileError("VOLUME: a path is empty", location=instruction.location)
        self._run["Volumes"] = {**(self._run.get("Volumes") or {}), **{volume: {} for volume in volumes}}
        self._note(f"VOLUME [{' '.join(volumes)}]")

    def _expose(self, instruction: Expose) -> None:
        words = [word for text in instruction.words for word in expand_words(text, self._env, self._escape)]
        ports = [port for word in sorted(words) for port in parse_ports(word)]
        self._run["ExposedPorts"] = {**(self._run.get("ExposedPorts") or {}), **{port: {} for port in ports}}
        self._note(f"EXPOSE [{' '.join(ports)}]")

    def _words(self, command: Command) -> list[str]:
        return command_words(command, self._run.get("Shell") or (), self._inherited.platform.os)

    def _origin(self, instruction: Copy | Run, name: str) -> Origin:
        """Return where an instruction takes files from by a name in it, the build context without one."""
        named = next((loan for loan in loans(instruction) if loan.name == name), None)
        return self._surroundings.origin(self._stage, named) if named else ContextFiles()

    def _scene(self, instruction: Run) -> RunScene:
        return RunScene(
            mounts=MountScene(
                workdir=paths.absolute(self._workdir_path(), "/"),
                expand=self._expand,
                origin=lambda name: self._origin(instruction, name),
            ),
            user=str(self._run.get("User") or ""),
            shell=self._run.get("Shell") or (),
            os=self._inherited.platform.os,
            variables=self._env,
            arguments=self._arguments,
        )

    def _expand(self, text: str) -> str:
        return expand(text, self._env, self._escape)

    def _set_env(self, pairs: Mapping[str, str]) -> None:
        """Set variables of the image: one that is there keeps its place, a new one goes to the end."""
        self._image_env.update(pairs)
        self._run["Env"] = [f"{key}={value}" for key, value in self._image_env.items()]

    def _workdir_path(self) -> str:
        return str(self._run.get("WorkingDir") or "/")

    def _layer(self, step: BuildStep, created_by: str) -> None:
        self._history.append(HistoryLine(created_by=created_by, step=len(self._steps)))
        self._steps.append(step)

    def _note(self, created_by: str) -> None:
        self._history.append(HistoryLine(created_by=created_by))


def _placed(error: TagboatError, location: Location) -> TagboatError:
    """Return the error as a Dockerfile error at this instruction, where it has no place of its own."""
    if error.location is not None:
        return error
    return DockerfileError(error.problem, error.hint, location=location)


def _go_list(words: Sequence[str] | Iterable[str]) -> str:
    """Write words as Go's %q does, the form of CMD and ENTRYPOINT in a history."""
    return "[" + " ".join(json.dumps(word, ensure_ascii=False) for word in words) + "]"
