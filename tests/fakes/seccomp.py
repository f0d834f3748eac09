"""Docker's system call filter, made of the profile that Debian and Ubuntu ship for podman."""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from pathlib import Path

# Debian, Ubuntu: golang-github-containers-common, which buildah depends on.
PROFILE = Path("/usr/share/containers/seccomp.json")
EPERM, ENOSYS = 1, 38

# podman lets every container make namespaces and mount in them; Docker asks for a capability that no job has
# (moby/profiles, seccomp/default.json).
REFUSED_BY_DOCKER = {
    "fsconfig", "fsmount", "fsopen", "fspick", "mount", "mount_setattr", "move_mount", "open_tree", "pivot_root",
    "setns", "umount", "umount2", "unshare",
    "get_mempolicy", "keyctl", "mbind", "pidfd_getfd", "reboot", "set_mempolicy", "syslog",
}  # fmt: skip
# clone(2) may make processes and threads, but no namespace: these bits of its flags must be 0.
NAMESPACE_FLAGS = 0x7E020000
# The names of this processor: libseccomp's and Go's.
ARCHITECTURES = {"x86_64": ("SCMP_ARCH_X86_64", "amd64"), "aarch64": ("SCMP_ARCH_AARCH64", "arm64")}


def docker_filter(capabilities: AbstractSet[str]) -> dict[str, object]:
    """Return the `linux.seccomp` object (runtime-spec) of a container that has these capabilities."""
    profile = json.loads(PROFILE.read_text())
    name, go_name = ARCHITECTURES[platform.machine()]
    others = next(row["subArchitectures"] for row in profile["archMap"] if row["architecture"] == name)
    return {
        "defaultAction": "SCMP_ACT_ERRNO",
        "defaultErrnoRet": EPERM,
        "architectures": [name, *others],
        "syscalls": [*_allowed(profile["syscalls"], capabilities, go_name), *_clone()],
    }


def _allowed(rules: list[dict], capabilities: AbstractSet[str], architecture: str) -> Iterator[dict[str, object]]:
    """Yield what both podman and Docker allow; all else is refused by default."""
    for rule in rules:
        names = [name for name in rule["names"] if name not in {*REFUSED_BY_DOCKER, "clone", "clone3"}]
        if names and rule["action"] == "SCMP_ACT_ALLOW" and _applies(rule, capabilities, architecture):
            yield {"names": names, "action": rule["action"], "args": rule["args"] or []}


def _applies(rule: dict, capabilities: AbstractSet[str], architecture: str) -> bool:
    """Tell whether a rule is one for this container: all that it includes is there, nothing that it excludes."""
    included, excluded = rule["includes"] or {}, rule["excludes"] or {}
    return (
        set(included.get("caps", [])) <= capabilities
        and architecture in included.get("arches", [architecture])
        and not set(excluded.get("caps", [])) & capabilities
        and architecture not in excluded.get("arches", [])
    )


def _clone() -> Iterator[dict[str, object]]:
    """Yield the rules for making processes; libraries go back to clone(2) where clone3(2) is unknown."""
    no_namespace = {"index": 0, "value": NAMESPACE_FLAGS, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}
    yield {"names": ["clone"], "action": "SCMP_ACT_ALLOW", "args": [no_namespace]}
    yield {"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": ENOSYS}
