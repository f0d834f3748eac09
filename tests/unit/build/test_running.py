"""What a RUN is given, what is said of it, and what becomes of its changes."""

from __future__ import annotations

import errno
import itertools

import pytest

from fakes.building import PASSWD, file, folder
from fakes.progress import KeptProgress
from fakes.roots import KeptRoots
from tagboat.build.running import Runner, RunSettings
from tagboat.build.stage import StageState
from tagboat.errors import DockerfileError, Location, MachineError, StepError
from tagboat.executors.command import EXEC, SHM_SIZE_BYTES, USER, Bind, Ended, Given, Memory
from tagboat.flow.plan import (
    BindMount,
    CacheMount,
    ContextFiles,
    InlineFile,
    Network,
    RunStep,
    SecretMount,
    TmpfsMount,
)
from tagboat.layers.changes import Entry, Kind
from tagboat.layers.tree import Tree
from tagboat.secret import Secret

HERE = Location(file="Dockerfile", line=7)
CONTEXT = ContextFiles()


def tree(*entries):
    """Return a tree of a base with users."""
    made = Tree()
    made.apply([*PASSWD, *entries])
    return made


class Bench:
    """A runner whose executor runs nothing."""

    def __init__(self, place, **settings):
        self.roots = KeptRoots(place)
        self.progress = KeptProgress()
        self.state = StageState(load=tree, open_root=lambda executor: executor.open_root(None, None))
        self.context = tree(folder("src"), file("src/a", "text"), file("one", "one"))
        self.runner = Runner(self.roots, RunSettings(**settings), self.progress)
        self.count = 0

    def run(self, instruction="RUN make", **fields):
        """Run a step and return the command that it became."""
        given = {"argv": ("/bin/sh", "-c", "make"), "env": {"PATH": "/bin"}, **fields}
        step = RunStep(location=HERE, instruction=instruction, **given)
        self.runner.run(self.count, step, self.state, lambda _origin: self.context)
        self.count += 1
        return self.roots.commands[-1]

    def mounts(self, *mounts):
        """Run a step with mounts, and return what it got beside the usual ones."""
        self.run(mounts=mounts)
        return self.roots.mounts[-1][2:]


@pytest.fixture
def bench(tmp_path):
    """Make benches: `bench(latest=…)` takes the fields of `RunSettings`."""
    numbers = itertools.count()
    return lambda **settings: Bench(tmp_path / f"roots-{next(numbers)}", **settings)


def test_the_environment_is_that_of_the_step_and_a_home(bench):
    """A command has the step's variables, and HOME as /etc/passwd says unless the step has one."""
    assert bench().run().env == {"HOME": "/root", "PATH": "/bin"}
    assert bench().run(user="app").env == {"HOME": "/home/app", "PATH": "/bin"}
    assert bench().run(env={"HOME": "/other"}).env == {"HOME": "/other"}


def test_the_epoch_is_known_where_times_are_limited(bench):
    """With a latest time the command has SOURCE_DATE_EPOCH, unless the step set it."""
    assert bench(latest=12).run(env={}).env == {"HOME": "/root", "SOURCE_DATE_EPOCH": "12"}
    assert bench(latest=12).run(env={"SOURCE_DATE_EPOCH": "3"}).env["SOURCE_DATE_EPOCH"] == "3"


def test_a_command_is_what_the_step_says(bench):
    """Arguments, folder, user, network, host name and programs reach the executor."""
    command = bench().run(
        argv=("make", "all"),
        workdir="/srv",
        user="app",
        network=Network.NONE,
        hostname="host",
        program=InlineFile(name="EOF", data=b"#!/bin/sh\n"),
    )
    assert (command.argv, command.workdir, command.uid, command.gid) == (("make", "all"), "/srv", 1000, 1001)
    assert (command.network, command.host_name, command.programs) == (False, "host", {"EOF": b"#!/bin/sh\n"})
    assert command.shm_size_bytes == SHM_SIZE_BYTES
    assert bench(shm_size_bytes=5).run().shm_size_bytes == 5


def test_names_are_resolved_as_the_caller_says(bench):
    """Each command gets the machine's name servers, and its own and the caller's hosts."""
    made = bench(name_servers=b"nameserver ::1\n", hosts=(("db", "192.0.2.1"),))
    made.run(hostname="box")
    servers, hosts = made.roots.mounts[-1]
    assert (servers.target, servers.data, servers.mode) == ("/etc/resolv.conf", b"nameserver ::1\n", 0o644)
    assert (hosts.target, hosts.mode) == ("/etc/hosts", 0o644)
    assert hosts.data.decode().splitlines()[0].split() == ["127.0.0.1", "localhost", "box"]
    assert hosts.data.decode().splitlines()[-1].split() == ["192.0.2.1", "db"]


def test_what_it_prints_is_passed_on(bench):
    """The step is named, its output follows as it comes, and its last line is ended."""
    made = bench()
    made.roots.printed = [b"one\ntw", b"o"]
    made.run("RUN make \\\n  all")
    assert made.progress.lines == ["Dockerfile:7: RUN make \\ …", "one\ntw", "o", "\n"]


