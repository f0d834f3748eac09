"""The tasks, as data: who does what with which command line, and who is compared with whom."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

from bench.base import TAG, Base
from bench.contest import Contestant, Slope, Task
from bench.corpora import Corpus

ROOT = Path(__file__).parents[1]
NAMES = ("site-packages", "node_modules", "run", "push", "push-again", "start")
_EVENTS = ROOT / "tests" / "fixtures" / "ci"
_STEPS = (1, 21)
_PUSH = "tagboat push --quiet {scratch}/layout {registry}/bench:1 --insecure-registries={registry}"
_COPY = "skopeo copy --quiet --dest-tls-verify=false oci:{scratch}/layout docker://{registry}/bench:1"


def copy_site_packages(corpus: Corpus) -> Task:
    """Return the task of one large layer: FROM scratch and COPY."""
    peers = (_buildah_push("gzip"), _buildah_direct(), _umoci(), _buildkit("gzip"), _engine())
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
    named = _for_tagboat("base", base)
    peers = (
        _buildah_push("gzip", setup=(_into_buildah("base", base),)),
        _buildah_direct(setup=(_into_buildah("base", base),)),
        _buildkit("gzip", _for_buildkit("base", base)),
        _engine(setup=(_into_engine("base", base),)),
    )
    return Task(
        name="node_modules",
        title=f"Build to a layout: FROM Debian, COPY node_modules ({_size(corpus)}), ENV, LABEL",
        places=_places(corpus),
        entries=corpus.facts.entries,
        contestants=_in_turn((_tagboat("fast", named), _tagboat("balanced", named)), peers),
        pairs=_each(peers, "tagboat fast", "tagboat balanced"),
    )


def run(base: Base, folder: Path) -> Task:
    """Return the task of a RUN that does nothing and of one that writes a file, once and many times.

    Dockerfiles are written into `folder`, which is the build context besides.
    """
    folder.mkdir()
    contestants, slopes = [], []
    for step, runner in itertools.product(("true", "touch /f{number}"), _runners(base)):
        few, many = (_with_steps(runner, step, steps, folder) for steps in _STEPS)
        contestants += [few, many]
        name = f"{runner.name}: RUN {step.partition(' ')[0]}"
        slopes.append(Slope(name=name, many=many.name, few=few.name, steps=_STEPS[1] - _STEPS[0]))
    return Task(
        name="run",
        title="RUN on busybox, to a layout",
        places={"context": str(folder), "dockerfiles": str(folder)},
        contestants=tuple(contestants),
        slopes=tuple(slopes),
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


def _runners(base: Base) -> tuple[Contestant, ...]:
    return (
        _tagboat("fast", _for_tagboat("small", base)),
        _buildah_direct(" --network=host --runtime=runc", setup=(_into_buildah("small", base),)),
        _buildkit("gzip", _for_buildkit("small", base)),
        _engine(setup=(_into_engine("small", base),)),
    )


def _with_steps(runner: Contestant, step: str, steps: int, folder: Path) -> Contestant:
    """Return a contestant that builds a Dockerfile of this many steps, which is written here."""
    name = f"{step.partition(' ')[0]}-{steps}"
    lines = [f"RUN {step.format(number=number)}\n" for number in range(steps)]
    (folder / name).write_text("FROM small\n" + "".join(lines))
    places = {"dockerfile": name, "file": str(folder / name)}
    return replace(runner, name=f"{runner.name}, {steps} RUN {step.partition(' ')[0]}", places=places)


def _tagboat(compression: str, options: str = "") -> Contestant:
    build = "tagboat build {context} --file={file} --output={out} --quiet"
    return Contestant(name=f"tagboat {compression}", commands=(f"{build} --compression={compression}{options}",))


def _for_tagboat(name: str, base: Base) -> str:
    return f" --build-contexts={name}=oci-layout://{base.layout}"


_BUILDAH = "buildah bud --quiet --layers=false --pull-never --file={file}"


def _buildah_push(form: str, options: str = "", setup: tuple[str, ...] = ()) -> Contestant:
    """Return the usual two commands; the base image stays in buildah's store, the result does not."""
    return Contestant(
        name=f"buildah bud, push {form}",
        setup=setup,
        commands=(
            f"{_BUILDAH} --tag=bench {{context}}",
            f"buildah push --quiet --format=oci --compression-format={form}{options} bench oci:{{out}}:latest",
        ),
        after=("buildah rmi --force bench",),
    )


def _buildah_direct(options: str = "", setup: tuple[str, ...] = ()) -> Contestant:
    """Return the shorter way, which leaves nothing in buildah's store."""
    return Contestant(
        name="buildah bud to layout",
        setup=setup,
        commands=(f"{_BUILDAH} --disable-compression=false{options} --tag=oci:{{out}}:latest {{context}}",),
    )


def _into_buildah(name: str, base: Base) -> str:
    return f"skopeo copy --quiet oci:{base.layout}:{TAG} containers-storage:[{{store}}]localhost/{name}:{TAG}"


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
    """Return a build by a daemon that runs already, with its caches emptied each time."""
    frontend = "--frontend=dockerfile.v0 --local context={context} --local dockerfile={dockerfiles}"
    output = f"--output type=oci,tar=false,dest={{out}},compression={form}"
    return Contestant(
        name=f"BuildKit {form}",
        daemon="buildkitd",
        before=("buildctl prune --all",),
        commands=(
            f"buildctl build --no-cache --progress=plain {frontend} --opt filename={{dockerfile}}{options} {output}",
        ),
    )


def _for_buildkit(name: str, base: Base) -> str:
    return f" --oci-layout {name}={base.layout} --opt context:{name}=oci-layout://{name}@{base.digest}"


def _engine(setup: tuple[str, ...] = ()) -> Contestant:
    """Return what a user of the engine does: it writes no layout, so the image is taken out of it, compressed."""
    build = "docker build --quiet --no-cache --network=host --tag=bench --file={file} {context}"
    return Contestant(
        name="docker build, skopeo copy",
        daemon="dockerd",
        setup=setup,
        before=("docker builder prune --all --force",),
        commands=(
            build,
            "skopeo copy --quiet --src-daemon-host=unix://{docker} docker-daemon:bench:latest oci:{out}:latest",
        ),
        after=("docker rmi --force bench",),
        variables={"DOCKER_BUILDKIT": "1"},
    )


def _into_engine(name: str, base: Base) -> str:
    daemon = "--dest-daemon-host=unix://{docker}"
    return f"skopeo copy --quiet {daemon} oci:{base.layout}:{TAG} docker-daemon:{name}:{TAG}"


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
