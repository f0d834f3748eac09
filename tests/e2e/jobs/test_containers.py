"""The containers that jobs are tested in allow and refuse what the real places do, and leave nothing behind."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from fakes.containers import Place
from tagboat.layout.validate import validate_layout

ROOT = Path(__file__).parents[3]
ROOTS = [Place.DOCKER, Place.UNFILTERED]

# What Docker's 14 capabilities are in the kernel's words.
DOCKER_BITS = "00000000a80425fb"

# Each call in a process of its own, because some cannot be taken back; "" where it succeeds.
PROBE = """
import ctypes, errno, json, os, stat, sys

libc = ctypes.CDLL(None, use_errno=True)
NEWNS, NEWUSER, NEWPID = 0x20000, 0x10000000, 0x20000000
CLONE3 = 435
NO_CAPABILITIES = bytes.fromhex("0100000200040000000000000000000000000000")  # cap_net_bind_service+ep

def called(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "")

def file(path="file"):
    open(path, "w").close()
    return path

calls = {
    "unshare user": lambda: called(libc.unshare(NEWUSER)),
    "unshare mount": lambda: called(libc.unshare(NEWNS)),
    "clone user": lambda: called(libc.syscall(56 if os.uname().machine == "x86_64" else 220, NEWUSER | 17, 0, 0, 0, 0)),
    "clone3": lambda: called(libc.syscall(CLONE3, 0, 0)),
    "mount": lambda: called(libc.mount(b"tmpfs", b"/mnt", b"tmpfs", 0, None)),
    "chroot": lambda: os.chroot("/usr"),
    "chown": lambda: os.chown(file("owned"), 12345, 54321),
    "whiteout": lambda: os.mknod("whiteout", stat.S_IFCHR | 0o600, os.makedev(0, 0)),
    "null": lambda: os.mknod("null", stat.S_IFCHR | 0o666, os.makedev(1, 3)),
    "setuid bit": lambda: os.chmod(file("setuid"), 0o4755),
    "setcap": lambda: os.setxattr(file("capable"), "security.capability", NO_CAPABILITIES),
}

def outcome(call):
    reader, writer = os.pipe()
    if os.fork() == 0:
        try:
            call()
            said = ""
        except OSError as error:
            said = errno.errorcode[error.errno]
        os.write(writer, said.encode())
        os._exit(0)
    os.close(writer)
    return open(reader).read()

print(json.dumps({name: outcome(call) for name, call in calls.items()}))
"""

ROOTS_OWN = ("chroot", "chown", "null", "setcap")
REFUSED_TO_ALL = {"mount": "EPERM", "unshare mount": "EPERM"}
ALLOWED_TO_ALL = {"whiteout": "", "setuid bit": ""}  # anybody may make a whiteout since Linux 5.8
NAMESPACES = {"unshare user": "", "clone user": "", "clone3": "EINVAL"}  # EINVAL: it is there, and got no arguments
NO_NAMESPACES = {"unshare user": "EPERM", "clone user": "EPERM", "clone3": "ENOSYS"}
ROOT_IN_A_CONTAINER = {**REFUSED_TO_ALL, **ALLOWED_TO_ALL, **dict.fromkeys(ROOTS_OWN, "")}
SOMEBODY = {**REFUSED_TO_ALL, **ALLOWED_TO_ALL, **dict.fromkeys(ROOTS_OWN, "EPERM")}
EXPECTED = {
    Place.DOCKER: {**ROOT_IN_A_CONTAINER, **NO_NAMESPACES},
    Place.UNFILTERED: {**ROOT_IN_A_CONTAINER, **NAMESPACES},
    Place.PERSON: {**SOMEBODY, **NAMESPACES},
    Place.LONE_PERSON: {**SOMEBODY, **NAMESPACES},
}


@pytest.fixture
def shell(tmp_path):
    """Run a shell's line in a container and return what it prints."""

    def run_line(box, line: str, code: int = 0) -> str:
        argv = [*box.prefix(tmp_path), "sh", "-c", line]
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == code, done.stderr
        return done.stdout.strip()

    return run_line


@pytest.mark.parametrize("place", Place)
def test_what_the_kernel_allows(place, job, tmp_path):
    """Each call succeeds or fails with the very error that it has in the place that the container stands for."""
    argv = [*job(place).prefix(tmp_path), sys.executable, "-c", PROBE]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == EXPECTED[place]


@pytest.mark.parametrize("place", ROOTS)
def test_a_job_holds_dockers_capabilities(place, job, shell):
    """A job holds Docker's 14 capabilities, can pass none on beyond them, and may start programs that gain them."""
    status = dict(
        line.split(":\t") for line in shell(job(place), "grep -E '^(Cap|NoNew)' /proc/self/status").splitlines()
    )
    none = "0" * 16
    assert status == {
        "CapInh": none,
        "CapPrm": DOCKER_BITS,
        "CapEff": DOCKER_BITS,
        "CapBnd": DOCKER_BITS,
        "CapAmb": none,
        "NoNewPrivs": "0",
    }


