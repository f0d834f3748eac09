"""The Dockerfile language: text to typed instructions, expansion of variables, and ignore patterns; no I/O."""

from __future__ import annotations

from tagboat.dockerfile.directives import Directives
from tagboat.dockerfile.expand import (
    Expansion,
    ExpansionError,
    expand,
    expand_fully,
    expand_heredoc,
    expand_words,
)
from tagboat.dockerfile.git_reference import GitReference, parse_git_reference
from tagboat.dockerfile.glob import PathPattern, PatternError, has_wildcard, match_path
from tagboat.dockerfile.heredoc import Heredoc, Script, shell_script
from tagboat.dockerfile.ignore import IgnoreRules
from tagboat.dockerfile.instructions import (
    Add,
    Arg,
    Cmd,
    Command,
    Copy,
    Dockerfile,
    Entrypoint,
    Env,
    ExecForm,
    Expose,
    From,
    Healthcheck,
    Instruction,
    Label,
    Maintainer,
    Onbuild,
    Run,
    Shell,
    ShellForm,
    Stage,
    StopSignal,
    User,
    Volume,
    Workdir,
)
from tagboat.dockerfile.modes import Mode, parse_mode
from tagboat.dockerfile.mounts import Mount, MountFlag, MountType, Sharing
from tagboat.dockerfile.parser import parse_dockerfile, parse_trigger
from tagboat.dockerfile.ports import parse_ports
from tagboat.dockerfile.signals import check_signal

__all__ = [
    "Add",
    "Arg",
    "Cmd",
    "Command",
    "Copy",
    "Directives",
    "Dockerfile",
    "Entrypoint",
    "Env",
    "ExecForm",
    "Expansion",
    "ExpansionError",
    "Expose",
    "From",
    "GitReference",
    "Healthcheck",
    "Heredoc",
    "IgnoreRules",
    "Instruction",
    "Label",
    "Maintainer",
    "Mode",
    "Mount",
    "MountFlag",
    "MountType",
    "Onbuild",
    "PathPattern",
    "PatternError",
    "Run",
    "Script",
    "Sharing",
    "Shell",
    "ShellForm",
    "Stage",
    "StopSignal",
    "User",
    "Volume",
    "Workdir",
    "check_signal",
    "expand",
    "expand_fully",
    "expand_heredoc",
    "expand_words",
    "has_wildcard",
    "match_path",
    "parse_dockerfile",
    "parse_git_reference",
    "parse_mode",
    "parse_ports",
    "parse_trigger",
    "shell_script",
]
