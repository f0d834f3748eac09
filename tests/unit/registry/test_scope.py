"""The laws of scopes."""

from __future__ import annotations

from tagboat.oci.reference import Repository
from tagboat.registry.scope import Access, Scope, union

APP = Repository(registry="localhost:5000", path="me/app")


def test_a_scope_is_written_and_read_back():
    """What is written is read back the same; words that are no scope are left out."""
    push = Scope.on(APP, Access.PUSH)
    assert str(push) == "repository:me/app:pull,push"
    assert Scope.parse("repository:me/app:push,pull nonsense") == (push,)


def test_a_name_may_hold_a_colon():
    """Kind and actions are split from the ends."""
    assert Scope.parse("repository:host:5000/app:pull")[0].name == "host:5000/app"


def test_push_covers_pull_and_not_the_reverse():
    """A scope covers another of its resource when it has all its actions."""
    push, pull = Scope.on(APP, Access.PUSH), Scope.on(APP, Access.PULL)
    assert push.covers(pull)
    assert not pull.covers(push)
    assert not push.covers(Scope.parse("repository:other:pull")[0])


def test_a_union_keeps_the_first_first():
    """Actions of one resource join, at the place where it first came."""
    first, other = Scope.parse("repository:a:pull repository:b:pull")
    joined = union((first, other), Scope.parse("repository:b:push repository:a:delete"))
    assert [str(scope) for scope in joined] == ["repository:a:delete,pull", "repository:b:pull,push"]
