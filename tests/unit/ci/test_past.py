"""The past as git tells it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tagboat.ci.past import CheckoutPast
from tagboat.flow.past import Order
from tagboat.proc import run

WHO = {f"GIT_{who}_{what}": "me" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}


class Checkout:
    """A repository in a folder; commits are a second apart."""

    def __init__(self, folder, environ):
        self.folder, self.environ, self.second = folder, {**environ, **WHO}, 0
        folder.mkdir()

    def git(self, *words):
        done = run(["git", "-C", str(self.folder), *words], env=self.environ)
        assert done.status == 0, done.stderr
        return done.stdout.decode().strip()

    def commit(self):
        self.second += 1
        when = {f"GIT_{who}_DATE": f"@{self.second} +0000" for who in ("AUTHOR", "COMMITTER")}
        self.environ |= when
        self.git("commit", "--quiet", "--allow-empty", "--message=x")
        return self.git("rev-parse", "HEAD")

    @property
    def past(self):
        return CheckoutPast(environ=self.environ, folder=self.folder)


@pytest.fixture
def environ(tmp_path):
    """Return an environment in which git reads no settings of this machine."""
    return {"PATH": "/usr/bin:/bin:/usr/local/bin", "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}


@pytest.fixture
def checkout(tmp_path, environ):
    """Return a fresh repository."""
    made = Checkout(tmp_path / "checkout", environ)
    made.git("init", "--quiet", "--initial-branch=main")
    return made


def test_commits_in_order(checkout):
    """Of two commits of one line the order is known, and when each was made."""
    first, second = checkout.commit(), checkout.commit()
    assert checkout.past.order(first, second) is Order.FORWARD
    assert checkout.past.order(second, first) is Order.BACKWARD
    assert checkout.past.order(first, first) is Order.SAME
    assert checkout.past.time(second) == datetime.fromtimestamp(2, UTC)


def test_histories_that_part(checkout):
    """Two commits on different branches have parted; a commit that is not here is unknown."""
    first, second = checkout.commit(), checkout.commit()
    checkout.git("checkout", "--quiet", "-b", "other", first)
    other = checkout.commit()
    assert checkout.past.order(second, other) is Order.PARTED
    assert checkout.past.order("0" * 40, other) is Order.UNKNOWN
    assert checkout.past.time("0" * 40) is None
    assert checkout.past.order("--all", other) is Order.UNKNOWN


def test_a_shallow_checkout_knows_that_it_knows_little(checkout, tmp_path, environ):
    """A cut history denies nothing, and says so of its tags."""
    first, second = checkout.commit(), checkout.commit()
    checkout.git("tag", "v1.0.0")
    shallow = Checkout(tmp_path / "shallow", environ)
    shallow.git("clone", "--quiet", "--depth=1", f"file://{checkout.folder}", ".")
    assert shallow.past.order(first, second) is Order.UNKNOWN
    assert "shallow" in shallow.past.missing()
    assert shallow.past.tags() == ("v1.0.0",)


def test_what_may_be_missing(checkout, tmp_path, environ):
    """Tags of a whole checkout are all there are; none at all may mean that they were not fetched."""
    checkout.commit()
    assert checkout.past.missing() == "the checkout has no tags"
    checkout.git("tag", "app/v1.0.0")
    assert (checkout.past.tags(), checkout.past.missing()) == (("app/v1.0.0",), "")
    nowhere = CheckoutPast(environ=environ, folder=tmp_path)
    assert (nowhere.tags(), nowhere.missing()) == ((), "there is no checkout to ask for tags")
    assert CheckoutPast(environ={"PATH": ""}, folder=tmp_path).tags() == ()
