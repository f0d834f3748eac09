"""The `tags` input, line by line."""

import pytest

from tagboat.tags.kinds import Literal, Raw, Ref, Schedule, Sha, Timestamp
from tagboat.tags.rules import literal_reference, read_rules


def _read(text):
    faults, warnings = [], []
    return read_rules(text, faults, warnings), faults, warnings


def test_default_rules():
    """No rules are the four of metadata-action; a comment is no rule."""
    for text in ("", "  \n# type=sha"):
        rules, faults, _ = _read(text)
        assert [type(rule.kind) for rule in rules] == [Schedule, Ref, Ref, Ref]
        assert not faults


def test_order_is_by_priority_and_stable():
    """The highest priority comes first; equal ones stay as they are written."""
    rules, _, _ = _read("a\nb,priority=999.5\ntype=sha\nc\nd,priority=-1")
    assert [rule.line for rule in rules] == ["b,priority=999.5", "a", "c", "type=sha", "d,priority=-1"]


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("foo", "foo"),
        ("type=raw,foo", "foo"),
        ("type = RAW-no , value=x", None),
        (" type = raw , VALUE = a b ", "a b"),
        ("type=raw,value=a,value=b", "b"),
        ("foo,bar", "bar"),
        ("foo,", ""),
        ("type=raw,value=a=b", "a=b"),
        ('type=raw,"value=a,b"', "a,b"),
        ('"type=raw,""value=a,b"""', "a,b"),
        ('"value=a,b"', "a,b"),
        ('type=raw, "value=c,d" ,suffix=-e', "c,d"),
    ],
)
def test_raw_values(line, value):
    """A field without `=` is the value, the last one counts, quotes are read once."""
    rules, faults, _ = _read(line)
    assert [rule.kind.value.source for rule in rules if isinstance(rule.kind, Raw)] == (
        [] if value is None else [value]
    )
    assert len(faults) == (value is None)


def test_affixes():
    """Pull requests and commits have a prefix of their own; an empty one is not a missing one."""
    rules, _, _ = _read("type=ref,event=pr\ntype=ref,event=tag\ntype=sha\ntype=sha,prefix=\ntype=raw,value=x,suffix=-s")
    assert [rule.prefix.source if rule.prefix else None for rule in rules] == ["pr-", None, None, "sha-", ""]
    assert rules[2].suffix.source == "-s"


@pytest.mark.parametrize(
    "line",
    [
        "type=semver",
        "type=pep440,value=1.2",
        "type=match",
        "type=match,pattern=(",
        "type=match,pattern=a,group=zz",
        "type=semver,pattern={{version}},match=(",
        "type=ref",
        "type=ref,event=push",
        "type=raw",
        "type=sha,format=foo",
        "type=shar",
        "type=",
        "x,priority=high",
        "x,priority=inf",
        "type=timestamp,tz=Nope",
        "x,enable={{#if tag}}true",
        "type=raw,value={{upper branch}}",
        'type=raw,value={{date "YYYY"}}',
        '"type=raw,value=a\nb"',
        "app@sha256:" + "a" * 64,
        "ghcr.io/me/app:1@sha256:" + "a" * 64,
    ],
)
def test_faults(line):
    """A line that is no rule is a fault that names the input and the line, with a hint."""
    rules, faults, _ = _read(f"{line}\nfine")
    assert [rule.line for rule in rules] == ["fine"]
    assert [fault.problem.startswith("tags: line 1") and f": {line!r}" in fault.problem for fault in faults] == [True]
    assert faults[0].hint


def test_rules_to_come():
    """A rule that is planned is refused with what to write today."""
    _, (fault,), _ = _read("type=content")
    assert "is not built yet" in fault.problem
    assert fault.hint.startswith("write ")


def test_all_faults_of_all_lines():
    """Each wrong attribute of each line is told with line, column and the nearest word that is right."""
    _, faults, _ = _read("# rules\ntype=ref,event=brunch,priority=x\n\n  type=semvr\ntype=sha,format=shrot\nok")
    told = [(fault.problem.partition(": '")[0], fault.hint.partition(";")[0]) for fault in faults]
    assert told == [
        ("tags: line 2, column 10", "did you mean event=branch?"),
        ("tags: line 2, column 23", "write priority=1000"),
        ("tags: line 4, column 3", "did you mean type=semver?"),
        ("tags: line 5, column 10", "did you mean format=short?"),
    ]


def test_column_in_a_quoted_line():
    """A fault in a line that is quoted as a whole points behind its quote."""
    _, (fault,), _ = _read('"type=ref,event=x"')
    assert fault.problem.startswith("tags: line 1, column 11: ")


def test_unknown_attributes_are_told():
    """An attribute that a type does not have is not used, and that is said."""
    _, faults, warnings = _read("type=sha,group=1,foo")
    assert not faults
    assert ["'group'" in warnings[0], "'value'" in warnings[1], len(warnings)] == [True, True, 2]
    (warning,) = _read("type=semver,pattern=x,patern=y")[2]
    assert "column 23" in warning
    assert "did you mean pattern?" in warning


def test_timestamp_defaults():
    """type=timestamp is to the second, in UTC."""
    (rule,), _, _ = _read("type=timestamp")
    assert isinstance(rule.kind, Timestamp)
    assert rule.kind.pattern == "%Y%m%d-%H%M%S"


@pytest.mark.parametrize(
    ("line", "reference"),
    [
        ("ghcr.io/me/app:1.2", "ghcr.io/me/app:1.2"),
        ("ghcr.io/Me/App:V1", "ghcr.io/me/app:V1"),
        ("user/app:1", "user/app:1"),
        ("localhost:5000/app:1", "localhost:5000/app:1"),
        ("localhost:5000/app", None),
        ("latest", None),
        ("user/app:{{branch}}", None),
        (":1", None),
    ],
)
def test_full_references(line, reference):
    """A line without type= is a full reference when it has a name and a tag."""
    found = literal_reference(line)
    assert (found.familiar if found else None) == reference
    (rule,), _, _ = _read(line)
    assert isinstance(rule.kind, Literal) is bool(reference)


def test_sha_formats():
    """The commit is short unless format=long."""
    rules, _, _ = _read("type=sha\ntype=sha,format=long\ntype=sha,format=short")
    assert [rule.kind.whole for rule in rules if isinstance(rule.kind, Sha)] == [False, True, False]
