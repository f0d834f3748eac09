"""Flags, variables and the file become one request, or one report of all that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tagboat.errors import FaultsError, InputError, TagboatError
from tagboat.flow.inputs import EMITTED_VARIABLES, INPUTS
from tagboat.flow.request import Compression, ContextKind, OnExisting, Push, Request, Step, Timestamps
from tagboat.oci.platform import Platform
from tagboat.oci.reference import Reference
from tagboat.settings import read_request

DIGEST = "sha256:" + "a" * 64
AMD64, ARM64 = Platform.parse("linux/amd64"), Platform.parse("linux/arm64")

Reader = Callable[..., Request]
Refuser = Callable[..., list[TagboatError]]


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    """Return a reader of requests in an empty working folder; `env` are variables, `file` is tagboat.toml."""

    def read(
        command: str = "run",
        *positionals: str,
        flags: dict[str, Sequence[str]] | None = None,
        env: dict[str, str] | None = None,
        file: str = "",
    ) -> Request:
        if file:
            (tmp_path / "tagboat.toml").write_text(file)
        return read_request(command, flags or {}, positionals, env or {}, tmp_path)

    return read


@pytest.fixture
def refuse(read: Reader) -> Refuser:
    """Return a function that gives the faults of a request."""

    def refuse(*arguments: str, **sources: object) -> list[TagboatError]:
        with pytest.raises(TagboatError) as caught:
            read(*arguments, **sources)
        assert caught.value.exit_code == 2
        return list(caught.value.faults) if isinstance(caught.value, FaultsError) else [caught.value]

    return refuse


def test_defaults(read):
    """Nothing given is a request of defaults, without a warning."""
    assert read() == Request(command="run")


# ---------------------------------------------------------------- precedence


def test_precedence(read):
    """A flag wins over INPUT_, that over TAGBOAT_, that over the file."""
    file, tagboat, action, flag = 'target = "file"', {"TAGBOAT_TARGET": "tagboat"}, {"INPUT_TARGET": "action"}, ["flag"]
    assert read(file=file).target == "file"
    assert read(file=file, env=tagboat).target == "tagboat"
    assert read(file=file, env=tagboat | action).target == "action"
    assert read(file=file, env=tagboat | action, flags={"target": flag}).target == "flag"


def test_both_spellings_of_a_variable(read):
    """INPUT_ with the name's own dashes wins over the one with underscores."""
    env = {"INPUT_BUILD_ARGS": "A=2", "TAGBOAT_BUILD_ARGS": "A=3"}
    assert read(env=env).build_args == {"A": "2"}
    assert read(env=env | {"INPUT_BUILD-ARGS": "A=1"}).build_args == {"A": "1"}


@pytest.mark.parametrize("empty", ["", " ", "\n"])
def test_empty_is_absent(read, empty):
    """An empty value leaves the word to the next source."""
    request = read(flags={"target": [empty]}, env={"INPUT_TARGET": empty, "TAGBOAT_TARGET": "x"})
    assert request.target == "x"
    assert read(env={"INPUT_PUSH": empty}, file='push = ""\nplatforms = []\nbuild-args = {}\n').push is Push.AUTO


def test_lists_are_not_merged(read):
    """A stronger source replaces a list of a weaker one whole."""
    assert read(flags={"build-args": ["A=1"]}, env={"INPUT_BUILD_ARGS": "B=2"}).build_args == {"A": "1"}


# ---------------------------------------------------------------- forms


def test_words_part_at_commas(read):
    """Platforms part at commas, at line ends and by repeated flags."""
    assert read(env={"INPUT_PLATFORMS": "linux/amd64, linux/arm64"}).platforms == (AMD64, ARM64)
    assert read(env={"INPUT_PLATFORMS": "linux/amd64\n\nlinux/arm64\n"}).platforms == (AMD64, ARM64)
    assert read(flags={"platforms": ["linux/amd64", "linux/arm64"]}).platforms == (AMD64, ARM64)


def test_json_array_in_a_variable(read):
    """A variable may hold a JSON array, as GitLab writes its array inputs."""
    assert read(env={"TAGBOAT_PLATFORMS": '["linux/amd64", "linux/arm64"]'}).platforms == (AMD64, ARM64)
    assert read(env={"TAGBOAT_TAGS": '["type=sha", "a,b"]'}).tagging.tags == "type=sha\na,b"


