"""`run` in a GitHub job on a version tag, against a registry with TLS and passwords."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import pytest

FIXTURES = Path(__file__).parents[1] / "fixtures" / "ci"
RULES = """
type=semver,pattern={{version}}
type=semver,pattern={{major}}.{{minor}}
type=semver,pattern={{major}}
type=sha
"""
FILES = {"Dockerfile": "FROM scratch\nCOPY hello /\n", "hello": "hello\n"}


@pytest.fixture
def checkout(tmp_path, commit, git) -> Path:
    """Return a checkout of a version tag."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    commit(folder, FILES)
    git(folder, "tag", "v1.2.3")
    return folder


@pytest.fixture
def job(tmp_path, git, checkout) -> dict[str, object]:
    """Return the environment of a recorded job on a tag, its tag and commit replaced by ours."""
    revision = git(checkout, "rev-parse", "HEAD")
    texts = {}
    for name in ("github-tag.env", "github-tag.json"):
        recorded = (FIXTURES / name).read_text().replace("v1.1.1", "v1.2.3")
        texts[name] = re.sub(r"\b[0-9a-f]{40}\b", revision, recorded)
    (tmp_path / "event.json").write_text(texts["github-tag.json"])
    variables = dict(line.split("=", 1) for line in texts["github-tag.env"].splitlines())
    files = {"GITHUB_OUTPUT": tmp_path / "output", "GITHUB_STEP_SUMMARY": tmp_path / "summary.md"}
    return {**variables, **files, "GITHUB_EVENT_PATH": tmp_path / "event.json", "RUNNER_TEMP": tmp_path / "temporary"}


@pytest.fixture
def images(tls_registry, tmp_path) -> list[str]:
    """Return two image names that nobody else pushes to."""
    return [f"{tls_registry.host}/{tmp_path.name.replace('_', '-')}/{name}" for name in ("app", "mirror")]


@pytest.fixture
def inputs(tls_registry, images) -> dict[str, object]:
    """Return the step's inputs, as action.yml passes them."""
    return {
        "INPUT_IMAGES": "\n".join(images),
        "INPUT_TAGS": RULES,
        "INPUT_REGISTRY": tls_registry.host,
        "INPUT_USERNAME": tls_registry.username,
        "INPUT_PASSWORD": tls_registry.password,
        "INPUT_CA_FILE": tls_registry.ca_file,
    }


@pytest.fixture
def look(skopeo, tls_registry, tmp_path):
    """Run skopeo with the registry's password and authority."""
    authorities = tmp_path / "authorities"
    authorities.mkdir()
    (authorities / "ca.crt").write_bytes(tls_registry.ca_file.read_bytes())
    who = f"{tls_registry.username}:{tls_registry.password}"

    def call(command: str, *words: object) -> str:
        options = {
            "inspect": ["--cert-dir", authorities, "--creds", who],
            "copy": ["--src-cert-dir", authorities, "--src-creds", who],
        }
        return skopeo(command, *options[command], *words)

    return call


def step_outputs(path: Path) -> dict[str, str]:
    """Read a file of step outputs as the runner does."""
    found = re.findall(r"^([\w-]+)<<(\S+)\n(.*?)\n\2$", path.read_text(), re.MULTILINE | re.DOTALL)
    return {name: value for name, _, value in found}


def test_a_tag_pushes_every_name_to_every_image(tagboat, checkout, job, inputs, images, git, look):
    """A version tag moves its versions, latest and the commit's name in both images to the digest of the outputs."""
    tagboat("run", checkout, **job, **inputs)
    outputs = step_outputs(job["GITHUB_OUTPUT"])
    names = ["1.2.3", "1.2", "1", "latest", f"sha-{git(checkout, 'rev-parse', 'HEAD')[:7]}"]
    wanted = [f"{image}:{name}" for image in images for name in names]

    assert sorted(outputs["tag-names"].splitlines()) == sorted(names)
    assert sorted(outputs["tags"].splitlines()) == sorted(wanted)
    assert outputs["version"] == "1.2.3"
    read_back = [json.loads(look("inspect", f"docker://{name}"))["Digest"] for name in wanted]
    assert set(read_back) == {outputs["digest"]}
    assert sorted(outputs["references"].splitlines()) == sorted(f"{name}@{outputs['digest']}" for name in wanted)


