"""The instructions of a Dockerfile as typed values; their text is as written, before any variable is expanded."""

from __future__ import annotations

from dataclasses import dataclass, field

from tagboat.dockerfile.devices import Device
from tagboat.dockerfile.directives import Directives
from tagboat.dockerfile.heredoc import Heredoc
from tagboat.dockerfile.mounts import MountFlag
from tagboat.errors import Location

# Every instruction repeats three fields, because values here do not inherit:
#   location   first and last line (heredocs included); `text` is the first line
#   original   the instruction with its continuation lines joined, heredoc bodies left out
#   comments   the comment lines right above it, without `#`


@dataclass(frozen=True, slots=True, kw_only=True)
class ShellForm:
    """A command for the stage's shell, as one text; heredoc bodies are not in it."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecForm:
    """A command as a JSON array of arguments; may be empty."""

    arguments: tuple[str, ...]


Command = ShellForm | ExecForm


@dataclass(frozen=True, slots=True, kw_only=True)
class From:
    """FROM: `platform` is empty when the flag is not given, `name` is lower-cased and empty without AS."""

    image: str
    platform: str = ""
    name: str = ""
    location: Location
    original: str
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Arg:
    """ARG: names with their defaults, None where none is given."""

    pairs: tuple[tuple[str, str | None], ...]
    location: Location
    original: str
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Env:
    """ENV: names and values, quotes still in them; `legacy` is the `ENV name value` form."""

    pairs: tuple[tuple[str, str], ...]
    legacy: bool = False
    location: Location
    original: str
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """LABEL: keys and values, quotes still in them; `legacy` is the `LABEL key value` form."""

    pairs: tuple[tuple[str, str], ...]
    legacy: bool = False
    location: Location
    original: str
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """COPY: `heredocs` are the sources that stand in the file itself, after `sources` in no fixed order.

    `chown` is `USER[:GROUP]` and `chmod` a mode as written, both before expansion and empty when not given; `from_` is
    a stage name, a stage index, a named context or an image. `json` tells that the arguments are a JSON array.
    """

    sources: tuple[str, ...]
    destination: str
    heredocs: tuple[Heredoc, ...] = ()
    from_: str = ""
    chown: str = ""
    chmod: str = ""
    link: bool = False
    parents: bool = False
    exclude: tuple[str, ...] = ()
    json: bool = False
    location: Location
    original: str
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Add:
    """ADD: as COPY; `unpack` is None when the flag is not given (local archives are unpacked, URLs are not).

    `keep_git_dir` is None when the flag is not given; a git source's own query may then ask for it.
    """

    sources: tuple[str, ...]
    destination: str
    heredocs: tuple[Heredoc, ...] = ()
    chown: str = ""
    chmod: str = ""
    link: bool = False
    checksum: str = ""
    keep_git_dir: bool | None = None
    unpack: bool | None = None
    exclude: tuple[str, ...] = ()
    json: bool = False
    location: Location
    original: str
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """RUN: `network` is default, none or host; `security` is sandbox or insecure.

    What runs in the end is `heredoc.shell_script(text, heredocs)` for the shell form.
    """

    command: Command
    heredocs: tuple[Heredoc, ...] = ()
    mounts: tuple[MountFlag, ...] = ()
    network: str = "default"
    security: str = "sandbox"
    devices: tuple[Device, ...] = ()
    location: Location
    original: str
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cmd:
    """CMD."""

    command: Command
    location: Location
    original: str
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entrypoint:
    """ENTRYPOINT."""

    command: Command
    location: Location
    original: str
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """SHELL: the words of the shell, at least one."""

    shell: tuple[str, ...]
    location: Location
    original: str
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """USER: `USER[:GROUP]` as one text."""

    user: str
    location: Location
    original: str
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Workdir:
    """WORKDIR: one path, absolute or relative to the one before."""

    path: str
    location: Location
    original: str
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """VOLUME: one or more paths, none of them empty."""

    paths: tuple[str, ...]
    location: Location
    original: str
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StopSignal:
    """STOPSIGNAL: a signal's name or number, to be checked after expansion (`signals.check_signal`)."""

    signal: str
    location: Location
    original: str
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Expose:
    """EXPOSE: words, to be expanded and then read by `ports.parse_ports`."""

    words: tuple[str, ...]
    location: Location
    original: str
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Healthcheck:
    """HEALTHCHECK: nothing in it is ever expanded; a zero means that the flag is not given, or is 0.

    `test` is as in an image's configuration: `("NONE",)`, `("CMD", argument…)` or `("CMD-SHELL", text)`.
    """

    test: tuple[str, ...]
    interval_ns: int = 0
    timeout_ns: int = 0
    start_period_ns: int = 0
    start_interval_ns: int = 0
    retries: int = 0
    location: Location
    original: str
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Onbuild:
    """ONBUILD: `text` is what the image's configuration stores (heredoc bodies included), `instruction` its meaning."""

    text: str
    instruction: Instruction
    location: Location
    original: str
    comments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Maintainer:
    """MAINTAINER: the author's name, as one text."""

    name: str
    location: Location
    original: str
    comments: tuple[str, ...] = ()


Instruction = (
    Arg
    | Env
    | Label
    | Copy
    | Add
    | Run
    | Cmd
    | Entrypoint
    | Shell
    | User
    | Workdir
    | Volume
    | StopSignal
    | Expose
    | Healthcheck
    | Onbuild
    | Maintainer
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One build stage: `name` is lower-cased and may be empty, `index` counts from 0."""

    name: str
    index: int
    from_: From
    instructions: tuple[Instruction, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dockerfile:
    """A whole file; `global_args` are the ARG lines before the first FROM."""

    name: str
    directives: Directives = field(default_factory=Directives)
    global_args: tuple[Arg, ...] = ()
    stages: tuple[Stage, ...] = ()
