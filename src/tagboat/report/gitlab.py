"""The files that a GitLab job hands on as reports: variables, links and findings."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from tagboat.errors import MachineError, TagboatError
from tagboat.flow.outputs import Outputs
from tagboat.report.code_quality import code_quality
from tagboat.report.escaping import visible
from tagboat.report.gitlab_links import job_links

DOTENV = "tagboat.env"
ANNOTATIONS = "tagboat-annotations.json"
CODE_QUALITY = "tagboat-codequality.json"
_DOTENV_BYTES = 5 * 1024 - 1  # GitLab refuses a file of 5 KiB and more, and fails the job


def write_gitlab_files(
    outputs: Outputs, environ: Mapping[str, str], folder: Path, *, error: TagboatError | None = None
) -> None:
    """Write the three reports into the job's project folder, each complete under its name or not at all.

    `folder` is the working folder, from which places in files are told. A run that found nothing writes its reports
    too, so that none of an earlier command of the job is taken for its own. Raises `MachineError`.
    """
    project = _project(environ, folder)
    findings = code_quality(outputs.findings, error, folder=folder, project=project)
    _write(project / DOTENV, dotenv(outputs))
    _write(project / ANNOTATIONS, _json({"Tagboat": job_links(outputs, environ)}))
    _write(project / CODE_QUALITY, _json(findings))


def _project(environ: Mapping[str, str], folder: Path) -> Path:
    """Return the folder that paths of artifacts start from; gitlab-ci-local names one that is not there."""
    named = Path(environ.get("CI_PROJECT_DIR") or folder)
    return named if named.is_dir() else folder


def dotenv(outputs: Outputs) -> str:
    """Return the variables for later jobs, one a line, under 5 KiB; what is not known is left out.

    Tag names have spaces between them, and end with the last one that fits.
    """
    document = outputs.to_json()
    values = {
        "TAGBOAT_DIGEST": document["digest"],
        "TAGBOAT_VERSION": document["version"],
        "TAGBOAT_REFERENCE": next(iter(document["references"]), ""),
        "TAGBOAT_IMAGE_ID": document["imageid"],
    }
    text = "".join(f"{name}={visible(value)}\n" for name, value in values.items() if value)
    names = _within(document["tag-names"], _DOTENV_BYTES - len(text.encode()) - len("TAGBOAT_TAG_NAMES=\n"))
    return text + (f"TAGBOAT_TAG_NAMES={names}\n" if names else "")


def _within(names: list[str], limit: int) -> str:
    """Return as many names as fit into so many bytes."""
    while names and len(" ".join(names)) > limit:
        names = names[:-1]
    return " ".join(names)


def _json(document: object) -> str:
    return json.dumps(document, indent=2) + "\n"


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_text(text, encoding="utf-8")
        temporary.replace(path)
    except OSError as error:
        raise MachineError(
            f"cannot write {path}: {error.strerror}", "see that the runner's disk is not full"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