def test_lines_keep_commas(read):
    """Build arguments have one item a line; commas and equals signs belong to the value."""
    assert read(env={"INPUT_BUILD_ARGS": "A=1,2\n  B=x=y  \n\nC="}).build_args == {"A": "1,2", "B": "x=y", "C": ""}


def test_quoted_item_over_lines(read):
    """An item in quotes may hold line ends and doubled quotes, as docker's actions take it."""
    env = {"INPUT_BUILD_ARGS": '"A=one\ntwo ""2"", 3"\nB="kept"'}
    assert read(env=env).build_args == {"A": 'one\ntwo "2", 3', "B": '"kept"'}


def test_build_argument_from_the_environment(read):
    """NAME alone takes the environment's value; without one it stays unset, with a warning."""
    request = read(flags={"build-args": ["A", "B"]}, env={"A": "1"})
    assert request.build_args == {"A": "1"}
    assert [warning for warning in request.warnings if "B has no value" in warning]


def test_rules_are_handed_on_as_text(read):
    """The tag engine's inputs keep their text; repeated flags are lines."""
    request = read(flags={"tags": ["type=sha,format=long", "a"]}, env={"INPUT_LABELS": " a=1, 2 \n# no\n"})
    assert request.tagging.tags == "type=sha,format=long\na"
    assert request.tagging.labels == " a=1, 2 \n# no\n"


def test_variables_of_metadata_action(read):
    """DOCKER_METADATA_* go with the tag request; the pull request's head is on where the text holds `true`."""
    tagging = read(
        "tags",
        env={
            "DOCKER_METADATA_PR_HEAD_SHA": "TRUE-ish",
            "DOCKER_METADATA_SHORT_SHA_LENGTH": "9",
            "DOCKER_METADATA_ANNOTATIONS_LEVELS": "index, manifest",
        },
    ).tagging
    assert (tagging.pr_head_sha, tagging.short_sha_length) == (True, "9")
    assert tagging.annotation_levels == "index, manifest"


def test_several_platforms_are_known_to_the_tag_engine(read):
    """The tag request says whether the image will be an index."""
    assert read(flags={"platforms": ["linux/amd64,linux/arm64"]}).tagging.several_platforms
    assert not read(flags={"platforms": ["linux/arm64"]}).tagging.several_platforms


@pytest.mark.parametrize(("text", "is_on"), [("", True), ("T", True), ("false", False), ("0", False)])
def test_the_job_s_environment(read, text, is_on):
    """Outputs go to the job's environment unless the variable of metadata-action says no."""
    assert read(env={"DOCKER_METADATA_SET_OUTPUT_ENV": text}).sets_environment is is_on


def test_the_job_s_environment_has_two_states(read):
    """A word that metadata-action does not take either is refused."""
    with pytest.raises(InputError, match="DOCKER_METADATA_SET_OUTPUT_ENV: 'maybe'"):
        read(env={"DOCKER_METADATA_SET_OUTPUT_ENV": "maybe"})


@pytest.mark.parametrize(("text", "value"), [("true", True), ("FALSE", False), ("1", True), ("0", False)])
def test_booleans(read, text, value):
    """A switch is true or false, in any case."""
    assert read(env={"INPUT_OFFLINE": text}).offline is value


def test_choices(read):
    """Choices are read in any case."""
    request = read(env={"INPUT_PUSH": "True", "INPUT_TIMESTAMPS": "Commit", "INPUT_UNTIL": "build"})
    assert (request.push, request.timestamps, request.until) == (Push.TRUE, Timestamps.COMMIT, Step.BUILD)


@pytest.mark.parametrize(
    ("text", "compression"),
    [
        ("fast", Compression(level=2)),
        ("balanced", Compression(codec="gzip", level=6)),
        ("small", Compression(level=9)),
        ("gzip:6", Compression(level=6)),
        ("zstd:3", Compression(codec="zstd", level=3)),
    ],
)
def test_compression(read, text, compression):
    """A compression is one of three words, or a codec with its level."""
    assert read(flags={"compression": [text]}).compression == compression


