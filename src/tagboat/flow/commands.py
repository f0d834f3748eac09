"""The one table of commands: help, the command line and the documentation derive from it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command; `positionals` is what its usage line shows after the name."""

    name: str = field(kw_only=False)
    help: str = field(kw_only=False)
    positionals: str = ""
    built: bool = True


COMMANDS: tuple[Command, ...] = (
    Command("run", "Build, tag and push: the whole pipeline.", positionals="[CONTEXT]"),
    Command("plan", "Show what `run` would do, and change nothing.", positionals="[CONTEXT]"),
    Command("tags", "Show the tags, labels and annotations of this commit."),
    Command("build", "Build into an OCI image layout, without a push.", positionals="[CONTEXT]"),
    Command("push", "Push a layout or archive made by any tool.", positionals="LAYOUT REFERENCE…"),
    Command("promote", "Move tags to an image that exists.", positionals="REFERENCE"),
    Command("delete", "Delete a tag or a manifest.", positionals="REFERENCE…", built=False),
    Command("pull", "Fetch an image into a layout.", positionals="REFERENCE DIR", built=False),
    Command("copy", "Copy from registry to registry.", positionals="SOURCE DESTINATION…", built=False),
    Command("merge", "Join images of several runners into one index.", positionals="REFERENCE IMAGE…", built=False),
    Command("inspect", "Show an image's manifest, platforms and layers.", positionals="IMAGE", built=False),
    Command("list", "List repositories or tags.", positionals="REGISTRY-OR-REPOSITORY", built=False),
    Command("diff", "Compare two images.", positionals="A B", built=False),
    Command("scan", "Scan an image that exists.", positionals="IMAGE", built=False),
    Command("sign", "Sign an image that exists.", positionals="REFERENCE", built=False),
    Command("verify", "Check an image's signature.", positionals="REFERENCE", built=False),
    Command("prune", "Delete what a retention policy does not keep.", positionals="REPOSITORY", built=False),
    Command("login", "Store a registry's credentials.", positionals="REGISTRY", built=False),
    Command("logout", "Drop a registry's credentials.", positionals="REGISTRY", built=False),
    Command("why", "Explain which rule gives a tag, or why none does.", positionals="TAG"),
    Command("undo", "Take back a tag.", positionals="TAG", built=False),
    Command("migrate", "Turn docker's actions in a workflow into one step.", positionals="WORKFLOW"),
    Command("rebase", "Put an image onto a new base without a build.", positionals="REFERENCE", built=False),
    Command("doctor", "Say what this machine can do.", built=False),
)

BY_NAME = {command.name: command for command in COMMANDS}
