"""What becomes of RUN --mount."""

from __future__ import annotations

import pytest

from tagboat.errors import DockerfileError, FaultsError
from tagboat.flow.plan import (
    BindMount,
    CacheMount,
    ContextFiles,
    ImageSource,
    SecretMount,
    StageBase,
    TmpfsMount,
)
from tagboat.secret import Secret

CONTEXT = ContextFiles()
SECRETS = {"n": Secret("hunter2")}


def mounts(drawing):
    """Return the mounts of the target's last step."""
    return drawing.target.steps[-1].mounts


@pytest.mark.parametrize(
    ("options", "mount"),
    [
        ("target=/t", BindMount(origin=CONTEXT, target="/t")),
        ("type=bind,target=t/../u/", BindMount(origin=CONTEXT, target="/w/u")),
        ("target=/t,source=/a/../b/", BindMount(origin=CONTEXT, target="/t", source="b")),
        ("target=/t,source=.,rw", BindMount(origin=CONTEXT, target="/t", read_only=False)),
        ("target=/t,source=$V", BindMount(origin=CONTEXT, target="/t", source="v")),
        ("target=/t,from=one", BindMount(origin=StageBase(index=0), target="/t")),
        ("target=/t,from=0", BindMount(origin=StageBase(index=0), target="/t")),
        ("target=/t,from=files", BindMount(origin=ContextFiles(name="files"), target="/t")),
        ("type=tmpfs,target=t,size=1k", TmpfsMount(target="/w/t", size_bytes=1024)),
        ("type=cache,target=/c//d/", CacheMount(id="/c/d", target="/c/d")),
        ("type=cache,target=./d", CacheMount(id="d", target="/w/d")),
        ("type=cache,target=/c,from=scratch,sharing=locked", CacheMount(id="/c", target="/c")),
        (
            "type=cache,target=/c,id=i$V,from=one,source=/s,mode=0700,uid=1,gid=2,ro",
            CacheMount(
                id="iv",
                target="/c",
                origin=StageBase(index=0),
                source="s",
                mode=0o700,
                uid=1,
                gid=2,
                read_only=True,
            ),
        ),
        ("type=secret,id=a/n", SecretMount(id="a/n", target="/run/secrets/n")),
        ("type=secret,target=/etc/n", SecretMount(id="n", target="/etc/n")),
        ("type=secret,id=n,target=x/n", SecretMount(id="n", target="/x/n")),
        ("type=secret,id=n,env", SecretMount(id="n", env="n")),
        (
            "type=secret,id=n,env=E,target=/n,required,mode=0444,uid=1,gid=2",
            SecretMount(id="n", target="/n", env="E", required=True, mode=0o444, uid=1, gid=2),
        ),
    ],
)
def test_options_become_a_mount(draw, options, mount):
    """Variables are expanded, paths made absolute, and what is not written has its default."""
    text = f"FROM b AS one\nFROM b\nWORKDIR /w\nARG V=v\nRUN --mount={options} a\n"
    assert mounts(draw(text, contexts={"files": "dir"}, secrets=SECRETS)) == (mount,)


def test_the_caches_of_a_namespace_are_its_own(draw):
    """BUILDKIT_CACHE_MOUNT_NS stands before each id."""
    drawing = draw("FROM b\nRUN --mount=type=cache,target=/c a\n", build_args={"BUILDKIT_CACHE_MOUNT_NS": "ns"})
    assert mounts(drawing) == (CacheMount(id="ns//c", target="/c"),)


def test_a_stage_that_only_a_mount_names_is_built(draw):
    """`from` makes a stage part of the build, as COPY --from does."""
    text = "FROM b AS one\nFROM b AS two\nFROM b\nRUN --mount=from=two,target=/t a\n"
    assert [stage.index for stage in draw(text).plan.platforms[0].stages] == [1, 2]


def test_an_image_that_only_a_mount_names_is_fetched(draw):
    """`from` names an image of the target's platform where nothing else has the name, in a trigger too."""
    text = "FROM b\nRUN --mount=from=tool:1,target=/t a\n"
    assert draw(text, platforms="linux/arm64").needs == [("b", "linux/arm64"), ("tool:1", "linux/arm64")]
    (mount,) = mounts(draw(text))
    assert isinstance(mount.origin, ImageSource)
    trigger = {"b": {"OnBuild": ["RUN --mount=from=tool,target=/t a"]}}
    assert draw("FROM b\n", runs=trigger).needs == [("b", "linux/amd64"), ("tool", "linux/amd64")]


def test_an_empty_base_is_no_image(draw):
    """from=scratch is nothing to fetch."""
    assert draw("FROM b\nRUN --mount=type=cache,from=scratch,target=/t a\n").needs == [("b", "linux/amd64")]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("target=..", "must not be /"),
        ("target=$V", "has no target"),
        ("target=/t,from=later", "RUN --mount=from=later: .* does not come before"),
        ("target=/t,from=7", "RUN --mount=from=7: .* does not come before"),
        ("target=/t,from=scratch", "holds nothing"),
        ("type=cache,target=/t,source=s", "no from"),
        ("type=ssh", "RUN --mount=type=ssh is not built yet"),
        ("type=secret,id=absent,required", "needs the secret 'absent'"),
        ("type=secret,id=absent,env=A,required=true", "needs the secret 'absent'"),
    ],
)
def test_a_mount_that_cannot_be_is_an_error_at_its_line(draw, options, words):
    """Paths, origins, kinds and secrets are looked at while planning; the error has file and line, and a way out."""
    text = f"FROM b\nWORKDIR /w\nRUN --mount={options} a\nFROM b AS later\n"
    with pytest.raises(DockerfileError, match=rf"^Dockerfile:3: .*{words}") as caught:
        _ = draw(text, target="0", secrets=SECRETS).plan
    assert caught.value.hint


def test_a_secret_that_is_missing_says_how_to_give_it(draw):
    """The hint has each input that gives a secret, with the id in its place."""
    with pytest.raises(DockerfileError) as caught:
        _ = draw("FROM b\nRUN --mount=type=secret,id=token,required a\n").plan
    assert all(name in caught.value.hint for name in ("secrets: token=", "secret-files: token=", "secret-envs: token="))


def test_a_secret_that_is_not_required_may_be_missing(draw):
    """The step keeps the mount: whoever runs it leaves out what is not there."""
    assert mounts(draw("FROM b\nRUN --mount=type=secret,id=absent a\n")) == (
        SecretMount(id="absent", target="/run/secrets/absent"),
    )


def test_all_faults_of_a_run_are_told_at_once(draw):
    """Each wrong mount is a fault of its own, at the line."""
    text = "FROM b\nRUN --mount=type=ssh --mount=type=secret,id=a,required --mount=target=.. a\nVOLUME $V\n"
    with pytest.raises(FaultsError) as caught:
        _ = draw(text).plan
    assert [fault.location.line for fault in caught.value.faults] == [2, 2, 2, 3]
