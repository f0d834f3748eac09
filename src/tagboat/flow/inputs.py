"""The one table of inputs: settings, help, action.yml, templates and documentation derive from it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

COMMAND_NAMES = ("run", "plan", "tags", "why", "build", "push", "promote", "migrate")
_PIPELINE = ("run", "plan")
_PUSHING = (*_PIPELINE, "promote")
_BUILDING = ("run", "plan", "build")
_RULING = ("run", "plan", "tags", "why")
_NAMING = (*_RULING, "build")
_NETWORK = ("run", "plan", "build", "push", "promote")
_PROMOTING = (*_NAMING, "promote")
_STAGING = (*_RULING, "promote")

# Variables that look like inputs and are none: what we emit, and what stands in for the clock.
EMITTED_VARIABLES = (
    "TAGBOAT_DIGEST",
    "TAGBOAT_VERSION",
    "TAGBOAT_REFERENCE",
    "TAGBOAT_TAG_NAMES",
    "TAGBOAT_IMAGE_ID",
)
CLOCK_VARIABLE = "TAGBOAT_NOW"


class Kind(StrEnum):
    """The form of an input's value."""

    TEXT = "text"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    CHOICE = "choice"
    PATH = "path"
    LINES = "lines"  # one item a line
    WORDS = "words"  # one item a line, or several with commas between
    RULES = "rules"  # lines that the tag engine reads by its own grammar


class Peer(StrEnum):
    """The action that an input is known from."""

    BUILD = "docker/build-push-action"
    METADATA = "docker/metadata-action"
    LOGIN = "docker/login-action"


