"""An unpacked image, run by runc as Docker or a Kubernetes with its strictest rules runs it."""

from __future__ import annotations

import json
import secrets
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fakes.containers import DOCKER_CAPABILITIES, MAKE_NODES, MASKED, MOUNTS, READ_ONLY
from fakes.seccomp import docker_filter

LONGEST_SECONDS = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What a container's process left."""

    code: int
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unpacked:
    """An image's root and configuration; `work` is an empty folder, `as_root` the words that make a program root's."""

    root: Path
    config: Mapping[str, object]
    work: Path
    as_root: Sequence[str] = ()

    def __call__(  # what `docker run` takes
        self,
        *words: object,
        stdin: str = "",
        user: int = 0,
        strict: bool = False,
        cwd: object = "/",
        volumes: Mapping[object, object] | None = None,
        tmpfs: Sequence[str] = (),
        code: int = 0,
        **env: object,
    ) -> Ended:
        """Run a command, else the image's own, in the machine's network; its exit code must be `code`.

        `volumes` are paths inside and here. `strict` takes all capabilities and makes the image's files read-only.
        """
        name = f"tagboat-image-{secrets.token_hex(4)}"
        bundle = self.work / name
        bundle.mkdir(parents=True)
        process = {
            "args": [*map(str, words)] or self.config["Cmd"],
            "cwd": str(cwd),
            "env": [*self.config["Env"], *(f"{key}={value}" for key, value in env.items())],
            "user": {"uid": user, "gid": 0 if strict else user},  # OpenShift's any number is of the group root
            "capabilities": _capabilities(user, strict),
            "noNewPrivileges": strict,
        }
        linux = {
            "namespaces": [{"type": kind} for kind in ("pid", "mount", "ipc", "uts")],
            "maskedPaths": MASKED,
            "readonlyPaths": READ_ONLY,
            "resources": {"devices": MAKE_NODES},
            "seccomp": docker_filter(DOCKER_CAPABILITIES),
        }
        document = {
            "ociVersion": "1.0.2",
            "root": {"path": str(self.root), "readonly": strict},
            "process": process,
            "mounts": _mounts(volumes or {}, tmpfs),
            "linux": linux,
        }
        (bundle / "config.json").write_text(json.dumps(document))
        runc = [*self.as_root, "runc", "--root", str(self.work / "state")]
        try:
            done = subprocess.run(
                [*runc, "run", "--bundle", str(bundle), name],
                input=stdin,
                capture_output=True,
                text=True,
                check=False,
                timeout=LONGEST_SECONDS,
            )
        except BaseException:
            subprocess.run([*runc, "delete", "--force", name], capture_output=True, check=False)
            raise
        assert done.returncode == code, f"{words}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr, done.stderr
        return Ended(code=done.returncode, stdout=done.stdout, stderr=done.stderr)


def _capabilities(user: int, strict: bool) -> dict[str, list[str]]:
    """Return what Docker gives: a user that is not root could only gain its capabilities."""
    if strict:
        return {}
    sets = ("bounding",) if user else ("bounding", "effective", "permitted")
    return dict.fromkeys(sets, sorted(DOCKER_CAPABILITIES))


def _mounts(volumes: Mapping[object, object], tmpfs: Sequence[str]) -> list[dict[str, object]]:
    keys = ("type", "source", "destination", "options")
    return [
        *(dict(zip(keys, mount, strict=True)) for mount in MOUNTS),
        *(
            dict(zip(keys, ("bind", str(here), str(inside), ["rbind", "rw"]), strict=True))
            for inside, here in volumes.items()
        ),
        *(dict(zip(keys, ("tmpfs", "tmpfs", place, ["mode=1777"]), strict=True)) for place in tmpfs),
    ]
