"""What a command is given, and what is told of its end, whichever executor runs it."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from fakes.building import file, folder, symlink
from fakes.processes import find_process, processes_of, seconds_of_ours
from tagboat.errors import MachineError
from tagboat.executors.command import EXEC, Ended


def test_a_shell_command_prints_and_ends_well(stage):
    """What a script prints is passed on, and status 0 is no fault."""
    ran = stage.run("echo hello")
    assert (ran.ended, ran.printed) == (Ended(), b"hello\n")


def test_arguments_stay_apart(stage):
    """A program gets its arguments as they are: no shell looks at them."""
    assert stage.run(["printf", "%s|", "a b", "$HOME", "*", ""]).text == "a b|$HOME|*||"


def test_a_program_is_looked_for_on_the_images_path(make_stage):
    """The first program of that name on the command's own PATH is started."""
    stage = make_stage(folder("opt"), file("opt/greet", "#!/bin/sh\necho opt\n", mode=0o755))
    assert stage.run(["greet"], env={"PATH": "/nowhere:/opt:/bin"}).text == "opt"


def test_the_environment_is_the_given_one(stage):
    """There are the variables that the command was given and no other; bytes that are no text arrive."""
    env = {"PATH": "/bin", "HOME": "/root", "EMPTY": "", "TWO": "a\nb", "BYTES": "\udcff"}
    printed = stage.run(["/bin/env"], env=env).printed
    assert sorted(printed.splitlines()) == [b"BYTES=\xff", b"EMPTY=", b"HOME=/root", b"PATH=/bin", b"TWO=a", b"b"]


def test_the_folder_is_the_workdir(stage):
    """A command starts in its workdir, which is made with its parents when the image lacks it."""
    ran = stage.run("pwd", workdir="/srv/deep/down")
    assert ran.text == "/srv/deep/down"
    assert {path: entry.mode for path, entry in ran.folders.items() if path} == {
        "srv": 0o755,
        "srv/deep": 0o755,
        "srv/deep/down": 0o755,
    }


def test_a_workdir_behind_a_symlink_stays_in_the_root(make_stage):
    """An absolute symlink in the image leads to the image's own folder."""
    stage = make_stage(folder("data"), file("data/mine"), symlink("link", "/data"))
    assert stage.read("ls", workdir="/link") == "mine"


def test_user_and_groups_are_the_given_ones(stage):
    """Real, effective and saved user and group, and further groups, are the command's."""
    words = stage.run("id -u; id -g; id -G", uid=1000, gid=1001, groups=(50, 60)).lines
    assert (words[:2], sorted(words[2].split(), key=int)) == (["1000", "1001"], ["50", "60", "1001"])


def test_root_has_no_groups_of_ours(stage):
    """Without further groups there is the one."""
    assert stage.run("id -G").text == "0"


def test_another_user_cannot_write_what_is_roots(stage):
    """A user has the rights that the modes of the image give, and files that are made belong to that user."""
    ran = stage.run("touch /tmp/mine; touch /bin/other", uid=1000, gid=1001)
    assert ran.ended.status == 1
    made = stage.run("touch /tmp/mine", uid=1000, gid=1001).made["tmp/mine"]
    assert (made.uid, made.gid, made.mode) == (1000, 1001, 0o644)


def test_the_umask_is_022_whatever_ours_is(stage):
    """Files are made for everybody to read, also when we make ours for ourselves."""
    before = os.umask(0o077)
    try:
        ran = stage.run("umask; mkdir /tmp/folder; touch /tmp/folder/file", workdir="/made/for/it")
    finally:
        os.umask(before)
    assert ran.text == "0022"
    assert ran.made["tmp/folder/file"].mode == 0o644
    assert {ran.folders[path].mode for path in ("tmp/folder", "made", "made/for", "made/for/it")} == {0o755}


def test_the_input_is_empty(stage):
    """Whoever reads the standard input finds its end."""
    assert stage.read("cat; wc -c") == "0"


def test_both_outputs_come_in_order(stage):
    """What goes to the two outputs arrives as it was printed."""
    assert stage.run("for i in 1 2 3; do echo out $i; echo err $i >&2; done").lines == [
        "out 1",
        "err 1",
        "out 2",
        "err 2",
        "out 3",
        "err 3",
    ]


def test_no_descriptor_of_ours_is_left_open(stage):
    """A command has the three standard descriptors and nothing else of this process or the worker."""
    # A shell can tell without /proc, by duplicating each number.
    script = 'for n in 0 1 2 3 4 5 6 7 8 9; do (eval ": >&$n") 2>/dev/null && echo $n; done'
    assert stage.run(script).lines == ["0", "1", "2"]


@pytest.mark.parametrize("status", [1, 2, 77, 127, 255])
def test_the_exit_status_is_told(stage, status):
    """A command's own exit status is the one that is told, and nothing of what it did becomes a change."""
    ran = stage.run(f"touch /tmp/file; exit {status}")
    assert (ran.ended, ran.changes) == (Ended(status=status), ())


def test_a_signal_is_told_as_shells_do(stage):
    """A command that a signal ends has the status 128 and the signal's number."""
    seconds = seconds_of_ours()
    killer = threading.Thread(target=lambda: os.kill(find_process(f"sleep\0{seconds}\0".encode()), 9))
    killer.start()
    ran = stage.run(["sleep", seconds])
    killer.join()
    assert ran.ended == Ended(status=128 + 9)


