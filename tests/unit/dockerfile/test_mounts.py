"""RUN --mount."""

from __future__ import annotations

import pytest

from tagboat.dockerfile.faults import LanguageError
from tagboat.dockerfile.mounts import Mount, MountFlag, MountType, Sharing


def _mount(text: str) -> Mount:
    return MountFlag.parse(text).resolve(str)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("target=/a", Mount(target="/a")),
        ("type=bind,src=b,dst=/a,from=c,rw", Mount(source="b", target="/a", from_="c", read_only=False)),
        ("TYPE=Cache,Target=a", Mount(type=MountType.CACHE, target="a", read_only=False)),
        (
            "type=cache,target=/a,id=b,sharing=locked,mode=0700,uid=1,gid=2,ro",
            Mount(type=MountType.CACHE, target="/a", id="b", sharing=Sharing.LOCKED, mode=0o700, uid=1, gid=2),
        ),
        ("type=tmpfs,target=/a,size=1.5k", Mount(type=MountType.TMPFS, target="/a", size_bytes=1536, read_only=False)),
        ("type=tmpfs,target=/a,size=2GiB", Mount(type=MountType.TMPFS, target="/a", size_bytes=2**31, read_only=False)),
        ("type=secret,id=a", Mount(type=MountType.SECRET, id="a")),
        ("type=secret,source=a", Mount(type=MountType.SECRET, id="a")),
        ("type=secret,target=/b/a", Mount(type=MountType.SECRET, id="a", target="/b/a")),
        ("type=secret,id=a,env=B,required", Mount(type=MountType.SECRET, id="a", env="B", required=True)),
        ("type=secret,id=a,env", Mount(type=MountType.SECRET, id="a", env="a")),
        ("required=true,type=ssh", Mount(type=MountType.SSH, required=True)),
        ('"target=/a,b"', Mount(target="/a,b")),
        ("target=/a,ro=false,readwrite=false", Mount(target="/a")),
    ],
)
def test_a_mount_is_read(text: str, expected: Mount):
    """Options have short and long names, in any case and order; the access depends on the type."""
    assert _mount(text) == expected


def test_values_are_expanded_and_from_is_not():
    """A mount with variables is judged when their values are known; its stage is known before."""
    flag = MountFlag.parse("type=$T,from=stage,target=/$D")
    assert flag.from_ == "stage"
    assert flag.resolve({"$T": "cache", "/$D": "/d"}.__getitem__) == Mount(
        type=MountType.CACHE, from_="stage", target="/d", read_only=False
    )
    with pytest.raises(LanguageError, match="type=none is not known"):
        flag.resolve(lambda _: "none")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "empty"),
        ("type=bnid,target=/a", "type=bnid is not known"),
        ("tagret=/a", "has no option tagret"),
        ("target", "target has no value"),
        ("type=cache", "has no target"),
        ("target=/", "must not be /"),
        ("from=$X,target=/a", "no variable is expanded in from"),
        ("target=/a,mode=0700", "mode has no meaning for a mount of type bind"),
        ("type=tmpfs,target=/a,sharing=locked", "sharing has no meaning for a mount of type tmpfs"),
        ("type=cache,target=/a,required", "required has no meaning for a mount of type cache"),
        ("type=cache,target=/a,size=1", "size has no meaning for a mount of type cache"),
        ("type=cache,target=/a,sharing=all", "sharing=all is not known"),
        ("type=tmpfs,target=/a,size=much", "size=much is not a size"),
        ("type=cache,target=/a,mode=888", "mode=888 is not a number"),
        ("type=cache,target=/a,uid=-1", "uid=-1 is not a number"),
        ("type=secret,id=a,source=b", "both id and source"),
        ("type=secret", "none of id, source and target"),
        ("type=secret,id=a,from=b", "from has no meaning for a mount of type secret"),
        ("target=/a,ro=maybe", "readonly=maybe is not true or false"),
        ('"target=/a', "not a list of comma-separated values"),
    ],
)
def test_a_wrong_mount_is_refused(text: str, problem: str):
    """Unknown, missing, senseless and contradicting options are errors that name the option."""
    with pytest.raises(LanguageError, match=problem):
        MountFlag.parse(text)
