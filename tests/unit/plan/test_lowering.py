"""What each instruction does to the image's configuration and history."""

from __future__ import annotations

import pytest

from tagboat.errors import FaultsError

SECOND = 1_000_000_000
BASE = {
    "Env": ["PATH=/bin", "A=1", "B=2"],
    "Cmd": ["old"],
    "Entrypoint": ["entry"],
    "WorkingDir": "/w",
    "User": "app",
    "Labels": {"a": "1"},
    "ExposedPorts": {"1/tcp": {}},
    "Volumes": {"/v": {}},
    "Healthcheck": {"Test": ["NONE"]},
    "StopSignal": "SIGINT",
    "Shell": ["/bin/ash", "-c"],
    "ArgsEscaped": True,
}


@pytest.mark.parametrize(
    ("lines", "key", "value"),
    [
        ("CMD a b", "Cmd", ["/bin/sh", "-c", "a b"]),
        ('CMD ["a", "b"]', "Cmd", ["a", "b"]),
        ("CMD []", "Cmd", []),
        ("CMD a\nCMD b", "Cmd", ["/bin/sh", "-c", "b"]),
        ("CMD $A", "Cmd", ["/bin/sh", "-c", "$A"]),
        ('SHELL ["/x", "-y"]\nCMD a', "Cmd", ["/x", "-y", "a"]),
        ('SHELL ["/x", "-y"]', "Shell", ["/x", "-y"]),
        ("ENTRYPOINT a b", "Entrypoint", ["/bin/sh", "-c", "a b"]),
        ('ENTRYPOINT ["a"]', "Entrypoint", ["a"]),
        ("USER $A", "User", "1"),
        ("USER a\nUSER b:c", "User", "b:c"),
        ("LABEL a=1 b='x y' $A=z", "Labels", {"a": "1", "b": "x y", "1": "z"}),
        ("LABEL a=1\nLABEL a=2", "Labels", {"a": "2"}),
        ("LABEL a b c", "Labels", {"a": "b c"}),
        ("EXPOSE 80 53/UDP $A", "ExposedPorts", {"80/tcp": {}, "53/udp": {}, "1/tcp": {}}),
        ("EXPOSE 8000-8002", "ExposedPorts", {"8000/tcp": {}, "8001/tcp": {}, "8002/tcp": {}}),
        ("VOLUME /a /b/$A", "Volumes", {"/a": {}, "/b/1": {}}),
        ('VOLUME ["/a b"]\nVOLUME /c', "Volumes", {"/a b": {}, "/c": {}}),
        ("STOPSIGNAL SIGTERM", "StopSignal", "SIGTERM"),
        ("STOPSIGNAL $A", "StopSignal", "1"),
        ("HEALTHCHECK NONE", "Healthcheck", {"Test": ["NONE"]}),
        (
            "HEALTHCHECK --interval=5m --timeout=3s --start-period=1s --start-interval=2s --retries=4 CMD a b",
            "Healthcheck",
            {
                "Test": ["CMD-SHELL", "a b"],
                "Interval": 300 * SECOND,
                "Timeout": 3 * SECOND,
                "StartPeriod": SECOND,
                "StartInterval": 2 * SECOND,
                "Retries": 4,
            },
        ),
        ('HEALTHCHECK CMD ["a", "$A"]', "Healthcheck", {"Test": ["CMD", "a", "$A"]}),
        ("ONBUILD COPY . /\nONBUILD RUN $A", "OnBuild", ["COPY . /", "RUN $A"]),
        ("WORKDIR /a\nWORKDIR b/../c", "WorkingDir", "/a/c"),
        ("WORKDIR a", "WorkingDir", "/a"),
        ("WORKDIR /a/$A", "WorkingDir", "/a/1"),
        ("WORKDIR ../..", "WorkingDir", "/"),
        ("ENV A=x\nENV C=$A", "Env", ["PATH=/bin", "A=x", "C=x"]),
        ("ENV C 1 2", "Env", ["PATH=/bin", "A=1", "C=1 2"]),
        ("ENV PATH=$PATH:/x", "Env", ["PATH=/bin:/x", "A=1"]),
    ],
)
def test_instructions_set_their_member(draw, lines, key, value):
    """Each instruction writes its member of the configuration, expanded where the reference says so."""
    run = draw(f"FROM b\n{lines}\n", runs={"b": {"Env": ["PATH=/bin", "A=1"]}}).run
    assert run[key] == value


def test_a_base_is_inherited_whole(draw):
    """FROM takes over all of the base's configuration."""
    assert draw("FROM b\n", runs={"b": BASE}).run == BASE
    assert draw("FROM b AS one\nFROM one\n", runs={"b": BASE}).run == BASE


@pytest.mark.parametrize(
    ("lines", "cmd"),
    [
        ('ENTRYPOINT ["e"]', None),
        ('CMD ["c"]\nENTRYPOINT ["e"]', ["c"]),
        ('ENTRYPOINT ["e"]\nCMD ["c"]', ["c"]),
        ("USER x", ["old"]),
    ],
)
def test_entrypoint_resets_an_inherited_cmd(draw, lines, cmd):
    """A new ENTRYPOINT drops the base's CMD, not the one that the stage itself wrote."""
    assert draw(f"FROM b\n{lines}\n", runs={"b": BASE}).run["Cmd"] == cmd
    assert draw(f"FROM b AS one\nFROM one\n{lines}\n", runs={"b": BASE}).run["Cmd"] == cmd


def test_cmd_of_a_parent_stage_counts_as_inherited(draw):
    """CMD written in the parent stage does not survive the child's ENTRYPOINT."""
    assert draw('FROM b AS one\nCMD ["c"]\nFROM one\nENTRYPOINT ["e"]\n').run["Cmd"] is None


