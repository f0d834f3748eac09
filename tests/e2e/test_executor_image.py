"""Tagboat's own image: gathered, built by Tagboat, and run as the jobs of GitLab, GitHub and Kubernetes run it."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from fakes.containers import PROGRAMS
from fakes.seccomp import PROFILE
from fakes.servers import missing_programs
from fakes.unpacked import Unpacked

ROOT = Path(__file__).parents[2]
ARCHITECTURES = {"amd64": "x86_64", "arm64": "aarch64"}
LARGEST_BYTES = 45_000_000
ANYBODY = 12345

# As gitlab-runner detects the shell of a job's image (shells/bash.go); the script itself comes on stdin.
SHELLS = [f"{folder}/{name}" for name in ("bash", "sh") for folder in ("/usr/local/bin", "/usr/bin", "/bin")]
DETECT_SHELL = "if false; then :\n" + "".join(
    f"elif [ -x {shell} ]; then\n\texec {shell} $@\n" for shell in (*SHELLS, "/busybox/sh")
) + "else\n\techo shell not found\n\texit 1\nfi\n\n"  # fmt: skip

# What each of Python's own and the libraries' compiled modules must do: load.
LOAD_ALL = """
import importlib, os, sys
for name in sorted(os.listdir(sys.argv[1])):
    importlib.import_module(name.partition(".")[0])
import backports.zstd, git, httpx, jinja2, markupsafe._speedups, pydantic_core, ssl, zlib_ng.zlib_ng
print(ssl.create_default_context(cafile=sys.argv[2]).cert_store_stats()["x509_ca"] > 100)
"""

pytestmark = pytest.mark.slow


def gather(images: Path, output: Path, environ, umask: int = 0o022) -> None:
    """Gather the image's files; skip where there is no network and the user's cache does not hold them."""
    done = subprocess.run(
        [sys.executable, images / "executor" / "gather.py", "--output", output],
        env=environ,
        umask=umask,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    if done.returncode == 11:
        pytest.skip(f"the image cannot be gathered: {done.stderr}")
    assert done.returncode == 0, done.stderr


def tree(folder: Path) -> dict[str, object]:
    """Return all that a layer made of a folder would hold."""
    return {
        str(path.relative_to(folder)): (
            str(path.readlink()) if path.is_symlink() else path.read_bytes() if path.is_file() else "",
            path.lstat().st_mode,
        )
        for path in folder.rglob("*")
    }


@pytest.fixture(scope="module")
def checkout(tmp_path_factory) -> Path:
    """Return a copy of what the image is made from, with the image's files gathered in it."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("src", "images"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("out", "__pycache__"))
    for name in ("requirements.lock", "LICENSE"):
        shutil.copy(ROOT / name, folder)
    gather(folder / "images", folder / "images" / "executor" / "out", os.environ)
    return folder


@pytest.fixture(scope="module")
def build(checkout, program, tmp_path_factory):
    """Build the image by Tagboat, as a release does: `build(platforms, tag)` returns the layout."""
    python = program(sys.executable)
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src")}

    def make(platforms: str, *words: str) -> Path:
        layout = tmp_path_factory.mktemp("layout")
        context = checkout / "images" / "executor"
        python("-m", "tagboat", "build", context, "--platforms", platforms, "--output", layout, *words, env=env)
        return layout

    return make


@pytest.fixture(scope="module")
def layout(build) -> Path:
    """Return the image for both platforms."""
    return build("linux/amd64,linux/arm64")


@pytest.fixture(scope="module")
def native(build) -> Path:
    """Return the image for this machine alone; its name in the layout is `own`."""
    here = next(name for name, machine in ARCHITECTURES.items() if machine == platform.machine())
    return build(f"linux/{here}", "--tags", "executor:own")


