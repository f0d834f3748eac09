"""What a command must not reach, whichever executor runs it."""

from __future__ import annotations

import itertools
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from fakes.building import file, folder, symlink
from fakes.executors import Stage, Way
from fakes.servers import missing_programs
from tagboat.executors.command import Bind, Ended, Given, Memory
from tagboat.executors.overlay import OverlayExecutor
from tagboat.layers.changes import Entry, Kind

# Docker's, by the numbers of linux/capability.h.
DOCKERS = {0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 27, 29, 31}
NAMES = Given(target="/etc/resolv.conf", data=b"nameserver 192.0.2.1\n", mode=0o644)
ROOT = Path(__file__).parents[2]
HOSTS = Given(target="/etc/hosts", data=b"127.0.0.1\tlocalhost\n", mode=0o644)


@pytest.fixture
def canary(executor):
    """Return a check that nothing beside the roots has changed: a file there, and the names of what is there."""
    kept = executor.folder.parent / "canary"
    kept.write_text("alive")
    beside = sorted(path.name for path in executor.folder.parent.iterdir())

    def check() -> None:
        assert kept.read_text() == "alive"
        assert sorted(path.name for path in executor.folder.parent.iterdir()) == beside

    return check


@pytest.mark.parametrize(
    "script",
    [
        "rm -rf /* 2>/dev/null",
        "cd /; ln -s / etc2; rm -rf etc; ln -s / etc 2>/dev/null; mv etc2 etc",
        "mv /etc /moved; mkdir /etc",
        "rm -rf /dev /proc /sys /run 2>/dev/null; ln -s .. /dev; ln -s ../../.. /run",
        "rm -rf /cache; ln -s ../../../.. /cache; rm -rf /run; ln -s / /run",
        "mv /run /tmp/run; ln -s /tmp /run; rm -rf /etc; touch /etc",
    ],
    ids=["delete all", "etc becomes a link", "etc moves", "dev becomes a link", "cache becomes a link", "run moves"],
)
def test_nothing_outside_the_root_is_touched(make_stage, executor, canary, script):
    """Whatever a command makes of the paths of its mounts, what lies outside the root stays as it is."""
    stage = make_stage(folder("etc"), file("etc/hosts", "own\n"), file("etc/passwd"), symlink("tmp/out", "../../../.."))
    cache = Bind(source=executor.folder_of([folder(""), file("kept")]), target="/cache", read_only=False)
    mounts = [NAMES, HOSTS, cache, Memory(target="/scratch"), Given(target="/run/secrets/key", data=b"key")]
    stage.run(f"{script}; true", mounts)
    canary()
    assert stage.read("/bin/busybox true", [cache]) == "" if stage.state.tree.get("bin/busybox") else True
    assert all(b"hidden-from-all" not in path.read_bytes() for path in small_files(executor.folder))


def small_files(top):
    """Return the files below a folder that are small enough to be a secret."""
    return [
        path for path in top.rglob("*") if path.is_file() and not path.is_symlink() and path.stat().st_size < 10_000
    ]


def test_capabilities_are_dockers(stage):
    """Root has the 14 capabilities that Docker leaves it, and can get no others."""
    dumped = stage.read("setpriv --dump")
    bounding = re.search(r"bounding set: (.*)", dumped).group(1).split(",")
    numbers = {NUMBERS[name] for name in bounding}
    assert numbers == DOCKERS
    assert re.search(r"Inheritable capabilities: (.*)", dumped).group(1) == "[none]"
    assert re.search(r"Ambient capabilities: (.*)", dumped).group(1) == "[none]"


NUMBERS = {
    "chown": 0,
    "dac_override": 1,
    "fowner": 3,
    "fsetid": 4,
    "kill": 5,
    "setgid": 6,
    "setuid": 7,
    "setpcap": 8,
    "net_bind_service": 10,
    "net_raw": 13,
    "sys_chroot": 18,
    "mknod": 27,
    "audit_write": 29,
    "setfcap": 31,
}


CHILD = """
import sys
from pathlib import Path
from fakes.executors import CannotError, Stage, Way, open_way

try:
    with open_way(Way(sys.argv[1]), Path(sys.argv[2])) as executor:
        print(Stage(executor).read("setpriv --dump"))
except CannotError as reason:
    print(f"cannot: {reason}")
"""


@pytest.mark.parametrize("way", list(Way), ids=str)
def test_what_we_inherit_is_no_commands(tmp_path, way):
    """Capabilities that our caller made inheritable or ambient do not come back in a command."""
    if missing := missing_programs("setpriv") or ("" if os.geteuid() == 0 else "root's rights"):
        pytest.skip(f"not here: {missing}")
    env = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'tests'}"}
    words = ["setpriv", "--inh-caps=+net_admin", "--ambient-caps=+net_admin", sys.executable, "-c", CHILD, way]
    done = subprocess.run([*words, tmp_path / "roots"], env=env, capture_output=True, text=True, check=False)
    if done.stdout.startswith("cannot"):
        pytest.skip(f"{way} cannot be had here: {done.stdout}")
    assert done.returncode == 0, done.stderr
    assert "Inheritable capabilities: [none]" in done.stdout
    assert "Ambient capabilities: [none]" in done.stdout