_BUILDX, _METADATA, _LOGIN = (Peer.BUILD,), (Peer.METADATA,), (Peer.LOGIN,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One input.

    `commands` are those that take it; `default` is for people to read. `secret` inputs have neither a flag nor a key
    in the file, `flag_only` ones nothing but the flag. Where `instead` is given the input is not built yet: it says
    what to write, and any value but the `neutral` ones, which ask for nothing, is refused. Where `unneeded` is given,
    the reason, the input is accepted without effect and that is said once; an input with `choices` besides is so for
    what is none of them.
    """

    name: str = field(kw_only=False)
    kind: Kind = field(kw_only=False)
    help: str = field(kw_only=False)
    group: str = ""
    commands: tuple[str, ...] = ()
    default: str = ""
    choices: tuple[str, ...] = ()
    peers: tuple[Peer, ...] = ()
    secret: bool = False
    flag_only: bool = False
    neutral: tuple[str, ...] = ()
    instead: str = ""
    unneeded: str = ""

    @property
    def flag(self) -> str:
        """The flag, empty when there is none."""
        return "" if self.secret else f"--{self.name}"

    @property
    def built(self) -> bool:
        """Whether the input has an effect in this release."""
        return not self.instead

    @property
    def bare(self) -> str:
        """The value that the flag alone stands for (`--push` is `--push=true`), empty when it needs one."""
        switch = self.kind is Kind.BOOLEAN or "true" in self.choices or "false" in self.neutral
        return "true" if switch else ""

    @property
    def repeatable(self) -> bool:
        """Whether the flag may be given several times."""
        return self.kind in {Kind.LINES, Kind.WORDS, Kind.RULES}

    @property
    def variables(self) -> tuple[str, ...]:
        """The environment variables that may hold the value, strongest first."""
        if self.flag_only:
            return ()
        upper = self.name.upper()
        snake = upper.replace("-", "_")
        return tuple(dict.fromkeys((f"INPUT_{upper}", f"INPUT_{snake}", f"TAGBOAT_{snake}")))


def _group(title: str, commands: tuple[str, ...], *rows: Input) -> tuple[Input, ...]:
    """Return the rows with their group's title, and its commands where a row names none."""
    return tuple(dataclasses.replace(row, group=title, commands=row.commands or commands) for row in rows)


_BUILD = _group(
    "Build",
    _BUILDING,
    Input(
        "context", Kind.PATH, "Folder that COPY and ADD read.", commands=_NAMING, default="this folder", peers=_BUILDX
    ),
    Input("file", Kind.PATH, "The Dockerfile.", default="Dockerfile, else Containerfile", peers=_BUILDX),
    Input("target", Kind.TEXT, "Stage to build.", default="the last one", peers=_BUILDX),
    Input("platforms", Kind.WORDS, "Platforms, as linux/arm64.", default="this machine's", peers=_BUILDX),
    Input("build-args", Kind.LINES, "ARG values: NAME=VALUE, or NAME for the variable.", peers=_BUILDX),
    Input(
        "build-contexts",
        Kind.LINES,
        "Named contexts: NAME=DIR, NAME=docker-image://REFERENCE or NAME=oci-layout://DIR[:TAG|@DIGEST].",
        peers=_BUILDX,
    ),
    Input("no-cache", Kind.BOOLEAN, "Build every step anew.", peers=_BUILDX),
    Input("pull", Kind.BOOLEAN, "Look for newer base images.", peers=_BUILDX),
    Input("compression", Kind.TEXT, "fast, balanced, small, gzip:LEVEL or zstd:LEVEL.", default="fast"),
    Input(
        "timestamps",
        Kind.CHOICE,
        "File times in COPY and ADD layers.",
        default="constant",
        choices=("constant", "commit", "source"),
    ),
)

_RUN_STEPS = _group(
    "RUN instructions",
    _BUILDING,
    Input(
        "executor",
        Kind.CHOICE,
        "How RUN is run.",
        default="auto",
        choices=("auto", "overlay", "chroot", "in-place", "none"),
    ),
    Input(
        "network",
        Kind.CHOICE,
        "Network of each RUN that names none: the machine's, or none.",
        default="default",
        choices=("default", "host", "none"),
        peers=_BUILDX,
    ),
    Input("add-hosts", Kind.WORDS, "Host names for RUN: HOST:IP.", peers=_BUILDX),
    Input(
        "secrets",
        Kind.LINES,
        "Secrets for RUN: ID=VALUE in a variable; as a flag only id=ID,env=NAME or id=ID,src=FILE.",
        peers=_BUILDX,
    ),
    Input("secret-files", Kind.LINES, "Secrets for RUN from files: ID=FILE.", peers=_BUILDX),
    Input("secret-envs", Kind.WORDS, "Secrets for RUN from variables: ID=NAME.", peers=_BUILDX),
    Input("shm-size", Kind.TEXT, "Size of /dev/shm for RUN, such as 256m.", default="64m", peers=_BUILDX),
    Input("allow", Kind.WORDS, "Entitlements that RUN may ask for: network.host.", peers=_BUILDX),
)

_NAMES = _group(
    "Names and labels",
    _PROMOTING,
    Input("images", Kind.RULES, "Image names without a tag.", peers=_METADATA),
    Input("tags", Kind.RULES, "Tag rules (type=…), or full references.", peers=_BUILDX + _METADATA),
    Input("flavor", Kind.RULES, "latest=, prefix= and suffix= for all tags.", peers=_METADATA),
    Input("environment", Kind.TEXT, "Environment for type=environment.", commands=_STAGING, default="the event's"),
    Input("labels", Kind.RULES, "Labels: KEY=VALUE.", commands=_NAMING, peers=_BUILDX + _METADATA),
    Input("annotations", Kind.RULES, "Annotations: [LEVEL:]KEY=VALUE.", commands=_NAMING, peers=_BUILDX + _METADATA),
)

_REGISTRY = _group(
    "Registry",
    _NETWORK,
    Input(
        "push",
        Kind.CHOICE,
        "Whether to push; auto decides by the event.",
        commands=_PIPELINE,
        default="auto",
        choices=("auto", "true", "false"),
        peers=_BUILDX,
    ),
    Input(
        "on-existing",
        Kind.CHOICE,
        "Where a version's or a commit's tag has another image: fail, or keep that image and complete its names.",
        commands=_PIPELINE,
        default="fail",
        choices=("fail", "keep"),
    ),
    Input("registry", Kind.TEXT, "Host that username and password are for.", default="docker.io", peers=_LOGIN),
    Input("username", Kind.TEXT, "User name at the registry.", peers=_LOGIN),
    Input("password", Kind.TEXT, "Password or token at the registry.", secret=True, peers=_LOGIN),
    Input("github-token", Kind.TEXT, "Token of the job, for ghcr.io.", secret=True, peers=_BUILDX + _METADATA),
    Input(
        "allow-pull-request-target", Kind.BOOLEAN, "Act on pull_request_target, refused otherwise.", commands=_PUSHING
    ),
    Input("insecure-registries", Kind.WORDS, "Hosts to speak plain HTTP with."),
    Input("ca-file", Kind.PATH, "Certificates to trust besides the system's, as PEM."),
    Input("all-tags", Kind.BOOLEAN, "Push every tag that the layout names.", commands=("push",), flag_only=True),
)

_OUTPUT = _group(
    "Output",
    _BUILDING,
    Input("output", Kind.PATH, "Where the layout stays: a folder, or FILE.tar.", default="a temporary folder"),
    Input("metadata-file", Kind.PATH, "File to write the build's metadata to, as JSON.", commands=_NETWORK),
    Input(
        "write",
        Kind.BOOLEAN,
        "Change the workflow's file, where it is printed otherwise.",
        commands=("migrate",),
        flag_only=True,
    ),
    Input("bake-target", Kind.TEXT, "Target in bake files.", commands=_PIPELINE, peers=_METADATA),
    Input("json", Kind.BOOLEAN, "One JSON document on stdout.", commands=COMMAND_NAMES, flag_only=True),
    Input("quiet", Kind.BOOLEAN, "Say only what went wrong.", commands=COMMAND_NAMES),
    Input("verbose", Kind.BOOLEAN, "Say more.", commands=COMMAND_NAMES),
)

_RUN = _group(
    "Run",
    _BUILDING,
    Input(
        "until",
        Kind.CHOICE,
        "Last step to take.",
        commands=_PIPELINE,
        default="release",
        choices=("context", "tags", "plan", "build", "scan", "upload", "sign", "release"),
    ),
    Input("dry-run", Kind.BOOLEAN, "Change nothing anywhere.", commands=("run", "promote")),
    Input(
        "event",
        Kind.TEXT,
        "CI event to act out: push:main, tag:v1.2.3, pull_request:7, merge_request:7, schedule or dispatch.",
        commands=_RULING,
    ),
    Input("offline", Kind.BOOLEAN, "Open no connection.", commands=COMMAND_NAMES),
    Input("jobs", Kind.INTEGER, "How much to do at once.", commands=_NETWORK, default="the number of processors"),
    Input("work-dir", Kind.PATH, "Folder for temporary files.", commands=_NETWORK, default="the system's"),
    Input("cache-dir", Kind.PATH, "Folder for what later runs may use.", commands=_NETWORK, default="the user's"),
)

_LEAVE_OUT = "leave it out"
_LATER = _group(
    "Not built yet",
    _BUILDING,
    Input(
        "registry-auth",
        Kind.TEXT,
        "Credentials of several registries, as YAML.",
        instead="write registry, username and password, or give a Docker config.json by DOCKER_CONFIG",
        secret=True,
        peers=_LOGIN,
    ),
    Input("ssh", Kind.LINES, "SSH agent sockets or keys for RUN.", instead=_LEAVE_OUT, peers=_BUILDX),
    Input(
        "cache-from",
        Kind.LINES,
        "Where to read build steps from.",
        instead="leave it out: every step is built anew",
        peers=_BUILDX,
    ),
    Input(
        "cache-to",
        Kind.LINES,
        "Where to keep build steps.",
        instead="leave it out: every step is built anew",
        peers=_BUILDX,
    ),
    Input("cache-size", Kind.TEXT, "How much the cache may keep.", instead="leave it out: nothing is kept"),
    Input(
        "no-cache-filters",
        Kind.WORDS,
        "Stages to build anew.",
        instead="leave it out: every stage is built anew",
        peers=_BUILDX,
    ),
    Input(
        "outputs",
        Kind.LINES,
        "Results in BuildKit's form.",
        instead="write output: DIR or output: FILE.tar, and push: true to push",
        neutral=("type=image",),
        peers=_BUILDX,
    ),
    Input(
        "load",
        Kind.BOOLEAN,
        "Hand the image to a Docker daemon.",
        instead="write output: DIR, and copy the layout with another tool",
        neutral=("false",),
        peers=_BUILDX,
    ),
    Input("ulimit", Kind.LINES, "Limits for RUN.", peers=_BUILDX, instead=_LEAVE_OUT),
    Input(
        "builder",
        Kind.TEXT,
        "Who builds: auto, native or buildkit.",
        instead="write builder: native",
        unneeded="there are no builder instances to choose from",
        neutral=("auto", "native"),
        choices=("auto", "native", "buildkit"),
        peers=_BUILDX,
    ),
    Input(
        "provenance",
        Kind.TEXT,
        "Attest how the image was made.",
        instead="write provenance: false",
        neutral=("false",),
        peers=_BUILDX,
    ),
    Input(
        "sbom",
        Kind.TEXT,
        "Attest what is in the image.",
        instead="write sbom: false",
        neutral=("false",),
        peers=_BUILDX,
    ),
    Input("check", Kind.BOOLEAN, "Report findings in the Dockerfile.", neutral=("false",), instead=_LEAVE_OUT),
    Input(
        "mirrors",
        Kind.LINES,
        "Mirrors of registries.",
        instead="write the mirror's name into FROM, or name it in build-contexts",
    ),
    Input(
        "scan",
        Kind.CHOICE,
        "Scan before the push.",
        instead="write scan: off, and scan the layout with another tool",
        neutral=("auto", "off"),
        choices=("auto", "off", "trivy", "grype", "scout"),
    ),
    Input("scan-severity", Kind.TEXT, "Severity that stops a run.", instead=_LEAVE_OUT),
    Input("scan-ignore-file", Kind.PATH, "Findings to ignore.", instead=_LEAVE_OUT),
    Input(
        "sign",
        Kind.CHOICE,
        "Sign what is pushed.",
        instead="write sign: off, and sign the digest with cosign",
        neutral=("off",),
        choices=("off", "keyless"),
    ),
    Input(
        "sign-key",
        Kind.TEXT,
        "Key to sign with: a file, PEM text or env://NAME.",
        instead="leave it out, and sign the digest with cosign",
    ),
    Input("signature-format", Kind.TEXT, "Form of signatures.", instead=_LEAVE_OUT),
    Input("policy", Kind.LINES, "Policy rules: RULE=off, warn or error.", instead=_LEAVE_OUT),
    Input("report", Kind.PATH, "File to write a report to.", instead="leave it out, and read metadata-file"),
)

_UNUSED = "Accepted and not used."
_UNNEEDED = _group(
    "Not needed",
    _NAMING,
    Input("attests", Kind.TEXT, _UNUSED, unneeded="attestations are asked for with provenance and sbom", peers=_BUILDX),
    Input("call", Kind.TEXT, _UNUSED, unneeded="the call is always a build", peers=_BUILDX),
    Input("cgroup-parent", Kind.TEXT, _UNUSED, unneeded="no container is started", peers=_BUILDX),
    Input("sep-tags", Kind.TEXT, _UNUSED, unneeded="outputs have one item a line", peers=_METADATA),
    Input("sep-labels", Kind.TEXT, _UNUSED, unneeded="outputs have one item a line", peers=_METADATA),
    Input("sep-annotations", Kind.TEXT, _UNUSED, unneeded="outputs have one item a line", peers=_METADATA),
    Input("ecr", Kind.TEXT, _UNUSED, unneeded="the registry is known by its host name", peers=_LOGIN),
    Input("scope", Kind.TEXT, _UNUSED, unneeded="credentials are never stored", peers=_LOGIN),
    Input("logout", Kind.TEXT, _UNUSED, unneeded="credentials are never stored", peers=_LOGIN),
)

INPUTS: tuple[Input, ...] = (*_BUILD, *_RUN_STEPS, *_NAMES, *_REGISTRY, *_OUTPUT, *_RUN, *_LATER, *_UNNEEDED)
BY_NAME = {entry.name: entry for entry in INPUTS}


def inputs_of(command: str) -> Iterable[Input]:
    """Yield the inputs that a command takes, in the table's order."""
    return (entry for entry in INPUTS if command in entry.commands)
