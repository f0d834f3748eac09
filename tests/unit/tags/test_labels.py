"""Labels and annotations."""

import pytest

from tagboat.errors import FaultsError, InputError
from tagboat.oci.annotations import Level
from tagboat.tags.labels import derive_annotations, derive_labels, keyed_lines, read_levels, read_lines


def test_own_labels_win_and_are_sorted():
    """The last of equal keys counts, the user's over the known ones, in the order of code points."""
    labels = derive_labels(["b=1", "a= x=y ", "B=2", "b=3"], {"b": "0", "c": "4"})
    assert list(labels.items()) == [("B", "2"), ("a", " x=y "), ("b", "3"), ("c", "4")]


def test_lines_without_key_or_value_are_told():
    """A line that is no KEY=VALUE is left out with a warning."""
    warnings = []
    assert keyed_lines(["a", "=b", "c=", "d=1"], "labels", warnings) == ("c=", "d=1")
    assert [warning.startswith("labels: ") for warning in warnings] == [True, True]


def test_levels():
    """Levels are separated by commas, spaces do not matter, the manifest is the default."""
    faults = []
    assert read_levels("", faults) == (Level.MANIFEST,)
    assert read_levels("index, manifest,index", faults) == (Level.INDEX, Level.MANIFEST)
    assert not faults
    read_levels("indx", faults)
    assert [fault.problem.startswith("DOCKER_METADATA_ANNOTATIONS_LEVELS") for fault in faults] == [True]


def test_annotations_at_each_level():
    """Known and own annotations stand at each default level; a line with a level stands at that one only."""
    annotations = derive_annotations(
        ["a=2", "index:b=3", "manifest[linux/amd64]:c=4"], {"a": "1"}, (Level.INDEX, Level.MANIFEST)
    )
    assert {annotation.name: annotation.value for annotation in annotations} == {
        "manifest:a": "2",
        "index:a": "2",
        "index:b": "3",
        "manifest[linux/amd64]:c": "4",
    }


def test_wrong_annotations_are_told_together():
    """Each annotation that cannot be read is named, once for all levels."""
    with pytest.raises(FaultsError) as error:
        derive_annotations(["index:=1", "manifest[/]:a=1"], {}, (Level.INDEX, Level.MANIFEST))
    assert [fault.problem.startswith("annotations: ") for fault in error.value.faults] == [True, True]


def test_bad_expressions_are_faults():
    """A line with a bad expression is a fault that names its input and its number there."""
    faults: list[InputError] = []
    assert [line.source for line in read_lines("\na={{ .X }}\nb=1", "labels", faults)] == ["b=1"]
    assert [fault.problem.startswith("labels: line 2: 'a={{ .X }}': ") for fault in faults] == [True]


def test_an_index_is_described_too():
    """With several platforms the index is annotated as well, unless the variable says otherwise."""
    faults = []
    assert read_levels("", faults, several_platforms=True) == (Level.MANIFEST, Level.INDEX)
    assert read_levels("manifest", faults, several_platforms=True) == (Level.MANIFEST,)
    assert not faults