def test_named_contexts(read, tmp_path):
    """A named context is a folder, an image, or a layout with or without a tag or digest."""
    (tmp_path / "base").mkdir()
    (tmp_path / "archive.tar").touch()
    named = read(
        flags={
            "build-contexts": [
                "folder=base",
                "image=docker-image://alpine:3",
                "layout=oci-layout://base",
                "tagged=oci-layout://base:v1",
                f"pinned=oci-layout://base@{DIGEST}",
                "packed=oci-layout://archive.tar",
            ]
        }
    ).build_contexts
    assert (named["folder"].kind, named["folder"].path) == (ContextKind.DIRECTORY, Path("base"))
    assert named["image"].reference == Reference.parse("alpine:3")
    layouts = {name: (named[name].path, named[name].selector) for name in ("layout", "tagged", "pinned", "packed")}
    assert layouts == {
        "layout": (Path("base"), ""),
        "tagged": (Path("base"), ":v1"),
        "pinned": (Path("base"), f"@{DIGEST}"),
        "packed": (Path("archive.tar"), ""),
    }


def test_credentials(read):
    """User name and password belong to the registry, Docker Hub when none is named; nothing shows the password."""
    request = read(env={"INPUT_USERNAME": "me", "INPUT_PASSWORD": "hunter2", "INPUT_REGISTRY": "ghcr.io"})
    (credentials,) = request.credentials
    assert (credentials.registry, credentials.username) == ("ghcr.io", "me")
    assert credentials.password.reveal() == "hunter2"
    assert "hunter2" not in repr(request)
    assert read(env={"INPUT_USERNAME": "me", "INPUT_PASSWORD": "x"}).credentials[0].registry == "docker.io"


def test_empty_password_is_kept(read):
    """A user name without a password is no fault here: a secret that is not set matters when it is used."""
    (credentials,) = read(env={"INPUT_USERNAME": "me", "INPUT_PASSWORD": ""}).credentials
    assert not credentials.password


@pytest.mark.parametrize("text", ["https://index.docker.io/v1/", "docker.io", "index.docker.io", "https://docker.io"])
def test_registry_as_docker_login_takes_it(read, text):
    """Docker Hub's names are one registry."""
    env = {"INPUT_USERNAME": "me", "INPUT_PASSWORD": "x", "INPUT_REGISTRY": text}
    assert read(env=env).credentials[0].registry == "docker.io"


def test_source_date_epoch(read):
    """SOURCE_DATE_EPOCH is seconds."""
    assert read(env={"SOURCE_DATE_EPOCH": "1578616200"}).source_date_epoch == 1578616200
    assert read(env={"SOURCE_DATE_EPOCH": ""}).source_date_epoch is None


def test_source_date_epoch_is_a_build_argument_too(read):
    """The variable reaches `ARG SOURCE_DATE_EPOCH`; as a build argument it wins over the variable."""
    env = {"SOURCE_DATE_EPOCH": "5"}
    assert read(env=env).build_args == {"SOURCE_DATE_EPOCH": "5"}
    given = read(flags={"build-args": ["SOURCE_DATE_EPOCH=7"]}, env=env)
    assert (given.source_date_epoch, given.build_args) == (7, {"SOURCE_DATE_EPOCH": "7"})


# ---------------------------------------------------------------- positionals


def test_context_argument(read, tmp_path):
    """The argument of run, plan and build is the build context."""
    (tmp_path / "app").mkdir()
    assert all(read(command, "app").context == Path("app") for command in ("run", "plan", "build"))
    assert read("run", "app", flags={"context": ["app"]}).context == Path("app")


def test_push_arguments(read, tmp_path):
    """`push` takes a layout and references; with --all-tags a repository."""
    (tmp_path / "layout").mkdir()
    request = read("push", "layout", "ghcr.io/a/b:1", f"ghcr.io/a/b@{DIGEST}")
    assert request.layout == Path("layout")
    assert request.references == (Reference.parse("ghcr.io/a/b:1"), Reference.parse(f"ghcr.io/a/b@{DIGEST}"))
    everything = read("push", "layout", "ghcr.io/a/b", flags={"all-tags": ["true"]})
    assert (everything.all_tags, everything.repository, everything.references) == (True, "ghcr.io/a/b", ())


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("push",), "layout"),
        (("push", "."), "reference"),
        (("push", "gone", "a:1"), "gone"),
        (("push", ".", "ghcr.io/a/b"), "names no tag"),
        (("push", ".", "A/b:1"), "lower-case"),
        (("tags", "x"), "too many"),
        (("run", ".", "x"), "too many"),
        (("run", "gone"), "gone"),
    ],
)
def test_wrong_arguments(refuse, arguments, word):
    """A missing, surplus or wrong argument is a fault."""
    assert any(word in str(fault) for fault in refuse(*arguments))