@pytest.mark.parametrize(
    ("argv", "number"),
    [
        (["missing"], "ENOENT"),
        (["/missing"], "ENOENT"),
        (["/tmp/plain"], "EACCES"),
        (["/tmp/text"], "ENOEXEC"),
        (["/tmp/orphan"], "ENOENT"),
        (["/tmp"], "EACCES"),
        (["/bin/busybox/below"], "ENOTDIR"),
    ],
)
def test_a_program_that_cannot_be_started_is_told_apart(make_stage, argv, number):
    """Not there, not executable, no program, no interpreter: the system's own reason comes with the program's name."""
    import errno

    stage = make_stage(
        folder("tmp", 0o1777),
        file("tmp/plain", "#!/bin/sh\n"),
        file("tmp/text", "echo no first line\n", mode=0o755),
        file("tmp/orphan", "#!/no/interpreter\n", mode=0o755),
        key="startable",
    )
    ended = stage.run(argv).ended
    assert (ended.fault, errno.errorcode[ended.errno]) == (f"{EXEC}{argv[0]}", number)


def test_after_a_failure_the_next_command_runs(stage):
    """A command that failed, or could not be started, leaves the stage usable."""
    assert stage.run("exit 3").ended.status == 3
    assert stage.run(["missing"]).ended.fault
    assert stage.read("echo again") == "again"


@pytest.mark.parametrize(
    "script",
    [
        "sleep {0} & sleep {0} & true",
        "setsid sleep {0} & true",
        "(setsid sh -c 'sleep {0} & sleep {0}' &) & sleep 0.1",
        "nohup sleep {0} >/dev/null 2>&1 & trap '' TERM HUP INT; true",
    ],
    ids=["background", "session", "double fork", "nohup"],
)
def test_what_is_left_running_is_ended(stage, script):
    """Nothing that a command started outlives it, and nobody waits for it."""
    seconds = seconds_of_ours()
    started = time.monotonic()
    assert stage.run(script.format(seconds)).ended == Ended()
    assert processes_of(f"sleep\0{seconds}\0".encode()) == []
    assert time.monotonic() - started < 10


def test_much_output_takes_little_memory(executor, stage):
    """A hundred megabytes of output come in pieces of at most 64 KiB."""
    from tagboat.executors.command import Command

    counted, longest = [0], [0]

    def count(chunk: bytes) -> None:
        counted[0] += len(chunk)
        longest[0] = max(longest[0], len(chunk))

    command = Command(argv=("/bin/dd", "if=/dev/zero", "bs=1M", "count=100"), env={"PATH": "/bin"})
    outcome = stage.state.root_on(executor).run(command, (), stage.state.tree, count)
    assert outcome.ended == Ended()
    assert counted[0] >= 100 << 20
    assert longest[0] <= 1 << 16


def test_a_later_command_sees_what_an_earlier_one_did(stage):
    """Commands of one stage work on one root, and each has its own changes."""
    first = stage.run("echo 1 > /tmp/one; echo 1 > /tmp/both")
    second = stage.run("cat /tmp/one; echo 2 > /tmp/both; rm /tmp/one")
    assert (sorted(first.made), second.text) == (["tmp/both", "tmp/one"], "1")
    assert (list(second.made), second.deleted) == (["tmp/both"], ["tmp/one"])
    assert (first.content("tmp/one"), first.content("tmp/both"), second.content("tmp/both")) == (
        b"1\n",
        b"1\n",
        b"2\n",
    )


def test_stages_on_one_base_do_not_see_each_other(executor, make_stage):
    """Two roots of one base are changed apart."""
    one, two = make_stage(key="busybox"), make_stage(key="busybox")
    one.read("echo one > /tmp/file; rm /bin/yes")
    assert two.read("ls /tmp; ls /bin/yes") == "/bin/yes"
    assert one.read("cat /tmp/file; ls /bin/yes || true").startswith("one\n")


def test_a_stage_on_another_goes_on_from_there(stage):
    """A fork holds what its parent held, and neither sees what the other does next."""
    stage.read("echo base > /tmp/base; rm /bin/yes")
    twin = stage.fork()
    stage.read("echo parent > /tmp/parent")
    assert twin.read("ls /tmp; ls /bin/yes 2>/dev/null || echo gone") == "base\ngone"
    twin.read("echo twin > /tmp/twin")
    assert stage.read("ls /tmp") == "base\nparent"
    assert twin.read("ls /tmp") == "base\ntwin"


def test_what_copy_adds_is_there(stage):
    """Layers that no command made are seen by the next one, and are no change of it."""
    root = stage.state.root_on(stage.executor)
    stage.state.add(100, (folder("srv"), file("srv/copied", "copied\n")))
    ran = stage.run("cat /srv/copied")
    assert (ran.text, ran.changes) == ("copied", ())
    assert root is stage.state.root


def test_a_command_cut_off_reaches_only_itself(stage, way):
    """Without network there is the loopback interface, switched on; chroot cannot do that and says so."""
    if way == "chroot":
        with pytest.raises(MachineError, match="--network=none"):
            stage.run("true", network=False)
        return
    lines = stage.run("ip -o link; ping -c1 -W1 127.0.0.1 >/dev/null && echo lo", network=False).lines
    assert [line.split(":")[1].strip() for line in lines[:-1]] == ["lo"]
    assert lines[-1] == "lo"


def test_the_hosts_network_is_there_otherwise(stage):
    """By default a command sees the interfaces that we see."""
    ours = sorted(path.name for path in Path("/sys/class/net").iterdir() if path.is_dir())
    theirs = sorted(line.split(":")[1].strip().partition("@")[0] for line in stage.run("ip -o link").lines)
    assert theirs == ours


def test_programs_of_heredocs_lie_in_dev(stage):
    """Files of the command lie executable in /dev/pipes, and are no change."""
    ran = stage.run(["/dev/pipes/EOF"], programs={"EOF": b"#!/bin/sh\necho from $0\n"}, uid=1000, gid=1000)
    assert (ran.text, ran.changes) == ("from /dev/pipes/EOF", ())
