"""`tagboat migrate`: what goes to stdout, to stderr and into the file."""

from __future__ import annotations

import io
import json

import pytest

from tagboat.cli.arguments import read_arguments
from tagboat.cli.execute import execute
from tagboat.errors import InputError
from tagboat.report.console import open_console

WORKFLOW = """\
on: push
jobs:
  image:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: docker/setup-buildx-action@v3
      - uses: docker/build-push-action@v6
        with:
          context: .
          tags: me/app:1
  other:
    runs-on: ubuntu-latest
    steps:
      - uses: docker/bake-action@v5
"""


@pytest.fixture
def file(tmp_path):
    """Write a workflow of two jobs, one of which cannot be converted."""
    path = tmp_path / "ci.yml"
    path.write_text(WORKFLOW)
    path.chmod(0o640)
    return path


@pytest.fixture
def call(file):
    """Run the command outside of CI and of any checkout; gives exit code, stdout and stderr."""

    def run(*words):
        stdout, stderr = io.StringIO(), io.StringIO()
        environ = {
            "PATH": "/usr/bin:/bin",
            "HOME": str(file.parent),
            "GIT_CEILING_DIRECTORIES": str(file.parent.parent),
        }
        console = open_console(environ, stderr, token=lambda: "word", now=lambda: 0.0)
        code = execute(read_arguments(["migrate", *words]), environ, file.parent, console, stdout)
        return code, stdout.getvalue(), stderr.getvalue()

    return run


def test_the_new_workflow_is_printed(call, file):
    """Without more the new workflow goes to stdout and the report to stderr; the file stays."""
    code, stdout, stderr = call(str(file))
    assert code == 0
    assert "uses: tagboat/tagboat@v1" in stdout
    assert "Job image: converted" in stderr
    assert "me/app:1" in stderr
    assert file.read_text() == WORKFLOW


def test_a_job_that_stays_is_a_warning(call, file):
    """A job that is left as it is does not fail the command, but is warned of with its reason."""
    code, _, stderr = call(str(file), "--quiet")
    assert code == 0
    assert "warning: the job other is left as it is: docker/bake-action" in stderr


def test_write_changes_the_file(call, file):
    """With --write the file is what would have been printed, its mode stays, and stdout is empty."""
    printed = call(str(file))[1]
    _, stdout, _ = call(str(file), "--write")
    assert (file.read_text(), stdout) == (printed, "")
    assert file.stat().st_mode & 0o777 == 0o640


def test_json_is_one_document(call, file):
    """With --json stdout is one document: the workflow, the jobs, each step, input and event."""
    document = json.loads(call(str(file), "--json")[1])
    assert (document["converted"], document["left"]) == (["image"], ["other"])
    assert document["workflow"] == call(str(file))[1]
    image, other = document["jobs"]
    assert {"event", "verdict", "old", "new", "triggers", "assumed"} <= image["events"][0].keys()
    assert {"input": "context", "fate": "same", "reason": ""} in image["steps"][1]["inputs"]
    assert other["obstacles"]


@pytest.mark.parametrize("words", [(), ("missing.yml",), ("a", "b"), (".",)], ids=["none", "missing", "two", "folder"])
def test_one_workflow_is_named(call, words):
    """Anything but one file that exists is an input error."""
    with pytest.raises(InputError, match="migrate: "):
        call(*words)


def test_what_is_no_text_is_refused(call, file):
    """A file that is no UTF-8 is an input error."""
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="is no text"):
        call(str(file))


def test_nothing_to_migrate_is_said(call, file):
    """A workflow without docker's actions comes out as it went in, with a warning."""
    file.write_text("on: push\njobs: {}\n")
    _, stdout, stderr = call(str(file))
    assert stdout == "on: push\njobs: {}\n"
    assert "nothing to migrate" in stderr