def test_what_was_pushed_can_be_pulled(tagboat, checkout, job, inputs, images, look, tmp_path):
    """Skopeo copies the pushed image whole, and its labels say which commit and version it is."""
    tagboat("run", checkout, **job, **inputs)
    look("copy", f"docker://{images[1]}:1.2.3", f"dir:{tmp_path / 'copy'}")
    labels = json.loads(look("inspect", f"docker://{images[0]}:latest"))["Labels"]

    assert len(list((tmp_path / "copy").iterdir())) == 4, "manifest, version, configuration, one layer"
    assert labels["org.opencontainers.image.version"] == "1.2.3"
    assert labels["org.opencontainers.image.revision"] == job["GITHUB_SHA"]


def test_a_second_run_sends_nothing(tagboat, checkout, job, inputs):
    """A run again finds every name at its digest: nothing is sent, and each outcome says so."""
    first = tagboat("run", checkout, "--json", **job, **inputs).json["pushed"]
    second = tagboat("run", checkout, "--json", **job, **inputs).json["pushed"]

    assert {name["outcome"] for name in first} == {"pushed"}
    assert {name["outcome"] for name in second} == {"unchanged"}
    assert (sum(name["bytes-sent"] for name in first) > 0, sum(name["bytes-sent"] for name in second)) == (True, 0)


def test_docker_config_is_read(tagboat, checkout, job, inputs, tls_registry, tmp_path):
    """Credentials that `docker login` stored are found by DOCKER_CONFIG, and nothing is written there."""
    auth = base64.b64encode(f"{tls_registry.username}:{tls_registry.password}".encode()).decode()
    config = tmp_path / "docker" / "config.json"
    config.parent.mkdir()
    config.write_text(json.dumps({"auths": {tls_registry.host: {"auth": auth}}}))
    before = config.read_bytes()
    given = {name: value for name, value in inputs.items() if name not in ("INPUT_USERNAME", "INPUT_PASSWORD")}
    done = tagboat("run", checkout, "--json", **job, **given, DOCKER_CONFIG=config.parent)

    assert {name["outcome"] for name in done.json["pushed"]} == {"pushed"}
    assert (config.read_bytes(), [path.name for path in config.parent.iterdir()]) == (before, ["config.json"])


def test_the_authority_is_named_by_a_flag(tagboat, checkout, tls_registry, images):
    """`--ca-file` is enough to believe a registry's own authority, and outside CI `--push` to push."""
    who = {"TAGBOAT_USERNAME": tls_registry.username, "TAGBOAT_PASSWORD": tls_registry.password}
    words = ["--images", images[0], "--push", "--ca-file", tls_registry.ca_file, "--registry", tls_registry.host]
    done = tagboat("run", checkout, *words, "--json", **who)

    assert [name["outcome"] for name in done.json["pushed"]] == ["pushed"] * len(done.json["tags"])
    assert tls_registry.password not in done.stderr.split()


def test_a_layout_is_pushed_with_its_digest(tagboat, checkout, tls_registry, images, look):
    """`build` and then `push` put the very digest that was built under the names given."""
    built = tagboat("build", checkout, "--platforms", "linux/amd64,linux/arm64", "--output", "out")
    who = {"TAGBOAT_USERNAME": tls_registry.username, "TAGBOAT_PASSWORD": tls_registry.password}
    names = [f"{images[0]}:one", f"{images[1]}:two"]
    tagboat("push", "out", *names, "--ca-file", tls_registry.ca_file, "--registry", tls_registry.host, **who)

    for name in names:
        assert json.loads(look("inspect", f"docker://{name}"))["Digest"] == built.digest
    assert len(json.loads(look("inspect", "--raw", f"docker://{names[0]}"))["manifests"]) == 2


def test_a_forks_pull_request_builds_and_says_so(tagboat, checkout, job, inputs, images, tags_of):
    """On a fork's pull request the image is built, nothing is pushed, the reason is given, and the run succeeds."""
    variables = dict(line.split("=", 1) for line in (FIXTURES / "github-fork.env").read_text().splitlines())
    fork = {**job, **variables, "GITHUB_EVENT_PATH": FIXTURES / "github-fork.json"}
    done = tagboat("run", checkout, **fork, **{**inputs, "INPUT_TAGS": "type=ref,event=pr"})

    assert "not pushed" in done.stderr
    assert "someone/widget" in done.stderr
    assert step_outputs(job["GITHUB_OUTPUT"])["digest"].startswith("sha256:")
    assert "someone/widget" in Path(str(job["GITHUB_STEP_SUMMARY"])).read_text()
    assert tags_of(images[0]) == {}
