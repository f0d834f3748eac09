"""The first command of the README, and what other tools make of its result."""

from __future__ import annotations

import json

ONE_PLATFORM = ("--platforms", "linux/amd64", "--tags", "hello:1.0")


def test_hello_is_an_index_of_two_platforms(entrypoint, skopeo, examples, tmp_path):
    """`build examples/hello` gives an index for amd64 and arm64 that skopeo reads, the second time as the first."""
    first = entrypoint("build", examples / "hello", "--output", tmp_path / "out")
    second = entrypoint("build", examples / "hello", "--output", tmp_path / "out")
    index = json.loads(skopeo("inspect", "--raw", f"oci:{tmp_path / 'out'}"))
    config = json.loads(skopeo("inspect", "--config", f"oci:{tmp_path / 'out'}"))

    assert first.stdout == second.stdout
    assert index["mediaType"] == "application/vnd.oci.image.index.v1+json"
    assert [entry["platform"]["architecture"] for entry in index["manifests"]] == ["amd64", "arm64"]
    assert config["config"]["Labels"]["example.architecture"] == config["architecture"]


def test_the_digest_is_that_of_the_layouts_one_entry(tagboat, skopeo, examples):
    """The digest that is printed, the one in the document and the one that skopeo computes are the same."""
    said = tagboat("build", examples / "hello", "--output", "out").digest
    document = tagboat("build", examples / "hello", "--output", "out", "--json").json
    entries = json.loads((tagboat.cwd / "out" / "index.json").read_text())["manifests"]

    assert [entry["digest"] for entry in entries] == [said]
    assert document["digest"] == said
    assert json.loads(skopeo("inspect", "oci:out", cwd=tagboat.cwd))["Digest"] == said


def test_umoci_reads_a_named_image(tagboat, umoci, examples):
    """A tag name given to a build of one platform is the name by which umoci finds and unpacks the image."""
    tagboat("build", examples / "hello", *ONE_PLATFORM, "--output", "out")
    history = json.loads(umoci("stat", "--json", "--image", "out:1.0", cwd=tagboat.cwd))["history"]
    umoci("unpack", "--rootless", "--image", "out:1.0", "bundle", cwd=tagboat.cwd)
    rootfs = tagboat.cwd / "bundle" / "rootfs"

    assert [entry["created_by"].split()[0] for entry in history] == ["ARG", "LABEL", "COPY", "CMD"]
    assert [path.name for path in rootfs.iterdir()] == ["greeting.txt"]
    assert (rootfs / "greeting.txt").read_text() == (examples / "hello" / "greeting.txt").read_text()


def test_an_archive_is_the_same_image(tagboat, skopeo, examples):
    """An output that ends in .tar is one OCI archive, with the image that a folder would hold."""
    folder = tagboat("build", examples / "hello", *ONE_PLATFORM, "--output", "out")
    archive = tagboat("build", examples / "hello", *ONE_PLATFORM, "--output", "out.tar")

    assert archive.digest == folder.digest
    assert json.loads(skopeo("inspect", "oci-archive:out.tar", cwd=tagboat.cwd))["Digest"] == folder.digest
    assert sorted(path.name for path in tagboat.cwd.iterdir()) == ["out", "out.tar"]


def test_json_is_all_there_is_on_stdout(tagboat, examples, tmp_path):
    """`--json` puts one document on stdout; the metadata file holds what build-push-action's `metadata` does."""
    done = tagboat(
        "build", examples / "hello", "--output", "out", "--metadata-file", tmp_path / "metadata.json", "--json"
    )
    metadata = json.loads((tmp_path / "metadata.json").read_text())

    assert set(done.json["digests"]) == {"linux/amd64", "linux/arm64"}
    assert metadata["containerimage.digest"] == done.json["digest"]
    assert metadata == done.json["metadata"]
