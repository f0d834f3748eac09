"""What becomes of RUN."""

from __future__ import annotations

import pytest

from tagboat.errors import DockerfileError
from tagboat.flow.plan import InlineFile, Network

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
SCRIPT = "#!/usr/bin/env python3\nprint(1)\n"


def step(drawing):
    """Return the last step of the target."""
    return drawing.target.steps[-1]


def seen(drawing):
    """Return the variables that the last RUN gets, PATH left out."""
    return {name: value for name, value in step(drawing).env.items() if name != "PATH"}


def told(drawing):
    """Return the last line of history."""
    return drawing.target.history[-1].created_by


@pytest.mark.parametrize(
    ("lines", "argv"),
    [
        ("RUN a $X 'b'", ("/bin/sh", "-c", "a $X 'b'")),
        ('SHELL ["/bin/bash", "-ec"]\nRUN a', ("/bin/bash", "-ec", "a")),
        ('SHELL ["/bin/bash", "-ec"]\nRUN ["a", "$X"]', ("a", "$X")),
        ("RUN a \\\n  # why\n  && b", ("/bin/sh", "-c", "a   && b")),
        ("RUN <<EOF\na $X\nb\nEOF", ("/bin/sh", "-c", "a $X\nb\n")),
        ("RUN <<-'EOF'\n\ta\nEOF", ("/bin/sh", "-c", "a\n")),
        ("RUN python3 <<EOF\nx\nEOF", ("/bin/sh", "-c", "python3 <<EOF\nx\nEOF")),
        (f"RUN <<EOF\n{SCRIPT}EOF", ("/bin/sh", "-c", "/dev/pipes/EOF")),
    ],
)
def test_a_command_goes_to_the_shell_or_is_its_own_words(draw, lines, argv):
    """Shell form is one text behind the stage's shell, heredocs in it; JSON form stands alone; no variable is read."""
    assert step(draw(f"FROM b\nENV X=1\n{lines}\n")).argv == argv


def test_the_shell_of_windows_is_its_own(draw):
    """Where the image is for Windows, its command processor is the shell."""
    assert step(draw("FROM b\nRUN dir\n", platforms="windows/amd64")).argv == ("cmd", "/S", "/C", "dir")


@pytest.mark.parametrize(("opening", "indent"), [("<<EOF", ""), ("<<-EOF", "\t")])
def test_a_heredoc_with_an_interpreter_is_a_program(draw, opening, indent):
    """Its body is a file that the step brings along, without the tabs that `<<-` takes off."""
    body = "".join(indent + line for line in SCRIPT.splitlines(keepends=True))
    found = step(draw(f"FROM b\nRUN {opening}\n{body}EOF\n"))
    assert found.program == InlineFile(name="EOF", data=SCRIPT.encode())
    assert step(draw("FROM b\nRUN a\n")).program is None


def test_a_step_knows_where_and_as_whom_it_runs(draw):
    """Folder and user are those of the line; the instruction is kept for messages."""
    found = step(draw("FROM b\nWORKDIR /a/\nUSER u:g\nRUN make \\\n  all\n", runs={"b": {"WorkingDir": "/w"}}))
    assert (found.workdir, found.user, found.hostname) == ("/a", "u:g", "buildkitsandbox")
    assert (found.instruction, found.location.line) == ("RUN make   all", 4)
    assert step(draw("FROM b\nRUN a\n")).workdir == "/"


@pytest.mark.parametrize(
    ("lines", "build_args", "variables"),
    [
        ("ENV A=1\nARG B=2\nRUN x", {}, {"A": "1", "B": "2"}),
        ("RUN x\nENV A=1", {}, {}),
        ("ARG A=1\nENV A=2\nRUN x", {"A": "3"}, {"A": "2"}),
        ("ENV A=2\nARG A=1\nRUN x", {}, {"A": "1"}),
        ("ENV A=2\nARG A\nRUN x", {}, {"A": "2"}),
        ("ENV A=2\nARG A\nRUN x", {"A": "3"}, {"A": "3"}),
        ("ARG A\nRUN x", {}, {}),
        ("ARG TARGETARCH\nRUN x", {}, {"TARGETARCH": "amd64"}),
        ("RUN x", {"UNDECLARED": "1"}, {}),
        ("RUN x", {"http_proxy": "p"}, {"http_proxy": "p", "HTTP_PROXY": "p"}),
        ("RUN x", {"NO_PROXY": "a", "no_proxy": "b"}, {"NO_PROXY": "b", "no_proxy": "b"}),
        ("ENV ALL_PROXY=e\nRUN x", {"ALL_PROXY": "p"}, {"ALL_PROXY": "p", "all_proxy": "p"}),
        ("RUN x", {"FTP_PROXY": ""}, {}),
        ("ARG BUILDKIT_SBOM_SCAN_STAGE=true\nRUN x", {}, {}),
        ("ARG BUILDKIT_INLINE_CACHE=1\nRUN x", {}, {"BUILDKIT_INLINE_CACHE": "1"}),
    ],
)
def test_a_run_sees_env_arguments_and_proxies(draw, lines, build_args, variables):
    """The later of ENV and ARG wins; proxies are there without ARG, in both cases, and win over all."""
    drawing = draw(f"FROM b\n{lines}\n", build_args=build_args)
    (found,) = drawing.target.steps
    assert found.env == {"PATH": PATH, **variables}


