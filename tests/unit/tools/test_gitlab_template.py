"""The GitLab component: what it takes, what it passes on, and what its script does in images of all sorts."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tagboat.flow.inputs import INPUTS, Kind
from tagboat.report import gitlab
from tagboat.tools.gitlab_template import render_template, template_inputs

JOB_INPUTS = ["job-name", "stage", "image", "runner-tags", "rules", "tool"]


@pytest.fixture(scope="module")
def documents():
    """Return the header and the jobs of the component."""
    header, jobs = YAML(typ="safe", pure=True).load_all(render_template("make it"))
    return header["spec"]["inputs"], jobs


@pytest.fixture(scope="module")
def job(documents):
    """Return the one job."""
    (made,) = documents[1].values()
    return made


@pytest.fixture
def image(tmp_path, job):
    """Run the job's script in an image with these programs, each a few lines of shell, and nothing else."""

    def run(**programs: str) -> tuple[int, list[str], str]:
        folder, temporary, log = tmp_path / "bin", tmp_path / "temporary", tmp_path / "log"
        for made in (folder, temporary):
            made.mkdir()
        for name in ("mktemp", "rm", "sed", "mkdir", "chmod", "cat"):
            (folder / name).symlink_to(f"/bin/{name}")
        for name, text in programs.items():
            path = folder / name.replace("_", "-")
            path.write_text(f'#!/bin/sh\necho "{path.name} $*" >>"$LOG"\n{text}\n')
            path.chmod(0o755)
        env = {"PATH": str(folder), "TMPDIR": str(temporary), "LOG": str(log), "COMPONENT_TOOL": "tagboat ==1"}
        (script,) = job["script"]
        done = subprocess.run(["/bin/sh", "-ec", script], env=env, capture_output=True, text=True, check=False)
        assert list(temporary.iterdir()) == []
        calls = log.read_text().replace(str(temporary), "TMP").splitlines() if log.exists() else []
        return done.returncode, calls, done.stderr

    return run


# A python3 whose venv has a tagboat that says what it was called with, and ends with 7.
PYTHON = r"""
if [ "$2" = venv ]; then
    mkdir "$4/bin"
    printf '#!/bin/sh\necho "tagboat $*" >>"$LOG"\nexit 7\n' >"$4/bin/tagboat"
    chmod 755 "$4/bin/tagboat"
fi
"""
NO_PIP = 'if [ "$3" = --version ]; then exit 1; fi' + PYTHON


def test_every_input_of_use_is_taken(documents):
    """The component takes what a job needs and every input of `run` that has an effect; nothing else."""
    wanted = [
        entry.name
        for entry in INPUTS
        if "run" in entry.commands and entry.built and not entry.unneeded and not entry.flag_only
    ]
    assert list(documents[0]) == [*JOB_INPUTS, *wanted]


def test_inputs_are_texts_that_may_be_absent(documents):
    """No input of Tagboat has a default, so that an empty value is an absent one; each is a text."""
    inputs = documents[0]
    assert {name for name, spec in inputs.items() if spec.get("type") == "array"} == {"runner-tags", "rules"}
    assert {spec.get("type") for spec in inputs.values()} == {None, "array"}
    assert {inputs[entry.name]["default"] for entry in template_inputs()} == {""}


def test_choices_are_checked_by_gitlab(documents):
    """A value that is none of an input's choices ends before any job is made; leaving it out is always allowed."""
    inputs = documents[0]
    for entry in template_inputs():
        expected = {Kind.CHOICE: ["", *entry.choices], Kind.BOOLEAN: ["", "true", "false"]}.get(entry.kind)
        assert inputs[entry.name].get("options") == expected


def test_every_input_reaches_the_command(job):
    """Each input is a variable that the command reads before the user's own TAGBOAT_ variable of that name."""
    variables = dict(job["variables"])
    assert variables.pop("COMPONENT_TOOL") == "$[[ inputs.tool ]]"
    assert len(variables) == len(template_inputs())
    for entry in template_inputs():
        (name,) = [name for name, value in variables.items() if value == f"$[[ inputs.{entry.name} ]]"]
        assert name in entry.variables
        assert name.startswith("INPUT_")


def test_secrets_are_passed_by_name(documents):
    """The description of a secret input says to write a variable's name."""
    assert all("$NAME" in documents[0][entry.name]["description"] for entry in template_inputs() if entry.secret)


def test_reports_are_the_files_that_are_written(job):
    """The job hands on what the command writes."""
    assert job["artifacts"]["reports"] == {
        "dotenv": gitlab.DOTENV,
        "annotations": gitlab.ANNOTATIONS,
        "codequality": gitlab.CODE_QUALITY,
    }


def test_the_job_is_valid_for_gitlab(documents, tmp_path):
    """With its defaults filled in, the component fits GitLab's own schema."""
    inputs, jobs = documents

    def filled(value):
        match value:
            case dict():
                return {filled(key): filled(entry) for key, entry in value.items()}
            case list():
                return [filled(entry) for entry in value]
            case str() if value.startswith("$[[ inputs."):
                return inputs[value.removeprefix("$[[ inputs.").removesuffix(" ]]")]["default"]
            case _:
                return value

    path = tmp_path / "gitlab-ci.json"
    path.write_text(json.dumps(filled(jobs)))
    check = Path(sys.executable).parent / "check-jsonschema"
    subprocess.run([check, "--builtin-schema", "vendor.gitlab-ci", path], check=True, stdout=subprocess.DEVNULL)


def test_an_image_with_python_and_git_needs_nothing_more(image):
    """The tool is installed into an environment of its own, run, and removed; its exit code is the job's."""
    code, calls, _ = image(python3=PYTHON, git="")
    folder = calls[1].split()[-1]
    assert code == 7
    assert calls == [
        "python3 -m pip --version",
        f"python3 -m venv --without-pip {folder}",
        f"python3 -m pip --python {folder}/bin/python install --quiet --disable-pip-version-check tagboat ==1",
        "tagboat run",
    ]


@pytest.mark.parametrize(
    ("manager", "calls"),
    [
        ("apt-get", ["apt-get update -qq", "apt-get install -qq -y --no-install-recommends git python3-pip"]),
        ("apk", ["apk add --quiet git py3-pip"]),
        ("microdnf", ["microdnf install -y git python3-pip"]),
        ("dnf", ["dnf install -q -y git python3-pip"]),
    ],
)
def test_what_an_image_lacks_is_installed_by_its_own_means(image, manager, calls):
    """Git and pip come from the image's package manager."""
    code, called, _ = image(python3=NO_PIP, **{manager.replace("-", "_"): ""})
    assert code == 7
    assert called[1 : 1 + len(calls)] == calls


@pytest.mark.parametrize("programs", [{}, {"apt_get": "exit 100"}], ids=["no package manager", "not allowed"])
def test_an_image_that_cannot_be_helped_says_so(image, programs):
    """Where nothing can be installed, the job fails with the words that help, and nothing is run."""
    code, called, said = image(python3=PYTHON, **programs)
    assert code == 11
    assert "choose an image that has python3, pip and git" in said
    assert "tagboat run" not in called