@pytest.mark.parametrize("references", [("a/b", "c/d"), ("a/b:1",)])
def test_all_tags_go_to_one_repository(refuse, references):
    """With --all-tags there is one repository, without a tag."""
    faults = refuse("push", ".", *references, flags={"all-tags": ["true"]})
    assert all("all-tags" in str(fault) for fault in faults)


# ---------------------------------------------------------------- the file


def test_file_forms(read):
    """Keys of the file are texts, switches, numbers, arrays or tables."""
    request = read(
        file="""
platforms = ["linux/amd64", "linux/arm64"]
offline = true
jobs = 3
tags = ["type=sha", "a"]
labels = {a = 1, b = true}
target = "x"
[build-args]
A = "one\\ntwo"
B = false
"""
    )
    assert request.platforms == (AMD64, ARM64)
    assert (request.offline, request.jobs, request.target) == (True, 3, "x")
    assert request.tagging.tags == "type=sha\na"
    assert request.tagging.labels == "a=1\nb=true"
    assert request.build_args == {"A": "one\ntwo", "B": "false"}


def test_file_in_the_build_context(read, tmp_path):
    """The file of the build context is the one that counts; its paths start there."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "tagboat.toml").write_text('file = "other.Dockerfile"\ntarget = "inner"\n')
    outer = 'target = "outer"\nfile = "outer.Dockerfile"\n'
    assert read("build", "app", file=outer).target == "inner"
    assert read("build", file=outer, env={"INPUT_CONTEXT": "app"}).file == Path("app/other.Dockerfile")
    assert read("build", file=outer).file == Path("outer.Dockerfile")


def test_keys_of_other_commands_wait(read):
    """A key that only another command takes is no fault."""
    assert read("tags", file='platforms = ["linux/amd64"]\nimages = "a/b"\n').tagging.images == "a/b"


@pytest.mark.parametrize(
    ("file", "line", "words"),
    [
        ('\nbuild_args = "A=1"', 2, "build-args"),
        ("target = [1]", 1, "wrong form"),
        ("platforms = 1.5", 1, "platform"),
        ('password = "x"', 1, "secret"),
        ("json = true", 1, "flag only"),
        ("platforms = [{a = 1}]", 1, "wrong form"),
        ("x = {a = [1]}", 1, "no such input"),
        ("a = 1\nb = ]", 2, "cannot be read"),
        ('tags = ["a\\nb"]', 1, "line break"),
    ],
)
def test_faults_of_the_file(refuse, file, line, words):
    """A fault of the file names its line and says what to write."""
    fault = refuse(file=file)[0]
    assert fault.location is not None
    assert (fault.location.file, fault.location.line) == ("tagboat.toml", line)
    assert words in f"{fault} {fault.hint}"


def test_secret_in_the_file_is_never_hidden(refuse):
    """A password in the file is a fault even where a variable wins, and is not repeated."""
    (fault,) = refuse(env={"INPUT_PASSWORD": "a", "INPUT_USERNAME": "me"}, file='password = "hunter2"')
    assert "hunter2" not in f"{fault} {fault.hint}"


# ---------------------------------------------------------------- faults


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("platforms", "linux"),
        ("platforms", "linux/amd64,linux/x86_64"),
        ("push", "maybe"),
        ("offline", "sometimes"),
        ("jobs", "0"),
        ("jobs", "many"),
        ("jobs", "9" * 5000),
        ("compression", "gzip:10"),
        ("compression", "gzip:" + "9" * 5000),
        ("compression", "brotli"),
        ("timestamps", "never"),
        ("until", "dessert"),
        ("until", "scan"),
        ("until", "sign"),
        ("executor", "docker"),
        ("executor", "in-place"),
        ("network", "bridge"),
        ("add-hosts", "db"),
        ("add-hosts", "db:10.0.0"),
        ("add-hosts", ":10.0.0.1"),
        ("add-hosts", "a b:10.0.0.1"),
        ("add-hosts", "db:host-gateway"),
        ("shm-size", "big"),
        ("shm-size", "-1"),
        ("shm-size", "9" * 5000),
        ("allow", "network.host,everything"),
        ("secrets", "hunter2"),
        ("secrets", "=hunter2"),
        ("secrets", "A=1\nA=2"),
        ("secrets", "id=A,src=file"),
        ("secrets", '"A=hunter2'),
        ("secret-files", "hunter2"),
        ("secret-files", "A=gone"),
        ("secret-files", "A=."),
        ("secret-envs", "hunter2"),
        ("secret-envs", "A=B,A=C"),
        ("context", "gone"),
        ("context", "git"),
        ("context", "workflow"),
        ("context", "-"),
        ("context", "https://github.com/a/b.git"),
        ("context", "{{defaultContext}}:sub"),
        ("build-args", "=1"),
        ("build-args", '"A=1'),
        ("build-contexts", "a"),
        ("build-contexts", "a="),
        ("build-contexts", "a=gone"),
        ("build-contexts", "a=https://example.com"),
        ("build-contexts", "a=docker-image://A"),
        ("build-contexts", "a=oci-layout://gone"),
        ("build-contexts", "a=oci-layout://.@sha256:1"),
        ("registry", "ghcr.io/me"),
        ("registry", "ghcr"),
        ("insecure-registries", "http://a/b"),
        ("ca-file", "gone.pem"),
        ("event", "nothing"),
    ],
)
def test_value_of_the_wrong_form(refuse, name, text):
    """A value of the wrong form is a fault that names the input and its source and says what to write."""
    variable = "INPUT_" + name.upper().replace("-", "_")
    (fault,) = refuse("plan", env={variable: text})
    assert str(fault).startswith(f"{name}: ")
    assert variable in str(fault)
    assert fault.hint
    assert "hunter2" not in f"{fault} {fault.hint}"


@pytest.mark.parametrize("entry", [entry for entry in INPUTS if not entry.built], ids=lambda entry: entry.name)
def test_not_built_yet(read, refuse, entry):
    """An input that is not built yet is refused with the way out, unless its value asks for nothing."""
    variable = entry.variables[-1]
    for neutral in entry.neutral:
        assert read(env={variable: neutral}) == Request(command="run")
    value = next((word for word in reversed(entry.choices) if word not in entry.neutral), "something")
    if value == "something" and entry.unneeded:
        return
    (fault,) = refuse(env={variable: value})
    assert (str(fault), fault.hint) == (f"{entry.name}: this input is not built yet (from {variable})", entry.instead)


@pytest.mark.parametrize("entry", [entry for entry in INPUTS if entry.unneeded], ids=lambda entry: entry.name)
def test_not_needed(read, entry):
    """An input that is not needed is accepted, and that is said once."""
    (warning,) = read(env={entry.variables[-1]: "something"}).warnings
    assert entry.name in warning
    assert entry.unneeded in warning


def test_builder_instance_and_builder_kind(read, refuse):
    """`builder` takes buildx's instance names without effect, but not the builder that is not built yet."""
    assert read(env={"INPUT_BUILDER": "builder-0123"}).warnings
    (fault,) = refuse(env={"INPUT_BUILDER": "buildkit"})
    assert "not built yet" in str(fault)


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("platform", "did you mean platforms?"),
        ("xyzzy", "--help"),
        ("_env_file", "did you mean file?"),
        ("all-tags", "push"),
    ],
)
def test_unknown_flag(refuse, flag, words):
    """An unknown flag is a fault with the nearest name, or with the commands that take it."""
    (fault,) = refuse(flags={flag: ["x"]})
    assert f"--{flag}" in str(fault)
    assert words in fault.hint