def test_a_stage_hands_its_arguments_on(draw):
    """FROM a stage keeps the ARGs of that stage, but its ENV wins anew; another stage has none of them."""
    text = "FROM b AS one\nENV A=env\nARG A=arg B=1\nFROM one AS two\nRUN x\nFROM b AS three\nRUN y\n"
    assert seen(draw(text, target="two")) == {"A": "env", "B": "1"}
    assert told(draw(text, target="two")) == "RUN |2 A=env B=1 /bin/sh -c x # buildkit"
    assert told(draw(text)) == "RUN /bin/sh -c y # buildkit"


@pytest.mark.parametrize(("lines", "epoch"), [("RUN x", "7"), ("ENV SOURCE_DATE_EPOCH=9\nRUN x", "9")])
def test_the_time_that_the_caller_gives_is_seen(draw, lines, epoch):
    """SOURCE_DATE_EPOCH reaches every RUN without ARG, where it was given and the Dockerfile sets no other."""
    assert seen(draw(f"FROM b\n{lines}\n", source_date_epoch=7)) == {"SOURCE_DATE_EPOCH": epoch}
    assert told(draw(f"FROM b\n{lines}\n", source_date_epoch=7)) == "RUN /bin/sh -c x # buildkit"


def test_the_host_name_is_an_argument(draw):
    """BUILDKIT_SANDBOX_HOSTNAME sets the name, and is no variable."""
    drawing = draw("FROM b\nRUN x\n", build_args={"BUILDKIT_SANDBOX_HOSTNAME": "me"})
    assert (step(drawing).hostname, seen(drawing)) == ("me", {})


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("RUN a  b", "RUN /bin/sh -c a  b # buildkit"),
        ('RUN ["a", "b c"]', "RUN a b c # buildkit"),
        ("ARG B=2 A=1\nARG B=3\nRUN x", "RUN |2 B=3 A=1 /bin/sh -c x # buildkit"),
        ("ARG A\nRUN x", "RUN |1 A= /bin/sh -c x # buildkit"),
        ("ARG A=1\nENV A=2\nRUN x", "RUN |1 A=2 /bin/sh -c x # buildkit"),
        ("ENV A=2\nRUN x", "RUN /bin/sh -c x # buildkit"),
        ("RUN <<EOF\na\nb\nEOF", "RUN /bin/sh -c a\nb\n # buildkit"),
        (f"RUN <<EOF\n{SCRIPT}EOF", "RUN /bin/sh -c /dev/pipes/EOF # buildkit"),
        (
            "ARG BUILDKIT_SBOM_SCAN_CONTEXT=true\nRUN x",
            "RUN |1 BUILDKIT_SBOM_SCAN_CONTEXT=true /bin/sh -c x # buildkit",
        ),
        ("RUN --network=none --mount=type=tmpfs,target=/t x", "RUN /bin/sh -c x # buildkit"),
    ],
)
def test_history_tells_the_arguments_and_the_words(draw, lines, words):
    """As BuildKit writes it: how many ARGs are in scope, each with the value that the command saw, then the command."""
    assert told(draw(f"FROM b\n{lines}\n")) == words


def test_proxies_are_not_told(draw):
    """History never shows a proxy that no ARG declares: it may hold a password."""
    assert told(draw("FROM b\nRUN x\n", build_args={"HTTP_PROXY": "http://u:p@h"})) == "RUN /bin/sh -c x # buildkit"


def test_a_trigger_may_be_a_run(draw):
    """ONBUILD RUN is a RUN of the stage built on that base, with the variables of the moment."""
    drawing = draw("FROM b\n", runs={"b": {"OnBuild": ["ARG V=1", "RUN <<EOF\n$V\nEOF"]}})
    assert step(drawing).argv == ("/bin/sh", "-c", "$V\n")
    assert (seen(drawing), step(drawing).location.line) == ({"V": "1"}, 1)


def test_every_run_makes_a_layer(draw):
    """The step of a RUN belongs to its line of history."""
    assert [line.step for line in draw("FROM b\nRUN a\nENV A=1\nRUN b\n").target.history] == [0, None, 1]


def test_a_foreign_platform_is_planned_too(draw):
    """Whether a machine can run a step is not the plan's to say."""
    assert step(draw("FROM b\nRUN a\n", platforms="linux/riscv64")).argv[-1] == "a"


@pytest.mark.parametrize(
    ("flag", "network", "allow", "found"),
    [
        ("", None, "", Network.HOST),
        ("", Network.NONE, "", Network.NONE),
        ("--network=default", Network.NONE, "", Network.NONE),
        ("--network=none", Network.HOST, "", Network.NONE),
        ("--network=host", Network.NONE, "network.host", Network.HOST),
        ("--network=host", Network.HOST, "", Network.HOST),
    ],
)
def test_a_run_has_the_network_that_it_names(draw, flag, network, allow, found):
    """Without a name it has that of the whole build; the machine's network, named, needs the caller's leave."""
    drawing = draw(f"FROM b\nRUN {flag} a\n", network=network, allow=frozenset(filter(None, [allow])))
    assert step(drawing).network is found


@pytest.mark.parametrize(
    ("line", "words", "hint"),
    [
        ("RUN --network=host a", "entitlement network.host.* allow", "allow: network.host"),
        ("RUN --security=insecure a", "sandbox", "before the build"),
        ("RUN --device=vendor.com/gpu=0 a", "vendor.com/gpu=0: RUN --device is not built yet", "before the build"),
        ("RUN []", "nothing to run", "leave it out"),
    ],
)
def test_what_a_run_cannot_have_is_refused_at_its_line(draw, line, words, hint):
    """A privilege without leave, or one that nobody gets here, is an error with the way out."""
    with pytest.raises(DockerfileError, match=rf"^Dockerfile:2: .*{words}") as caught:
        _ = draw(f"FROM b\n{line}\n", allow=frozenset({"security.insecure"})).plan
    assert hint in caught.value.hint