@pytest.fixture(scope="module")
def image(native, skopeo, as_root, tmp_path_factory) -> Unpacked:
    """Return this machine's image, unpacked by umoci."""
    if missing := missing_programs(*PROGRAMS, "umoci") or ("" if PROFILE.exists() else str(PROFILE)):
        pytest.skip(f"not installed: {missing}")
    bundle = tmp_path_factory.mktemp("bundle") / "image"
    subprocess.run([*as_root, "umoci", "unpack", "--image", f"{native}:own", bundle], check=True)
    config = json.loads(skopeo("inspect", "--config", f"oci:{native}:own"))["config"]
    return Unpacked(root=bundle / "rootfs", config=config, work=tmp_path_factory.mktemp("containers"), as_root=as_root)


@pytest.fixture
def shared(tmp_path) -> Path:
    """Return a folder that any user of a container may write to."""
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o777)
    return folder


def test_two_gatherings_give_the_same_files(checkout, tmp_path):
    """Gathered elsewhere, by somebody with another umask, order of sets and time zone, the files are the same."""
    environ = {**os.environ, "PYTHONHASHSEED": "7", "TZ": "Asia/Tokyo"}
    gather(checkout / "images", tmp_path / "again", environ, umask=0o077)
    first, again = tree(checkout / "images" / "executor" / "out"), tree(tmp_path / "again")

    assert [path for path in first | again if first.get(path) != again.get(path)] == []


def test_the_image_is_small(layout, skopeo):
    """For each platform the layers weigh less than 45 MB, and there is one compressed layer for each rate of change."""
    for entry in json.loads((layout / "index.json").read_bytes())["manifests"]:
        index = json.loads((layout / "blobs" / "sha256" / entry["digest"].partition(":")[2]).read_bytes())
        for child in index["manifests"]:
            manifest = json.loads((layout / "blobs" / "sha256" / child["digest"].partition(":")[2]).read_bytes())
            assert len(manifest["layers"]) == 3
            assert sum(layer["size"] for layer in manifest["layers"]) < LARGEST_BYTES


def test_everything_of_ours_lies_in_one_folder(checkout, layout):
    """Beside /tagboat the image holds one link into it, and no link in it leads out of it."""
    for architecture in ARCHITECTURES:
        parts = checkout / "images" / "executor" / "out" / architecture
        tops = {path.name: path for layer in parts.iterdir() for path in layer.iterdir()}
        goals = [
            link.parent / link.readlink()
            for home in parts.glob("*/tagboat")
            for link in home.rglob("*")
            if link.is_symlink()
        ]

        assert set(tops) == {"tagboat", "busybox"}
        assert str(tops["busybox"].readlink()) == "tagboat/busybox"
        assert [
            goal for goal in goals if "tagboat" not in Path(os.path.normpath(goal)).relative_to(parts).parts[:2]
        ] == []


def test_a_command_runs_as_docker_runs_it(image):
    """`docker run IMAGE tagboat --version` and `git --version` work as root, and as any number without any rights."""
    strict = {"user": ANYBODY, "strict": True, "tmpfs": ["/tagboat/tmp"]}

    for how in ({}, {"user": ANYBODY}, strict):
        assert re.fullmatch(r"tagboat \d+\.\d+\.\d+\S*\n", image("tagboat", "--version", **how).stdout)
        assert image("git", "--version", **how).stdout.startswith("git version 2.")


def test_every_compiled_module_loads(image, shared):
    """Python's compiled modules and the libraries' find what they link to, also where a job names other libraries."""
    modules = "/tagboat/lib/python3.13/lib-dynload"
    for library in (image.root / "tagboat" / "lib").glob("*.so*"):
        (shared / library.name).write_text("not a library")
    how = {"volumes": {"/shared": shared}, "LD_LIBRARY_PATH": "/shared"}

    assert image("python3", "-c", LOAD_ALL, modules, "/tagboat/etc/ca-certificates.crt", **how).stdout == "True\n"


def test_names_of_hosts_are_resolved(image, shared):
    """The image has no settings for the resolver, and needs none: what the engine writes into /etc/hosts counts."""
    (shared / "hosts").write_text("192.0.2.7 registry.test\n")
    ask = "import socket; print(socket.gethostbyname('registry.test'))"

    assert image("python3", "-c", ask, volumes={"/etc/hosts": shared / "hosts"}).stdout == "192.0.2.7\n"


