"""One command from its arguments to its result."""

from __future__ import annotations

import io
import json

import pytest

from fakes.building import write_tree
from fakes.script import Fault
from tagboat.cli.arguments import read_arguments
from tagboat.cli.execute import execute
from tagboat.errors import FaultsError, TagboatError
from tagboat.layout.validate import validate_layout
from tagboat.report.console import open_console

PATH = {"PATH": "/usr/bin:/bin"}


@pytest.fixture
def place(tmp_path):
    """Return a working folder with a build context."""
    return write_tree(tmp_path, {"Dockerfile": "FROM scratch\nCOPY f /\nLABEL a=1\n", "f": "1"})


@pytest.fixture
def call(place):
    """Run a command in the folder; gives its exit code, stdout and stderr."""

    def run(*line: str, env: dict[str, str] | None = None) -> tuple[int, str, str]:
        stdout, stderr = io.StringIO(), io.StringIO()
        environ = {**PATH, "HOME": str(place), "RUNNER_TEMP": str(place / "temporary"), **(env or {})}
        console = open_console(environ, stderr, token=lambda: "word", now=lambda: 0.0)
        words = [word.replace("HERE", str(place)) for word in line]
        code = execute(read_arguments(words), environ, place, console, stdout)
        return code, stdout.getvalue(), stderr.getvalue()

    return run


@pytest.mark.parametrize(
    ("line", "keys"),
    [
        ("tags --context=HERE --images=q.io/a --tags=v1", {"version", "tags", "tag-names", "labels", "decisions"}),
        ("build HERE --output HERE/out", {"digest", "digests", "imageid", "layout", "metadata", "warnings"}),
        ("plan HERE --tags=v1", {"tags", "plan", "push", "context", "warnings"}),
        ("run HERE --dry-run --tags=v1", {"tags", "plan", "push", "context", "warnings"}),
        ("run HERE", {"digest", "pushed", "references"}),
        ("run HERE --until=context", {"system", "event", "ref"}),
        ("run HERE --until=tags", {"version", "tags", "decisions"}),
        ("run HERE --until=plan", {"platforms", "warnings"}),
        ("run HERE --until=build", {"digest", "pushed", "references"}),
        ("run HERE --until=upload", {"digest", "pushed", "references"}),
        ("run HERE --until=upload --dry-run", {"tags", "plan", "push"}),
        ("plan HERE --until=context", {"system", "event"}),
        ("plan HERE --until=release", {"tags", "plan", "push"}),
    ],
)
def test_json_is_one_document_on_stdout(call, line, keys):
    """With --json stdout holds exactly one JSON document: the command's, or that of the last step asked for."""
    code, stdout, _ = call(*line.split(), "--json")
    assert code == 0
    document = json.loads(stdout)
    assert keys <= document.keys(), sorted(document)


@pytest.mark.parametrize("line", ["tags --tags=v1", "build HERE --output HERE/out", "plan HERE", "run HERE"])
def test_people_get_text(call, line):
    """Without --json stdout holds text, and it is not empty."""
    _, stdout, _ = call(*line.split())
    assert stdout.strip()
    assert not stdout.startswith("{")


def test_a_build_leaves_its_layout_and_says_where(call, place):
    """The document names layout and digest of what lies there."""
    _, stdout, _ = call("build", "HERE", "--output", "HERE/out", "--tags=v1", "--labels=b=2", "--json")
    document = json.loads(stdout)
    assert validate_layout(place / "out") == []
    assert (document["layout"], document["tag-names"]) == (str(place / "out"), ["v1"])
    assert document["metadata"]["containerimage.digest"] == document["digest"]
    assert list((place / "temporary").iterdir()) == []


def test_each_warning_is_told_once(call):
    """A warning is a line on stderr and one entry of the document."""
    env = {"TAGBOAT_OUTPTU": "x"}
    _, stdout, stderr = call("build", "HERE", "--output=HERE/out", "--build-args=TYPO=1", "--json", env=env)
    warnings = json.loads(stdout)["warnings"]
    assert len(warnings) == len(set(warnings)) == 2
    assert all(stderr.count(warning) == 1 for warning in warnings)


