"""The `flavor` input."""

import pytest

from tagboat.tags.flavor import Latest, read_flavor


def _read(text):
    faults, warnings = [], []
    return read_flavor(text, faults, warnings), faults, warnings


def test_empty():
    """Without a flavor, latest is automatic and nothing is affixed."""
    flavor, faults, warnings = _read("")
    assert (flavor.latest, flavor.prefix.source, flavor.suffix.source, flavor.latest_name) == (
        Latest.AUTO,
        "",
        "",
        "latest",
    )
    assert faults == warnings == []


@pytest.mark.parametrize(
    ("text", "latest_name"),
    [
        ("prefix=a-,onlatest=true", "a-latest"),
        ("suffix=-b,onlatest=true", "latest-b"),
        ("prefix=a-,onlatest=true\nSUFFIX=-b,OnLatest=true", "a-latest-b"),
        ("prefix=a-,suffix=-b,onlatest=true", "latest-b"),
        ("prefix=a-,onlatest=true,latest=true", "a-latest"),
        ("prefix=a-,latest=true,onlatest=true", "a-latest"),
        ("prefix={{branch}}-,onlatest=true", "{{branch}}-latest"),
    ],
)
def test_onlatest(text, latest_name):
    """onlatest= speaks of the last affix before it on its line, and affixes of latest are not evaluated."""
    flavor, faults, warnings = _read(text)
    assert flavor.latest_name == latest_name
    assert faults == warnings == []


@pytest.mark.parametrize("text", ["onlatest=true,prefix=a-", "prefix=a-\nonlatest=true"])
def test_onlatest_without_affix(text):
    """onlatest= without an affix before it on its line does nothing, and that is said."""
    flavor, faults, warnings = _read(text)
    assert (flavor.latest_name, faults, len(warnings)) == ("latest", [], 1)


@pytest.mark.parametrize(
    "line", ["latest", "latest=TRUE", "latest=", "prefix=a,onlatest=yes", "foo=bar", "prefix={{x", 'prefix=a"b']
)
def test_faults(line):
    """An entry that is not known, or has no such value, is a fault that names the input."""
    _, faults, _ = _read(f"{line}\nsuffix=-x")
    assert [fault.problem.startswith("flavor: ") for fault in faults] == [True]
    assert faults[0].hint


def test_faults_have_a_place_and_the_nearest_word():
    """A wrong entry is told with its line, its column and the word that was probably meant."""
    faults = []
    read_flavor("prefix=a\nsuffix=b, latset=true\nlatest=flase", faults, [])
    assert [(fault.problem.partition(": '")[0], fault.hint) for fault in faults] == [
        ("flavor: line 2, column 11", "did you mean latest?"),
        ("flavor: line 3, column 1", "did you mean latest=false?"),
    ]