def test_the_other_processors_image_starts(checkout):
    """Under emulation the other architecture's Tagboat says its version and loads all of its compiled modules."""
    name, machine = next((n, m) for n, m in ARCHITECTURES.items() if m != platform.machine())
    qemu = shutil.which(f"qemu-{machine}-static") or shutil.which(f"qemu-{machine}")
    if qemu is None:
        pytest.skip(f"qemu-{machine} is not installed")
    layers = [checkout / "images" / "executor" / "out" / name / layer for layer in ("system", "libraries", "program")]
    home, libraries, program = (layer / "tagboat" for layer in layers)
    modules = home / "lib" / "python3.13" / "lib-dynload"
    path = os.pathsep.join(str(place / "lib" / "python3" / "dist-packages") for place in (libraries, program))
    python = [qemu, "-L", layers[0], home / "bin" / "python3.13"]
    options = {"env": {"PATH": "/nowhere", "PYTHONPATH": path, "GIT_PYTHON_REFRESH": "quiet"}, "text": True}
    certificates = libraries / "lib" / "python3" / "dist-packages" / "certifi" / "cacert.pem"
    said = subprocess.run([*python, "-m", "tagboat", "--version"], check=True, stdout=subprocess.PIPE, **options)
    loaded = subprocess.run(
        [*python, "-c", LOAD_ALL, modules, certificates], check=True, stdout=subprocess.PIPE, **options
    )

    assert said.stdout.startswith("tagboat ")
    assert loaded.stdout == "True\n"


@pytest.mark.parametrize("strict", [False, True], ids=["root", "anybody, nothing writable"])
def test_a_layout_is_what_it_would_be_outside(strict, image, tagboat, examples, shared):
    """`tagboat build` in the image, as root or as any number with read-only files, gives the digest of a checkout's."""
    how = {"user": ANYBODY, "strict": True, "tmpfs": ["/tagboat/tmp"]} if strict else {}
    volumes = {"/context": examples / "hello", "/shared": shared}
    inside = image(
        "tagboat", "build", "/context", "--output", "/shared/out", "--json", volumes=volumes, SOURCE_DATE_EPOCH=0, **how
    )
    outside = tagboat("build", examples / "hello", "--output", "out", "--json", SOURCE_DATE_EPOCH=0)

    assert json.loads(inside.stdout)["digest"] == outside.json["digest"]
    assert (shared / "out" / "index.json").exists()


def test_run_works_in_it(image, native, shared, write):
    """A Dockerfile with RUN is built in a container of it as Docker makes one: its own Python is the worker."""
    write(shared, {"Dockerfile": 'FROM base\nRUN ["/tagboat/bin/busybox", "sh", "-c", "echo made > /made"]\n'})
    words = (
        "--executor",
        "chroot",
        "--build-contexts",
        "base=oci-layout:///base:own",
        "--output",
        "/shared/out",
        "--json",
    )
    done = image("tagboat", "build", "/shared", *words, volumes={"/shared": shared, "/base": native})

    assert json.loads(done.stdout)["digest"].startswith("sha256:")


def test_gitlabs_runner_finds_a_shell(image, shared, commit, plain_registry, skopeo):
    """The runner's way, `sh` by its name and the script on its stdin, pushes a commit of another user's checkout."""
    revision = commit(shared / "app", {"Dockerfile": "FROM scratch\nCOPY hello /\n", "hello": "hello\n"})
    name = f"{plain_registry.host}/gitlab/app"
    command = f"tagboat run --images {name} --tags type=sha --push"
    script = f"set -eo pipefail\ncd /builds/app\n{command} | tee log | grep digest\n"
    variables = {
        "GITLAB_CI": "true",
        "CI_COMMIT_SHA": revision,
        "CI_COMMIT_BRANCH": "main",
        "CI_COMMIT_REF_NAME": "main",
        "CI_DEFAULT_BRANCH": "main",
        "CI_PIPELINE_SOURCE": "push",
        "CI_PROJECT_DIR": "/builds/app",
        "CI_PROJECT_PATH": "gitlab/app",
        "CI_SERVER_URL": "https://gitlab.example.com",
    }
    for path in [shared / "app", *(shared / "app").rglob("*")]:
        os.chown(path, ANYBODY, ANYBODY)
    image("sh", "-c", DETECT_SHELL, stdin=script, volumes={"/builds": shared}, **variables)

    assert json.loads(skopeo("inspect", "--tls-verify=false", f"docker://{name}:sha-{revision[:7]}"))["Architecture"]
    assert "TAGBOAT_DIGEST=sha256:" in (shared / "app" / "tagboat.env").read_text()