@pytest.mark.parametrize("place", ROOTS)
def test_parts_of_proc_are_hidden(place, job, shell):
    """Keys look empty and settings cannot be written; for that reason no namespace may mount a /proc of its own."""
    box = job(place)
    assert Path("/proc/keys").read_text()
    assert shell(box, "cat /proc/keys") == ""
    shell(box, "echo other >/proc/sys/kernel/hostname", code=2)
    if place is Place.UNFILTERED:
        shell(box, "unshare -Urpfm mount -t proc proc /proc", code=32)


def test_a_person_has_a_range_of_ids(job, shell):
    """With a range newuidmap maps it all; without one nobody can be root and somebody else at once."""
    maps = "unshare --user --map-root-user --map-auto cat /proc/self/uid_map"
    assert [line.split()[2] for line in shell(job(Place.PERSON), maps).splitlines()] == ["1", "65535"]
    shell(job(Place.LONE_PERSON), maps, code=1)


@pytest.mark.parametrize("place", Place)
def test_the_checkout_and_its_environment_are_there(place, job, run_entrypoint, tagboat, examples):
    """Whoever works in a container can start `entrypoint.py` from this checkout at once, and build with it."""
    shutil.copytree(examples / "hello", tagboat.cwd / "hello")
    done = run_entrypoint(job(place), "build", "hello", "--output", "out")
    assert done.returncode == 0, done.stderr
    assert "making" not in done.stderr
    assert validate_layout(tagboat.cwd / "out") == []


@pytest.fixture
def run_entrypoint(tagboat, private_environment):
    """Run `entrypoint.py` in a container, as somebody does who has nothing but a checkout."""
    env = {**tagboat.env, "XDG_CACHE_HOME": str(private_environment)}
    del env["PYTHONPATH"]
    pairs = [f"{name}={value}" for name, value in env.items()]

    def run(box, *words):
        argv = [*box.prefix(tagboat.cwd), "env", "-i", *pairs, sys.executable, ROOT / "entrypoint.py", *words]
        return subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60)

    return run


def test_a_job_reaches_the_machines_network(job, tagboat, plain_registry, examples):
    """A container has the network of this machine: a job pushes to a registry on loopback."""
    box = job(Place.DOCKER)
    images = ("--images", f"{plain_registry.host}/jobs/hello", "--tags", "type=raw,value=1", "--push")
    document = tagboat("run", examples / "hello", *images, "--json", prefix=box.prefix(tagboat.cwd)).json
    assert [row["outcome"] for row in document["pushed"]] == ["pushed"]


def test_what_a_job_writes_is_gone_with_it(job, shell, tmp_path):
    """A job may write anywhere, sees nothing of our /tmp, and of what it writes only what is in its volumes stays."""
    box = job(Place.DOCKER)
    with tempfile.NamedTemporaryFile(dir="/tmp") as ours:
        assert Path(ours.name).name not in shell(box, "ls /tmp").splitlines()
    shell(box, f"echo x | tee /tmp/tagboat-test /etc/tagboat-test {tmp_path}/kept")
    assert (tmp_path / "kept").read_text() == "x\n"
    assert [name for name in ("/tmp/tagboat-test", "/etc/tagboat-test") if Path(name).exists()] == []


HOLDER = """
import sys, time
from pathlib import Path
from fakes.containers import Place, container

folder, volume, *as_root = sys.argv[1:]
with container(Place.DOCKER, Path(folder), [Path(volume)], as_root) as box:
    print(box.name, flush=True)
    time.sleep(600)
"""


def test_a_container_does_not_outlive_its_test(job, tmp_path, as_root, shell):
    """When a test is killed its container ends: no process, mount or control group of it is left."""
    for name in ("folder", "volume"):
        (tmp_path / name).mkdir()
    argv = [sys.executable, "-c", HOLDER, tmp_path / "folder", tmp_path / "volume", *as_root]
    path = os.pathsep.join([str(ROOT / "tests"), str(ROOT / "src")])
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path})
    with process:
        name = process.stdout.readline().strip()
        assert traces(name)
        process.kill()
    ends = time.monotonic() + 20
    while traces(name) and time.monotonic() < ends:
        time.sleep(0.05)
    assert traces(name) == []
    assert str(tmp_path) not in Path("/proc/self/mountinfo").read_text()


def traces(name: str) -> list[str]:
    """Return the processes that have a name in their command line, and the control groups of that name."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if name.encode() in path.read_bytes():
                found.append(str(path))
        except OSError:
            continue
    # Not by glob, which does not bear that other tests' groups go meanwhile.
    return [*found, *(top for top, _, _ in os.walk("/sys/fs/cgroup") if Path(top).name == name)]