def test_metadata_are_written_to_a_file(call, place):
    """`metadata-file` holds what the document's `metadata` holds."""
    line = ["build", "HERE", "--output=HERE/out", f"--metadata-file={place / 'meta.json'}", "--json"]
    _, stdout, _ = call(*line)
    assert json.loads((place / "meta.json").read_text()) == json.loads(stdout)["metadata"]


def test_a_step_of_github_has_its_outputs(call, place):
    """Inside a GitHub job the outputs file is written; a dry run writes none."""
    env = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_OUTPUT": str(place / "output"),
        "GITHUB_STEP_SUMMARY": str(place / "summary"),
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_REF": "refs/pull/7/merge",
        "GITHUB_SHA": "a" * 40,
    }
    (place / "output").touch()
    call("plan", "HERE", env=env)
    assert (place / "output").read_text() == ""
    call("run", "HERE", env=env)
    assert "digest<<" in (place / "output").read_text()


def test_a_job_of_gitlab_has_its_reports(call, place):
    """Inside a GitLab job later jobs and the merge request are told; a dry run tells nobody, a failure its line."""
    env = {
        "CI_SERVER_URL": "https://g",
        "CI_PROJECT_PATH": "a/b",
        "CI_COMMIT_BRANCH": "main",
        "CI_COMMIT_SHA": "a" * 40,
    }
    call("plan", "HERE", env=env)
    assert not (place / "tagboat.env").exists()
    call("run", "HERE", env=env)
    assert (place / "tagboat.env").read_text().startswith("TAGBOAT_DIGEST=sha256:")
    (place / "f").unlink()
    with pytest.raises(TagboatError):
        call("run", "HERE", env=env)
    assert (place / "tagboat.env").read_text() == ""
    (finding,) = json.loads((place / "tagboat-codequality.json").read_text())
    assert finding["location"] == {"path": "Dockerfile", "lines": {"begin": 2, "end": 2}}


def test_all_wrong_inputs_are_told_before_any_work(call, place):
    """An unknown flag names the nearest one, a bad value its input; both in one report, and nothing is made."""
    with pytest.raises(FaultsError) as caught:
        call("build", "HERE", "--outptu=HERE/out", "--compression=best", "--secrets=a=b")
    texts = [f"{fault} {fault.hint}" for fault in caught.value.faults]
    assert caught.value.exit_code == 2
    assert any("outptu" in text and "did you mean output?" in text for text in texts)
    assert any("compression" in text for text in texts)
    assert any("secrets" in text for text in texts)
    assert not (place / "temporary").exists()


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("bild HERE", 2),
        ("delete q.io/a:1", 2),
        ("build HERE", 2),
        ("build HERE/none --output=HERE/out", 2),
        ("build HERE --output=HERE/out --file=HERE/bad", 4),
        ("build HERE --output=HERE/out --target=none", 2),
        ("push HERE q.io/a:1", 6),
        ("push HERE/none q.io/a:1", 2),
        ("run HERE --push --tags=v1", 2),
        ("run HERE --offline --push --images=q.io/a --tags=v1", 2),
    ],
)
def test_each_kind_of_fault_has_its_exit_code(call, place, line, code):
    """The exit code says whose fault it is."""
    write_tree(place, {"bad": "FROM scratch\nCOPPY x\n"})
    with pytest.raises(TagboatError) as caught:
        call(*line.split())
    assert caught.value.exit_code == code
    assert caught.value.hint or isinstance(caught.value, FaultsError)


def test_a_name_that_fails_is_the_exit_code(call, place, fake):
    """When one of several names cannot be moved, the document tells of all and the exit code is that of the failure."""
    server = fake()
    server.faults.append(Fault(on="PUT .*/manifests/v2", status=403, body=b"{}", times=9))
    line = ["run", "HERE", "--push", f"--images={server.host}/app", "--tags=v1\nv2", "--json"]
    code, stdout, _ = call(*line, f"--insecure-registries={server.host}")
    outcomes = {name["reference"].rpartition(":")[2]: name["outcome"] for name in json.loads(stdout)["pushed"]}
    assert (code, outcomes) == (8, {"v1": "pushed", "v2": "failed"})
    assert set(server.tags) == {("app", "v1")}