@pytest.mark.parametrize("name", ["password", "github-token", "registry-auth"])
def test_secret_as_a_flag(refuse, name):
    """A secret has no flag, and its value is not repeated."""
    (fault,) = refuse(flags={name: ["hunter2"]})
    assert "TAGBOAT_" in fault.hint
    assert "hunter2" not in f"{fault} {fault.hint}"


def test_flag_given_twice(refuse, read):
    """Two different values for one thing are a fault; the same one twice is not."""
    (fault,) = refuse(flags={"target": ["a", "b"]})
    assert "2 times" in str(fault)
    assert read(flags={"target": ["a", "a"]}).target == "a"


def test_unknown_variable_is_a_warning(read):
    """An unknown variable is a warning with the nearest name, and no fault; an empty one is nothing."""
    (warning,) = read(env={"TAGBOAT_PLATFROMS": "x", "INPUT_NOTHING": ""}).warnings
    assert "TAGBOAT_PLATFROMS" in warning
    assert "TAGBOAT_PLATFORMS" in warning


@pytest.mark.parametrize("name", [*EMITTED_VARIABLES, "TAGBOAT_NOW"])
def test_names_that_are_no_inputs(read, name):
    """What we emit, and the clock, are neither inputs nor a reason to warn."""
    assert read(env={name: "x"}) == Request(command="run")


