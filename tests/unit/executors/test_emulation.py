"""Which platforms' programs this machine can run."""

from __future__ import annotations

import pytest

from tagboat.errors import Location, MachineError
from tagboat.executors.emulation import check_platform
from tagboat.oci.platform import Platform

HERE = Location(file="Dockerfile", line=3)
AMD64, ARM64 = Platform.parse("linux/amd64"), Platform.parse("linux/arm64")
# What the kernel shows of qemu's format for 64-bit Arm (Linux, Documentation/admin-guide/binfmt-misc.rst).
QEMU = """enabled
interpreter /usr/libexec/qemu-binfmt/aarch64-binfmt-P
flags: {flags}
offset 0
magic 7f454c460201010000000000000000000200b700
mask ffffffffffffff00fffffffffffffffffeffffff
"""


@pytest.fixture
def binfmt(tmp_path):
    """Write what binfmt_misc shows: `binfmt(name=text)`; the kernel's own two files are always there."""

    def write(**entries):
        (tmp_path / "status").write_text("enabled\n")
        (tmp_path / "register").write_text("not for reading\n")
        for name, text in entries.items():
            (tmp_path / name).write_text(text)
        return tmp_path

    return write


@pytest.mark.parametrize(
    ("platform", "native"),
    [("linux/amd64", "linux/amd64"), ("linux/386", "linux/amd64"), ("linux/arm/v7", "linux/arm64")],
)
def test_a_machine_runs_its_own_programs(binfmt, platform, native):
    """The machine's own architecture, and the older one that its kernel runs too, need no emulator."""
    check_platform(Platform.parse(platform), Platform.parse(native), HERE, binfmt())


@pytest.mark.parametrize("flags", ["F", "OCF", "POCF"])
def test_an_emulator_that_the_kernel_holds_counts(binfmt, flags):
    """A format for the architecture's programs, whose interpreter the kernel keeps open, is enough."""
    check_platform(ARM64, AMD64, HERE, binfmt(qemu=QEMU.format(flags=flags)))


@pytest.mark.parametrize(
    "entry",
    [
        QEMU.format(flags="OC"),
        QEMU.format(flags=""),
        QEMU.format(flags="F").replace("enabled", "disabled"),
        QEMU.format(flags="F").replace("b700", "f300"),
        QEMU.format(flags="F").replace("offset 0", "offset 4"),
        "enabled\ninterpreter /usr/bin/jar\nflags: F\nextension .jar\n",
        "",
    ],
    ids=["not held", "no flags", "disabled", "another machine", "elsewhere in the file", "by extension", "empty"],
)
def test_nothing_else_counts(binfmt, entry):
    """What could not run the image's programs, as its interpreter would have to lie in it, is no emulator."""
    with pytest.raises(MachineError) as caught:
        check_platform(ARM64, AMD64, HERE, binfmt(entry=entry))
    assert caught.value.problem.startswith("RUN for linux/arm64: this machine runs linux/amd64")
    assert (caught.value.location, "setup-qemu-action" in caught.value.hint) == (HERE, True)


def test_without_binfmt_misc_there_is_no_emulator(tmp_path):
    """Where it is not mounted, or must not be read, only the machine's own programs run."""
    with pytest.raises(MachineError):
        check_platform(ARM64, AMD64, HERE, tmp_path / "none")


def test_an_unknown_architecture_has_no_emulator(binfmt):
    """A format without magic is no emulator of an architecture whose number is not known here."""
    with pytest.raises(MachineError, match="sparc64"):
        check_platform(
            Platform.parse("linux/sparc64"), AMD64, HERE, binfmt(odd="enabled\nflags: F\noffset 0\nmagic 7f\n")
        )