def test_a_failure_shows_the_last_lines(bench):
    """A command that fails is an error with its exit status, its line and the end of what it printed."""
    made = bench()
    made.roots.ended = Ended(status=2)
    made.roots.printed = [b"".join(f"line {number}\n\n".encode() for number in range(100)), b"\xff end  "]
    with pytest.raises(StepError) as caught:
        made.run()
    assert (caught.value.problem, caught.value.location) == ("RUN make: exit status 2", HERE)
    first, *lines = caught.value.hint.splitlines()
    assert first == "the last lines that it printed:"
    assert lines == [*(f"  line {number}" for number in range(89, 100)), "  \ufffd end"]
    assert made.state.drafts == {}


def test_silence_is_said(bench):
    """A command that fails without a word is said to have printed nothing."""
    made = bench()
    made.roots.ended = Ended(status=1)
    with pytest.raises(StepError) as caught:
        made.run()
    assert caught.value.hint == "it printed nothing"


def test_endless_lines_are_cut(bench):
    """Of much that was printed only the end is kept, whatever the pieces were."""
    made = bench()
    made.roots.ended = Ended(status=1)
    made.roots.printed = [b"x" * 60_000] * 50
    with pytest.raises(StepError) as caught:
        made.run()
    assert len(caught.value.hint) < 70_000


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (1, "exit status 1"),
        (128, "exit status 128"),
        (137, "exit status 137 (SIGKILL, perhaps for lack of memory)"),
        (139, "exit status 139 (SIGSEGV)"),
        (255, "exit status 255"),
    ],
)
def test_a_signal_has_its_name(bench, status, words):
    """A status above 128 names the signal that it stands for."""
    made = bench()
    made.roots.ended = Ended(status=status)
    with pytest.raises(StepError, match="RUN make: ") as caught:
        made.run()
    assert caught.value.problem == f"RUN make: {words}"


@pytest.mark.parametrize(
    ("number", "problem", "hint"),
    [
        (errno.ENOENT, "make is not in the image", "interpreter"),
        (errno.ENOEXEC, "make cannot be started: Exec format error", "another processor"),
        (errno.EACCES, "make cannot be started: Permission denied", ""),
        (errno.E2BIG, "make cannot be started: Argument list too long", "128 KiB"),
    ],
)
def test_a_program_that_cannot_be_started_is_the_steps_fault(bench, number, problem, hint):
    """What the image lacks is a failed step, with what may be wrong."""
    made = bench()
    made.roots.ended = Ended(fault=f"{EXEC}make", errno=number)
    with pytest.raises(StepError) as caught:
        made.run('RUN ["make"]')
    assert caught.value.problem == f'RUN ["make"]: {problem}'
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("fault", "number", "problem", "hint"),
    [
        ("merged", errno.EINVAL, "RUN make: merged: Invalid argument", ""),
        (f"{USER}5:5", errno.EINVAL, "RUN make: user 5:5: Invalid argument", "/etc/subuid"),
    ],
)
def test_surroundings_that_cannot_be_made_are_the_machines_fault(bench, fault, number, problem, hint):
    """What could not be set up is an error of the machine, with the line and the system's reason."""
    made = bench()
    made.roots.ended = Ended(fault=fault, errno=number)
    with pytest.raises(MachineError) as caught:
        made.run()
    assert (caught.value.problem, caught.value.location) == (problem, HERE)
    assert hint in caught.value.hint


def test_changes_become_the_stages_layer(bench):
    """What a command changed is the layer of its step, with the folders above as they are."""
    made = bench()
    made.roots.changes = (file("etc/new", "text"),)
    made.run()
    assert [entry.path for entry in made.state.drafts[0]] == ["etc", "etc/new"]
    assert made.state.tree.get("etc/new") is not None
    made.roots.changes = ()
    made.run()
    assert list(made.state.drafts) == [0]


def test_times_are_limited_where_that_is_asked_for(bench):
    """Times later than the latest become that; earlier ones stay, and without a latest all do."""
    changes = (file("new")._replace(mtime=50), file("old")._replace(mtime=5))
    for latest, times in ((10, {"new": 10, "old": 5}), (None, {"new": 50, "old": 5})):
        made = bench(latest=latest)
        made.roots.changes = changes
        made.run()
        assert {entry.path: entry.mtime for entry in made.state.drafts[0]} == times


@pytest.mark.parametrize(
    "change",
    [file("etc/.wh.passwd"), folder(".wh..wh..opq"), Entry("etc/gone", Kind.CHARACTER_DEVICE, device=(0, 0))],
    ids=["file", "folder", "device"],
)
def test_what_a_layer_would_take_for_a_deletion_is_refused(bench, change):
    """Names and devices that mean a deletion in a layer cannot become part of one."""
    made = bench()
    made.roots.changes = (change,)
    with pytest.raises(StepError, match=f"RUN left /{change.path}, which a layer would take for a deletion"):
        made.run()
    assert made.state.drafts == {}