def test_variables_of_other_commands_are_not_read(read):
    """A variable that only another command takes is not even looked at."""
    assert read("tags", env={"INPUT_PLATFORMS": "nonsense", "INPUT_SECRETS": "A=1"}) == Request(command="tags")


@pytest.mark.parametrize("text", ["-1", "1.5", "now", "²", "9" * 20, "9" * 5000])
def test_source_date_epoch_of_the_wrong_form(refuse, text):
    """SOURCE_DATE_EPOCH is whole seconds up to the year 9999."""
    (fault,) = refuse(env={"SOURCE_DATE_EPOCH": text})
    assert "SOURCE_DATE_EPOCH" in str(fault)


@pytest.mark.parametrize(
    ("command", "env", "word"),
    [
        ("run", {"TAGBOAT_QUIET": "true", "TAGBOAT_VERBOSE": "true"}, "quiet"),
        ("run", {"TAGBOAT_OFFLINE": "true", "TAGBOAT_PUSH": "true"}, "offline"),
        ("run", {"TAGBOAT_EVENT": "push:main"}, "event"),
        ("run", {"TAGBOAT_PASSWORD": "x"}, "username"),
    ],
)
def test_impossible_combination(refuse, command, env, word):
    """Inputs that contradict each other are a fault that names them."""
    (fault,) = refuse(command, env=env)
    assert word in str(fault)
    assert fault.hint


@pytest.mark.parametrize(
    ("command", "env"),
    [
        ("plan", {"TAGBOAT_OFFLINE": "true", "TAGBOAT_PUSH": "true"}),
        ("run", {"TAGBOAT_OFFLINE": "true", "TAGBOAT_PUSH": "true", "TAGBOAT_UNTIL": "build"}),
        ("run", {"TAGBOAT_OFFLINE": "true", "TAGBOAT_PUSH": "true", "TAGBOAT_DRY_RUN": "true"}),
        ("run", {"TAGBOAT_EVENT": "push:main", "TAGBOAT_DRY_RUN": "true"}),
        ("plan", {"TAGBOAT_EVENT": "tag:v1"}),
    ],
)
def test_possible_combination(read, command, env):
    """What pushes nothing may be offline, and may act out another event."""
    assert read(command, env=env).command == command


def test_all_faults_at_once(refuse):
    """Faults of arguments, flags, variables, file and combinations are reported together."""
    faults = refuse(
        "run",
        ".",
        "surplus",
        flags={"platform": ["x"], "jobs": ["0"], "quiet": ["true"], "verbose": ["true"]},
        env={"INPUT_COMPRESSION": "no", "SOURCE_DATE_EPOCH": "x"},
        file="build_args = 1",
    )
    text = "\n".join(map(str, faults))
    words = ("surplus", "platform", "jobs", "quiet", "compression", "SOURCE_DATE_EPOCH", "tagboat.toml:1")
    assert all(word in text for word in words)
    assert len(faults) == len(words)


@pytest.mark.parametrize(("command", "words"), [("copy", "not built yet"), ("rnu", "no command")])
def test_command_that_is_not_there(read, command, words):
    """A command that is not built yet, or is none, is an input error."""
    with pytest.raises(InputError, match=words) as caught:
        read(command)
    assert caught.value.hint


def test_promote_takes_one_image(read, refuse):
    """`promote` takes a reference, by tag or digest, and the rules of its names."""
    request = read("promote", "q.io/app:staging", flags={"environment": ["production"], "tags": ["a", "b"]})
    assert [str(reference) for reference in request.references] == ["q.io/app:staging"]
    assert (request.tagging.environment, request.tagging.tags) == ("production", "a\nb")
    assert "one image" in str(refuse("promote")[0])
    assert "one image" in str(refuse("promote", "a:1", "b:1")[0])
    assert "Q.io/A" in str(refuse("promote", "Q.io/A:1")[0])


def test_what_becomes_of_an_image_that_exists(read):
    """`on-existing` fails unless it is told to keep."""
    assert read("run").on_existing is OnExisting.FAIL
    assert read("run", env={"INPUT_ON-EXISTING": "keep"}).on_existing is OnExisting.KEEP
