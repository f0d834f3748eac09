"""The tasks, as data: who does what with which command line, and who is compared with whom."""

from __future__ import annotations

import itertools
from pathlib import Path

from bench.base import TAG, Base
from bench.contest import Contestant, Task
from bench.corpora import Corpus

ROOT = Path(__file__).parents[1]
NAMES = ("site-packages", "node_modules", "push", "push-again", "start")
_EVENTS = ROOT / "tests" / "fixtures" / "ci"
_PUSH = "tagboat push --quiet {scratch}/layout {registry}/bench:1 --insecure-registries={registry}"
_COPY = "skopeo copy --quiet --dest-tls-verify=false oci:{scratch}/layout docker://{registry}/bench:1"


def copy_site_packages(corpus: Corpus) -> Task:
    """Return the task of one large layer: FROM scratch and COPY."""
    peers = (_buildah_push("gzip"), _buildah_direct(), _umoci(), _buildkit("gzip"))
    return Task(
        name="site-packages",
        title=f"Build to a layout: FROM scratch, COPY site-packages ({_size(corpus)})",
        places=_places(corpus),
        entries=corpus.facts.entries,
        contestants=(
            *_in_turn((_tagboat("fast"), _tagboat("balanced")), peers),
            *(_tagboat("zstd:3"), _buildah_push("zstd", " --compression-level=3"), _buildkit("zstd")),
        ),
        pairs=(
            *_each(peers, "tagboat fast", "tagboat balanced"),
            ("buildah bud, push zstd", "tagboat zstd:3"),
            ("BuildKit zstd", "tagboat zstd:3"),
        ),
    )


def copy_node_modules(corpus: Corpus, base: Base) -> Task:
    """Return the task of many small files on a base image: FROM base, COPY, ENV, LABEL."""
    named = f" --build-contexts=base=oci-layout://{base.layout}"
    theirs = f" --oci-layout base={base.layout} --opt context:base=oci-layout://base:{TAG}"
    peers = (_buildah_push("gzip"), _buildah_direct(), _buildkit("gzip", theirs))
    return Task(
        name="node_modules",
        title=f"Build to a layout: FROM Debian, COPY node_modules ({_size(corpus)}), ENV, LABEL",
        places=_places(corpus),
        entries=corpus.facts.entries,
        setup=(f"skopeo copy --quiet oci:{base.layout}:{TAG} containers-storage:[{{store}}]localhost/base:{TAG}",),
        contestants=_in_turn((_tagboat("fast", named), _tagboat("balanced", named)), peers),
        pairs=_each(peers, "tagboat fast", "tagboat balanced"),
    )


def push(corpus: Corpus) -> Task:
    """Return the task of sending a ready layout to a registry that has nothing of it."""
    return Task(
        name="push",
        title=f"Push a ready layout of one layer (site-packages, {_size(corpus)}) to an empty registry",
        places=_places(corpus),
        setup=("tagboat build {context} --file={file} --output={scratch}/layout --quiet",),
        contestants=(
            Contestant(name="tagboat push", commands=(_PUSH,)),
            Contestant(name="skopeo copy", commands=(_COPY,)),
        ),
        pairs=(("skopeo copy", "tagboat push"),),
        needs_registry=True,
        turns=2,
    )


def push_again(corpus: Corpus) -> Task:
    """Return the task of sending a layout to a registry that has all of it."""
    return Task(
        name="push-again",
        title="Push the same layout once more",
        places=_places(corpus),
        setup=("tagboat build {context} --file={file} --output={scratch}/layout --quiet",),
        contestants=(
            Contestant(name="tagboat push", before=(_PUSH,), commands=(_PUSH,)),
            Contestant(name="skopeo copy", before=(_COPY,), commands=(_COPY,)),
        ),
        pairs=(("skopeo copy", "tagboat push"),),
        needs_registry=True,
        turns=2,
    )


