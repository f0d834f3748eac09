"""What a user can do wrong: each case has its exit code, names the thing, hints at the cure and leaves nothing."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

HELLO = {"app/Dockerfile": "FROM scratch\nCOPY hello /\n", "app/hello": "hello\n"}
BUILD = ("build", "app", "--output", "out")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A command line in a folder with these files; `says` are parts of the message."""

    code: int
    says: tuple[str, ...]
    words: tuple[str, ...] = BUILD
    files: dict[str, str] = field(default_factory=lambda: HELLO)
    env: dict[str, str] = field(default_factory=dict)


def dockerfile(text: str) -> dict[str, str]:
    """Return a build context with this Dockerfile."""
    return {"app/Dockerfile": text}


CASES = {
    "no Dockerfile": Case(code=2, says=("there is no Dockerfile in app", "--file"), files={"app/hello": ""}),
    "no such Dockerfile": Case(code=2, says=("there is no Dockerfile at Other",), words=(*BUILD, "--file", "Other")),
    "no such context": Case(code=2, says=("nowhere",), words=("build", "nowhere", "--output", "out")),
    "no output": Case(code=2, says=("output: `build` needs a place", "--output DIR"), words=("build", "app")),
    "syntax error": Case(
        code=4,
        says=(
            "unknown instruction: COPPY",
            "--> app/Dockerfile:2",
            "   2 | COPPY a /\n     | ^\n",
            "did you mean COPY?",
        ),
        files=dockerfile("FROM scratch\nCOPPY a /\n"),
    ),
    "missing source": Case(
        code=4,
        says=("COPY lost: not found", "--> app/Dockerfile:3", "   3 | COPY lost /", ".dockerignore"),
        files=dockerfile("FROM scratch\n\nCOPY lost /\n"),
    ),
    "two missing sources": Case(
        code=4,
        says=("--> app/Dockerfile:2", "--> app/Dockerfile:3", "2 errors"),
        files=dockerfile("FROM scratch\nCOPY one /\nCOPY two /\n"),
    ),
    "RUN": Case(
        code=4,
        says=("RUN --security=insecure", "sandbox", "--> app/Dockerfile:2"),
        files=dockerfile("FROM scratch\nRUN --security=insecure make\n"),
    ),
    "no such stage": Case(
        code=2,
        says=("target", "'final'"),
        words=(*BUILD, "--target", "final"),
        files=dockerfile("FROM scratch AS last\n"),
    ),
    "unknown flag": Case(
        code=2,
        says=("outptu: there is no such input", "did you mean output?"),
        words=("build", "app", "--outptu", "out"),
    ),
    "unknown command": Case(code=2, says=("'biuld' is no command", "did you mean build?"), words=("biuld", "app")),
    "two faults": Case(
        code=2,
        says=("platforms: 'linux'", "jobs: 'many'", "2 errors"),
        words=(*BUILD, "--platforms", "linux", "--jobs", "many"),
    ),
    "unknown key": Case(
        code=2,
        says=("platform", "did you mean platforms?"),
        files={**HELLO, "app/tagboat.toml": 'platform = "linux/amd64"\n'},
    ),
    "password as a flag": Case(
        code=2,
        says=("password: there is no such flag", "TAGBOAT_PASSWORD"),
        words=("run", "app", "--password", "s3cret"),
    ),
    "context: git": Case(
        code=2, says=("context: 'git' is metadata-action's word", "./git"), words=("run",), env={"INPUT_CONTEXT": "git"}
    ),
    "not built yet": Case(code=2, says=("load: ", "not built yet"), words=(*BUILD, "--load")),
    "other things at the output": Case(
        code=2,
        says=("output: full holds something that is not an image layout",),
        words=("build", "app", "--output", "full"),
    ),
    "upper case in a name": Case(
        code=2, says=("must be lower-case", "write ghcr.io/me/app:1"), words=("push", "layout", "ghcr.io/Me/App:1")
    ),
    "illegal tag": Case(code=2, says=("'.1' is not a legal tag", "128"), words=("push", "layout", "ghcr.io/me/app:.1")),
    "push without a tag": Case(
        code=2, says=("ghcr.io/me/app names no tag",), words=("push", "layout", "ghcr.io/me/app")
    ),
    "push of nothing": Case(code=2, says=("nowhere",), words=("push", "nowhere", "ghcr.io/me/app:1")),
    "push of no layout": Case(code=6, says=("full is no image layout",), words=("push", "full", "ghcr.io/me/app:1")),
    "run without a tag": Case(
        code=2,
        says=("no rule gives a tag", "type=semver"),
        words=("run", "app", "--push", "--images", "ghcr.io/me/app", "--tags", "type=semver,pattern={{version}}"),
    ),
    "run without an image": Case(
        code=2, says=("no image is named",), words=("run", "app", "--push", "--tags", "type=raw,value=1")
    ),
    "unknown rule": Case(
        code=2, says=("semvre", "did you mean type=semver"), words=("tags", "--tags", "type=semvre,pattern={{version}}")
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_each_fault_is_named_with_its_cure(case, tagboat, write):
    """A wrong input ends with its exit code and a hint, prints nothing on stdout, and leaves no file."""
    write(tagboat.cwd, {**case.files, "full/letter": "keep me\n"})
    before = sorted(tagboat.cwd.rglob("*"))
    done = tagboat(*case.words, code=case.code, **case.env)

    assert [part for part in case.says if part not in done.stderr] == [], done.stderr
    assert "hint: " in done.stderr
    assert done.stdout == ""
    assert "s3cret" not in done.stderr
    assert sorted(tagboat.cwd.rglob("*")) == before
    assert list(Path(tagboat.env["TMPDIR"]).iterdir()) == []


@pytest.fixture
def layout(tagboat, examples) -> str:
    """Build something to push."""
    tagboat("build", examples / "hello", "--platforms", "linux/amd64", "--output", "layout")
    return "layout"


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("wrong", "does not take this password"),
        ("", "is empty"),
        ("$REGISTRY_PASSWORD", "the text of a variable that was not filled in"),
        ("${{ secrets.PASSWORD }}", "the text of a variable that was not filled in"),
    ],
    ids=["wrong", "empty", "variable", "expression"],
)
def test_credentials_that_cannot_work(password, says, tagboat, layout, tls_registry, tags_of):
    """A wrong password, an empty one and a variable that nobody filled in are exit 7, and their cause is named."""
    image = f"{tls_registry.host}/refused/app"
    who = {"INPUT_REGISTRY": tls_registry.host, "INPUT_USERNAME": tls_registry.username, "INPUT_PASSWORD": password}
    done = tagboat("push", layout, f"{image}:1", "--ca-file", tls_registry.ca_file, code=7, **who)

    assert says in done.stderr
    assert "hint: " in done.stderr
    assert done.stdout == ""
    assert tags_of(image) == {}


def test_no_credentials(tagboat, layout, tls_registry):
    """Where a registry wants credentials and there are none, exit 7 says where they could come from."""
    done = tagboat("push", layout, f"{tls_registry.host}/a/b:1", "--ca-file", tls_registry.ca_file, code=7)

    assert tls_registry.host in done.stderr
    assert "hint: " in done.stderr


def test_an_unknown_authority(tagboat, layout, tls_registry):
    """A certificate of an authority that nobody knows is exit 10, at once, and names ca-file."""
    done = tagboat("push", layout, f"{tls_registry.host}/a/b:1", code=10)

    assert "the certificate is not trusted" in done.stderr
    assert "ca-file" in done.stderr


def test_a_registry_that_is_not_there(tagboat, layout):
    """Refused connections are exit 10, after no more than some seconds."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        started = time.monotonic()
        done = tagboat("push", layout, f"127.0.0.1:{unused.getsockname()[1]}/a/b:1", code=10)

    assert "refuses connections" in done.stderr
    assert "hint: check that the registry runs" in done.stderr
    assert time.monotonic() - started < 15