def test_a_folder_of_the_context_is_copied_for_the_mount(bench):
    """What is bound is a folder of its own with what lies at the source; so writes into it are nobody's."""
    made = bench()
    (mounted,) = made.mounts(BindMount(origin=CONTEXT, target="/t", source="src", read_only=False))
    assert mounted == Bind(source=mounted.source, target="/t", read_only=False)
    assert [(entry.path, entry.kind) for entry in made.roots.folders[mounted.source]] == [
        ("", Kind.DIRECTORY),
        ("a", Kind.FILE),
    ]


def test_a_file_of_the_context_is_copied_for_the_mount(bench):
    """A single file is bound as a file."""
    made = bench()
    (mounted,) = made.mounts(BindMount(origin=CONTEXT, target="/t/one", source="one"))
    assert mounted.source.endswith("/file")
    assert [entry.path for entry in made.roots.folders[mounted.source.removesuffix("/file")]] == ["", "file"]


def test_a_missing_source_is_an_error(bench):
    """What is to be bound has to be there."""
    with pytest.raises(DockerfileError, match="RUN --mount: none is not there"):
        bench().mounts(BindMount(origin=CONTEXT, target="/t", source="none"))


def test_a_cache_is_one_folder_for_each_id(bench):
    """Mounts with one id share a folder over all steps, others do not."""
    made = bench()
    first = made.mounts(CacheMount(id="a", target="/a"), CacheMount(id="b", target="/b"))
    second = made.mounts(CacheMount(id="a", target="/other", read_only=True))
    assert first[0].source != first[1].source
    assert second == [Bind(source=first[0].source, target="/other", read_only=True)]


def test_a_cache_begins_as_asked_for(bench):
    """A new cache has the mode and owner asked for, and what its origin holds."""
    made = bench()
    mount = CacheMount(id="a", target="/a", origin=CONTEXT, source="src", mode=0o700, uid=1, gid=2)
    (mounted,) = made.mounts(mount)
    top, *rest = made.roots.folders[mounted.source]
    assert (top.mode, top.uid, top.gid, [entry.path for entry in rest]) == (0o700, 1, 2, ["a"])


def test_memory_is_asked_for_as_it_is(bench):
    """A tmpfs has its target and size."""
    assert bench().mounts(TmpfsMount(target="/t", size_bytes=9)) == [Memory(target="/t", size_bytes=9)]


def test_secrets_are_files_and_variables(bench, tmp_path):
    """A secret is a file, a variable or both, from memory or from a file, with the mode and owner asked for."""
    (tmp_path / "held").write_bytes(b"\xff from a file\n")
    made = bench(secrets={"kept": Secret("hunter2"), "held": tmp_path / "held"})
    mounts = (
        SecretMount(id="kept", target="/run/k", env="KEPT", mode=0o440, uid=1, gid=2),
        SecretMount(id="held", target="/run/h"),
        SecretMount(id="kept", env="ALONE"),
    )
    given = made.mounts(*mounts)
    assert given == [
        Given(target="/run/k", data=b"hunter2", mode=0o440, uid=1, gid=2),
        Given(target="/run/h", data=b"\xff from a file\n", mode=0o400),
    ]
    env = made.roots.commands[-1].env
    assert (env["KEPT"], env["ALONE"]) == ("hunter2", "hunter2")
    assert "hunter2" not in repr(given)


def test_a_secret_that_was_not_given_is_absent(bench):
    """A secret that is not required and not given is neither file nor variable."""
    made = bench()
    assert made.mounts(SecretMount(id="none", target="/run/n", env="NONE")) == []
    assert "NONE" not in made.roots.commands[-1].env


def test_a_secret_that_no_variable_can_hold_is_refused(bench, tmp_path):
    """A zero byte ends a variable, so such a secret can only be a file; the message does not show it."""
    (tmp_path / "binary").write_bytes(b"hunter2\0")
    made = bench(secrets={"binary": tmp_path / "binary"})
    with pytest.raises(DockerfileError, match="zero byte") as caught:
        made.mounts(SecretMount(id="binary", env="BINARY"))
    assert "hunter2" not in f"{caught.value.problem}{caught.value.hint}"
    assert len(made.mounts(SecretMount(id="binary", target="/run/b"))) == 1


def test_a_secrets_file_that_cannot_be_read_is_an_error(bench, tmp_path):
    """The secret is named, and the reason."""
    made = bench(secrets={"gone": tmp_path / "gone"})
    with pytest.raises(MachineError, match="the file of the secret 'gone' cannot be read: No such file"):
        made.mounts(SecretMount(id="gone", target="/run/g"))


def test_an_unknown_user_is_an_error_before_the_command(bench):
    """Nothing is run as somebody else."""
    made = bench()
    with pytest.raises(DockerfileError, match="nobody-here"):
        made.run(user="nobody-here")
    assert made.roots.commands == []