def test_env_keeps_its_place(draw):
    """A variable set again stays where it was, a new one comes last."""
    assert draw("FROM b\nENV B=3 C=4\nENV A=5\n", runs={"b": BASE}).run["Env"] == ["PATH=/bin", "A=5", "B=3", "C=4"]


@pytest.mark.parametrize(
    ("run", "env"),
    [
        ({}, ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]),
        ({"Env": ["A=1"]}, ["A=1", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]),
        ({"Env": ["PATH=/mine"]}, ["PATH=/mine"]),
    ],
)
def test_every_image_has_a_path(draw, run, env):
    """PATH gets the usual value where the base has none."""
    assert draw("FROM b\n", runs={"b": run}).run["Env"] == env


def test_an_image_of_windows_gets_no_path(draw):
    """On Windows the system itself sets PATH."""
    assert "Env" not in draw("FROM b\n", platforms="windows/amd64").run


def test_labels_of_the_caller_win(draw):
    """Labels given from outside replace those of the file, on the target alone."""
    drawing = draw("FROM scratch AS one\nLABEL a=1\nFROM one\nLABEL b=2\n", labels={"b": "3", "c": "4"})
    assert drawing.run["Labels"] == {"a": "1", "b": "3", "c": "4"}
    assert drawing.plan.platforms[0].stages[0].run["Labels"] == {"a": "1"}


def test_maintainer_is_the_author(draw):
    """MAINTAINER sets the author, also for stages built on it."""
    assert draw("FROM scratch AS one\nMAINTAINER me <m@e>\nFROM one\n").target.author == "me <m@e>"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("CMD a", 'CMD ["/bin/sh" "-c" "a"]'),
        ('ENTRYPOINT ["a", "b\\"c"]', r'ENTRYPOINT ["a" "b\"c"]'),
        ("ENV A=1 B=$A", "ENV A=1 B="),
        ("LABEL a='b c'", "LABEL a=b c"),
        ("EXPOSE 80 53/udp", "EXPOSE [53/udp 80/tcp]"),
        ("VOLUME /a /b", "VOLUME [/a /b]"),
        ("USER u", "USER u"),
        ('SHELL ["a", "b"]', "SHELL [a b]"),
        ("STOPSIGNAL 9", "STOPSIGNAL 9"),
        ("WORKDIR a", "WORKDIR /a"),
        ("MAINTAINER me", "MAINTAINER me"),
        ("COPY --chown=1 --chmod=755 --link a b", "COPY --chown=1 --chmod=755 a b # buildkit"),
        ("COPY --parents a/./b c/", "COPY --parents a/./b c/ # buildkit"),
    ],
)
def test_history_tells_each_instruction(draw, line, words):
    """History has one line an instruction, in the words that other builders use."""
    (entry,) = draw(f"FROM scratch\n{line}\n").target.history
    assert entry.created_by == words


def test_history_says_which_lines_make_layers(draw):
    """COPY and WORKDIR make layers, other lines and `WORKDIR /` do not; ONBUILD leaves no line."""
    text = "FROM scratch\nENV A=1\nCOPY a b\nWORKDIR /\nWORKDIR /w\nONBUILD CMD a\nUSER 1\n"
    assert [line.step for line in draw(text).target.history] == [None, 0, None, 1, None]


@pytest.mark.parametrize(
    ("workdir", "written", "destination"),
    [
        ("/w", "a", "/w/a"),
        ("/w", "a/", "/w/a/"),
        ("/w", ".", "/w/"),
        ("/w", "./", "/w/"),
        ("/w", "", "/w/"),
        ("/w", "..", "/"),
        ("/w", "../x/.", "/x/"),
        ("/w", "/", "/"),
        ("/w", "/a//b/", "/a/b/"),
        ("", "a", "/a"),
        ("/w", "/../../a", "/a"),
    ],
)
def test_destinations_are_absolute_and_keep_their_slash(draw, workdir, written, destination):
    """A destination starts from the working folder; a slash at its end says that a folder is meant."""
    run = {"WorkingDir": workdir} if workdir else {}
    (step,) = draw(f'FROM b\nCOPY ["f", "{written}"]\n', runs={"b": run}).target.steps
    assert step.destination == destination


def test_sources_and_flags_are_expanded_and_excludes_are_not(draw):
    """Variables work in sources, destination, --chown and --chmod, and nowhere else."""
    text = "FROM scratch\nENV V=x\nCOPY --chown=$V --chmod=${V}7 --exclude=$V $V ${V}y /$V\n"
    (step,) = draw(text.replace("${V}7", "u=rw")).target.steps
    assert (step.sources, step.destination) == (("x", "xy"), "/x")
    assert (step.chown, step.exclude) == ("x", ("$V",))


def test_all_faults_of_a_stage_are_told_at_once(draw):
    """Faults of several lines and stages come together, each with its line, once for all platforms."""
    text = "FROM scratch AS a\nRUN --mount=type=ssh make\nEXPOSE $X/icmp\n"
    text += "FROM a\nADD git@x y\nSTOPSIGNAL ${N:-NOPE}\nVOLUME /a ${N}\n"
    with pytest.raises(FaultsError) as caught:
        _ = draw(text, platforms="linux/amd64,linux/arm64").plan
    assert [str(fault).split(":")[1] for fault in caught.value.faults] == ["2", "3", "5", "6", "7"]
    assert caught.value.exit_code == 4


def test_the_backtick_escapes_where_the_directive_says_so(draw):
    """Expansion follows the escape directive."""
    assert draw("# escape=`\nFROM scratch\nENV A=c:\\d B=`$x\n").env == {"A": "c:\\d", "B": "$x"}