def test_nothing_can_be_mounted(stage):
    """A command mounts nothing, and takes no mount away."""
    assert stage.run("mount -t tmpfs tmpfs /tmp").ended.status != 0
    assert stage.run("umount /proc/sys || umount -l /dev").ended.status != 0


def test_a_device_that_a_command_makes_is_dead(stage, executor, way):
    """Root may make device files wherever it can write, and opens none of them; chroot has no means against it."""
    if way == "chroot":
        return
    cache = Bind(source=executor.folder_of([folder("")]), target="/cache", read_only=False)
    for place in ("/tmp", "/dev", "/dev/shm", "/cache", "/scratch"):
        ran = stage.run(f"mknod {place}/own c 1 5; head -c1 {place}/own", [cache, Memory(target="/scratch")])
        assert ran.ended.status == 1, place
        assert "ermi" in ran.text, (place, ran.text)


def test_a_device_of_the_base_is_dead(make_stage, way):
    """A device file that an image brings along opens nothing either."""
    if way == "chroot":
        return
    stage = make_stage(folder("srv"), Entry("srv/zero", Kind.CHARACTER_DEVICE, 0o666, device=(1, 5)), key="device")
    assert stage.run("head -c1 /srv/zero").ended.status == 1


def test_no_folder_of_ours_can_be_the_workdir(stage, canary):
    """A workdir that names a descriptor leads nowhere outside the root."""
    for number in range(3, 16):
        lines = stage.run(["ls", "-a", ".", ".."], workdir=f"/proc/self/fd/{number}").lines
        assert not {"canary", "roots"} & set(lines), number


def test_only_the_commands_own_processes_are_seen(stage, way):
    """The command is process 1, and what it can see of processes is what it started, with its own environment."""
    if way == "chroot":
        assert stage.read("ls -d /proc 2>/dev/null || echo none") == "none"
        return
    env = {"PATH": "/bin", "ONLY": "this"}
    ran = stage.run("cat /proc/1/environ; echo; for d in /proc/[0-9]*; do cat $d/cmdline; echo; done", env=env)
    first, *others = ran.lines
    assert sorted(first.strip("\0").split("\0")) == ["ONLY=this", "PATH=/bin"]
    assert all("/bin/sh" in line or "cat" in line for line in others if line)


def test_the_machines_settings_are_read_only(stage, way):
    """Root writes neither the kernel's settings nor its triggers, nor into /sys, and reads no memory of the kernel."""
    if way == "chroot":
        return
    for path in ("/proc/sys/kernel/core_pattern", "/proc/sys/kernel/hostname", "/proc/sysrq-trigger", "/proc/irq/x"):
        assert stage.run(f"echo x > {path}").ended.status == 1, path
    assert (
        stage.run(
            "find /sys -type f -name uevent 2>/dev/null | head -1 | while read f; do echo add > $f; done; echo $?"
        ).lines[-1]
        != "0"
    )
    assert stage.run("cat /proc/kcore /proc/keys /proc/timer_list 2>/dev/null | wc -c").text == "0"


def test_the_host_name_is_the_given_one(stage, way):
    """A command has a host name of its own, and cannot change ours; chroot shows the machine's."""
    name = stage.run("hostname", host_name="buildkitsandbox").text
    assert name == (socket.gethostname() if way == "chroot" else "buildkitsandbox")
    assert stage.run("hostname other").ended.status == 1


def test_no_terminal_is_inherited(stage):
    """A command has no terminal to type into."""
    assert stage.run("cat < /dev/tty").ended.status == 1


GLIBC_SIGNALS = 1 << 31 | 1 << 32  # 32 and 33 are its own: what posix_spawn starts ignores them, and nobody may say no


@pytest.fixture
def odd_caller():
    """Ignore and block signals, as our own caller may have done."""
    before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGHUP, signal.SIGCHLD)}
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    yield
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    for number, action in before.items():
        signal.signal(number, action)


def test_no_signal_is_blocked_or_ignored(odd_caller, lone_executor):
    """A command starts with every signal's default, whatever Python and our caller chose, and its status is told."""
    stage = Stage(lone_executor)
    assert stage.run("exit 7").ended.status == 7
    if isinstance(lone_executor, OverlayExecutor):
        lines = stage.run(["grep", "-E", "Sig(Blk|Ign)", "/proc/self/status"]).lines
        assert [int(line.split()[1], 16) & ~GLIBC_SIGNALS for line in lines] == [0, 0]
    script = "exec 2>/dev/null; for signal in HUP USR1; do sleep 9 & kill -$signal $!; wait $!; echo $?; done"
    assert stage.run(script).lines == [str(128 + signal.SIGHUP), str(128 + signal.SIGUSR1)]


def test_other_names_for_overlayfs_change_nothing(executor):
    """A command that makes and deletes folders many times over still tells just what is there in the end."""
    stage = Stage(executor, [folder("srv"), *(file(f"srv/{name}") for name in "abc")])
    for number in itertools.islice(itertools.count(), 3):
        ran = stage.run(f"rm -r /srv; mkdir /srv; touch /srv/{number}")
        assert ran.ended == Ended()
        assert stage.state.tree.children("srv") == [str(number)]