def test_the_gitlab_component_installs_nothing_in_it(image, shared):
    """With an empty `tool` the component's script runs the image's own Tagboat, which looks for a Dockerfile."""
    template = (ROOT / "templates" / "tagboat.yml").read_text()
    script = textwrap.dedent(template.partition("  script:\n    - |\n")[2].partition("  artifacts:\n")[0])
    done = image(
        "sh", "-c", DETECT_SHELL, stdin=script, cwd="/shared", volumes={"/shared": shared}, COMPONENT_TOOL="", code=2
    )

    assert "there is no Dockerfile" in done.stderr


def test_kubernetes_runner_finds_a_shell(image, shared):
    """GitLab's other way, scripts in files without a first line for the kernel, works for any number with no rights."""
    (shared / "detect_shell_script").write_text(DETECT_SHELL)
    (shared / "step_script").write_text("set -eo pipefail\ntagboat --version\nmktemp -d >/dev/null\nexit 7\n")
    for script in shared.iterdir():
        script.chmod(0o755)
    command = '(/shared/detect_shell_script /shared/step_script 2>&1; echo "ended $?") | tee -a /shared/output.log'
    strict = {"user": ANYBODY, "strict": True, "tmpfs": ["/tagboat/tmp"]}
    done = image("sh", "-c", command, volumes={"/shared": shared}, **strict)

    assert re.fullmatch(r"tagboat \S+\nended 7\n", done.stdout)
    assert (shared / "output.log").read_text() == done.stdout


def test_a_step_of_github_pushes(image, shared, commit, plain_registry, skopeo):
    """`uses: docker://IMAGE` starts the image's own command with the step's inputs and GitHub's places: it pushes."""
    revision = commit(shared / "app", {"Dockerfile": "FROM scratch\nCOPY hello /\n", "hello": "hello\n"})
    for path in [shared / "app", *(shared / "app").rglob("*")]:
        os.chown(path, ANYBODY, ANYBODY)
    (shared / "event.json").write_text('{"ref": "refs/heads/main"}')
    (shared / "home").mkdir()
    name = f"{plain_registry.host}/github/app"
    variables = {
        "INPUT_IMAGES": name,
        "INPUT_TAGS": "type=ref,event=branch",
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "push",
        "GITHUB_EVENT_PATH": "/github/workflow/event.json",
        "GITHUB_OUTPUT": "/github/workflow/output",
        "GITHUB_REF": "refs/heads/main",
        "GITHUB_REF_NAME": "main",
        "GITHUB_REF_TYPE": "branch",
        "GITHUB_REPOSITORY": "github/app",
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_SHA": revision,
        "GITHUB_WORKSPACE": "/github/workspace",
        "RUNNER_TEMP": "/home/runner/work/_temp",  # a place outside, which the runner does not mount
        "HOME": "/github/home",
    }
    places = {"/github/workspace": shared / "app", "/github/workflow": shared, "/github/home": shared / "home"}
    image(cwd="/github/workspace", volumes=places, **variables)

    assert "sha256:" in (shared / "output").read_text()
    assert json.loads(skopeo("inspect", "--tls-verify=false", f"docker://{name}:main"))["Layers"]


def test_a_job_container_of_github_stays_and_runs_scripts(image, shared):
    """A job's `container:` is held by `tail -f /dev/null`, and its steps are scripts for `sh -e`."""
    (shared / "step.sh").write_text("tagboat --version\n")
    job = "tail -f /dev/null & sh -e /shared/step.sh; sleep 0.1; kill $! && echo held"
    done = image("sh", "-c", job, volumes={"/shared": shared})

    assert re.fullmatch(r"tagboat \S+\nheld\n", done.stdout)