def start() -> Task:
    """Return the task of commands that hardly do anything, beside a Python that does nothing."""
    event = dict(line.split("=", 1) for line in (_EVENTS / "github-push.env").read_text().split())
    event["GITHUB_EVENT_PATH"] = str(_EVENTS / "github-push.json")
    ours = (
        Contestant(name="tagboat --version", commands=("tagboat --version",)),
        Contestant(name="tagboat --help", commands=("tagboat --help",)),
        Contestant(
            name="tagboat tags, push event", commands=("tagboat tags --images=example.org/bench",), variables=event
        ),
        Contestant(
            name="tagboat build examples/hello", commands=(f"tagboat build {ROOT}/examples/hello --output={{out}}",)
        ),
    )
    return Task(
        name="start",
        title="Start-up, through entrypoint.py in a warm environment",
        contestants=(Contestant(name="bare Python", commands=("python -c pass",)), *ours),
        pairs=tuple((each.name, "bare Python") for each in ours),
        turns=5,
    )


def _tagboat(compression: str, options: str = "") -> Contestant:
    build = "tagboat build {context} --file={file} --output={out} --quiet"
    return Contestant(name=f"tagboat {compression}", commands=(f"{build} --compression={compression}{options}",))


_BUILDAH = "buildah bud --quiet --layers=false --pull-never --file={file}"


def _buildah_push(form: str, options: str = "") -> Contestant:
    """Return the usual two commands; the base image stays in buildah's store, the result does not."""
    return Contestant(
        name=f"buildah bud, push {form}",
        commands=(
            f"{_BUILDAH} --tag=bench {{context}}",
            f"buildah push --quiet --format=oci --compression-format={form}{options} bench oci:{{out}}:latest",
        ),
        after=("buildah rmi --force bench",),
    )


def _buildah_direct() -> Contestant:
    """Return the shorter way, which leaves nothing in buildah's store."""
    return Contestant(
        name="buildah bud to layout",
        commands=(f"{_BUILDAH} --disable-compression=false --tag=oci:{{out}}:latest {{context}}",),
    )


def _umoci() -> Contestant:
    return Contestant(
        name="umoci insert",
        commands=(
            "umoci init --layout={out}",
            "umoci new --image={out}:latest",
            "umoci insert --image={out}:latest {folder} /usr/lib/python3/site-packages",
        ),
    )


def _buildkit(form: str, options: str = "") -> Contestant:
    """Return a build by a daemon that is there already (BUILDKIT_HOST), with its caches emptied each time."""
    frontend = "--frontend=dockerfile.v0 --local context={context} --local dockerfile={dockerfiles}"
    output = f"--output type=oci,tar=false,dest={{out}},compression={form}"
    return Contestant(
        name=f"BuildKit {form}",
        before=("buildctl prune --all",),
        commands=(f"buildctl build --progress=plain {frontend} --opt filename={{dockerfile}}{options} {output}",),
        is_client=True,
    )


def _in_turn(ours: tuple[Contestant, ...], peers: tuple[Contestant, ...]) -> tuple[Contestant, ...]:
    """Return ours, peer, ours, peer …, so that a disturbance meets both."""
    pairs = itertools.zip_longest(ours, peers)
    return tuple(each for pair in pairs for each in pair if each)


def _each(peers: tuple[Contestant, ...], *ours: str) -> tuple[tuple[str, str], ...]:
    return tuple((peer.name, name) for peer in peers for name in ours)


def _places(corpus: Corpus) -> dict[str, str]:
    dockerfiles = Path(__file__).with_name("dockerfiles")
    return {
        "context": str(corpus.context),
        "folder": str(corpus.folder),
        "dockerfiles": str(dockerfiles),
        "dockerfile": corpus.name,
        "file": str(dockerfiles / corpus.name),
    }


def _size(corpus: Corpus) -> str:
    return f"{corpus.facts.size_bytes / 1e6:.0f} MB, {corpus.facts.entries:,} entries"
