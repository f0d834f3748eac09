"""Whether this machine can run programs of a platform: its own, or those that the kernel hands to an emulator."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from tagboat.errors import Location, MachineError
from tagboat.oci.platform import Platform

BINFMT = Path("/proc/sys/fs/binfmt_misc")
# What the kernel of the one runs of the other, without an emulator.
_ALSO_RUNS = {"amd64": ("386",), "arm64": ("arm",)}
# e_machine of the ELF header, as it stands in the file.
_MACHINES = {
    "386": b"\x03\x00",
    "amd64": b"\x3e\x00",
    "arm": b"\x28\x00",
    "arm64": b"\xb7\x00",
    "loong64": b"\x02\x01",
    "mips64le": b"\x08\x00",
    "ppc64le": b"\x15\x00",
    "riscv64": b"\xf3\x00",
    "s390x": b"\x00\x16",
}
_MACHINE_AT = 18


def check_platform(platform: Platform, native: Platform, location: Location, binfmt: Path = BINFMT) -> None:
    """Raise `MachineError` at a RUN whose platform this machine cannot run; it is never run for another one.

    An emulator counts when the kernel holds it open (flag F): any other would have to lie in the image.
    """
    own = native.architecture
    if platform.architecture in (own, *_ALSO_RUNS.get(own, ())) or _is_emulated(platform.architecture, binfmt):
        return
    raise MachineError(
        f"RUN for {platform}: this machine runs {native}, and its kernel has no emulator for {platform.architecture}",
        f"build {platform} on a runner of that kind; or register qemu before the build (docker/setup-qemu-action, or"
        " Debian's qemu-user-static); or do that step with FROM --platform=$BUILDPLATFORM",
        location=location,
    )


def _is_emulated(architecture: str, binfmt: Path) -> bool:
    """Look through the formats that binfmt_misc knows (Linux, Documentation/admin-guide/binfmt-misc.rst)."""
    machine = _MACHINES.get(architecture)
    with suppress(OSError):
        for entry in binfmt.iterdir():
            if entry.name not in ("register", "status") and _runs(entry.read_text(), machine):
                return True
    return False


def _runs(entry: str, machine: bytes | None) -> bool:
    lines = entry.splitlines()
    fields = dict(line.split(" ", 1) for line in lines if " " in line)
    magic = bytes.fromhex(fields.get("magic", ""))
    is_usable = "enabled" in lines and "F" in fields.get("flags:", "") and fields.get("offset") == "0"
    return is_usable and magic[_MACHINE_AT : _MACHINE_AT + 2] == machine
