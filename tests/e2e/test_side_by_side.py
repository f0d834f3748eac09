"""Runs that share a machine, a work folder or an output do not disturb each other."""

from __future__ import annotations

import json

import pytest

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


@pytest.mark.parametrize("output", ["out", "out.tar"])
def test_builds_into_one_output_leave_one_whole_layout(output, tagboat, examples):
    """Builds into one output at once all succeed; the last one wins, what stays is whole, and nothing is beside it."""
    processes = [tagboat.start("build", examples / "hello", "--output", output) for _ in range(4)]
    said = [(*process.communicate(timeout=60), process.returncode) for process in processes]

    assert [code for _, _, code in said] == [0] * 4, said
    assert validate_layout(tagboat.cwd / output) == []
    assert [path.name for path in tagboat.cwd.iterdir()] == [output]
