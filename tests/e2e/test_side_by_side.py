"""Runs that share a machine, a work folder or an output do not disturb each other."""

from __future__ import annotations

import json

from tagboat.layout.validate import validate_layout


def test_runs_share_a_work_folder(tagboat, write, plain_registry):
    """Many runs at once in one work folder push each its own image, and leave the folder empty."""
    processes = {}
    for number in range(6):
        name = f"{plain_registry.host}/side-by-side/app{number}"
        folder = write(
            tagboat.cwd / f"app{number}", {"Dockerfile": "FROM scratch\nCOPY number /\n", "number": str(number)}
        )
        words = ["--images", name, "--tags", "type=raw,value=1", "--push", "--work-dir", "shared", "--json"]
        processes[name] = tagboat.start("run", folder, *words)
    documents = {}
    for name, process in processes.items():
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, err
        documents[name] = json.loads(out)

    assert {document["pushed"][0]["reference"] for document in documents.values()} == {
        f"{name}:1" for name in processes
    }
    assert len({document["digest"] for document in documents.values()}) == 6
    assert list((tagboat.cwd / "shared").iterdir()) == []


def test_builds_into_one_output_leave_one_whole_layout(tagboat, examples):
    """Of builds into one output at once, some may be told that another was there first; what stays is whole."""
    processes = [tagboat.start("build", examples / "hello", "--output", "out") for _ in range(4)]
    said = [(*process.communicate(timeout=60), process.returncode) for process in processes]

    assert 0 in [code for _, _, code in said], said
    assert "Traceback" not in "".join(err for _, err, _ in said)
    assert validate_layout(tagboat.cwd / "out") == []
