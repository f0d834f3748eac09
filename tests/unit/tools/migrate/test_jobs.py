"""What becomes of one job's steps: rewritten where that is sure, left alone with a reason where it is not."""

from __future__ import annotations

import pytest

from tagboat.flow.migration import Deed, Fate, Verdict

CHECKOUT = "      - uses: actions/checkout@v4\n"
BUILDX = "      - uses: docker/setup-buildx-action@v3\n"


def build(*lines, head="", uses="docker/build-push-action@v6"):
    """Write a build step with these inputs."""
    inputs = "".join(f"          {line}\n" for line in lines)
    return f"      - uses: {uses}\n{head}        with:\n{inputs}"


def login(*lines, head=""):
    """Write a login step with these inputs."""
    return build(*lines, head=head, uses="docker/login-action@v3")


def metadata(*lines, head="        id: meta\n"):
    """Write a metadata step with these inputs."""
    return build("images: me/app", *lines, head=head, uses="docker/metadata-action@v5")


META_TAGS = "tags: ${{ steps.meta.outputs.tags }}"


def test_the_push_is_never_implied(migrate_steps):
    """A build that did not say push did not push, and does not afterwards, since Tagboat's default is another."""
    text, _ = migrate_steps(CHECKOUT + BUILDX + build("context: .", "tags: me/app:1"))
    assert text == CHECKOUT + build("tags: me/app:1", "context: .", "push: false", uses="tagboat/tagboat@v1")


def test_names_that_commas_part_stand_on_lines(migrate_steps):
    """Names given in full become one a line, and one without a tag gets the tag that it meant."""
    text, _ = migrate_steps(CHECKOUT + BUILDX + build("context: .", "push: true", "tags: me/app:1,me/app"))
    assert "tags: |\n            me/app:1\n            me/app:latest\n" in text


def test_own_names_beside_the_rules(migrate_steps):
    """Names beside the metadata's become lines among its rules, its defaults written out."""
    tags = ("tags: |", "  ${{ steps.meta.outputs.tags }}", "  me/app:extra")
    text, report = migrate_steps(CHECKOUT + BUILDX + metadata() + build("context: .", "push: true", *tags))
    assert "type=schedule\n            type=ref,event=branch\n" in text
    assert "me/app:extra" in report.trials[0].new
    assert report.is_converted


def test_the_sources_are_checked_out(migrate_steps):
    """Without a context docker fetched the commit itself: a job without a checkout gets one."""
    text, report = migrate_steps(BUILDX + build('context: "{{defaultContext}}:sub"', "file: D", "tags: me/app:1"))
    assert text.startswith("      - uses: actions/checkout@v4\n\n      - uses: tagboat/tagboat@v1\n")
    assert "context: sub\n          file: sub/D\n" in text
    assert Deed.ADDED in {step.deed for step in report.steps}


def test_another_checkout_is_no_commit_on_the_server(migrate_steps):
    """Where docker built the event's commit and the job checked out another, nothing is converted."""
    other = CHECKOUT + "        with:\n          ref: other\n"
    _, report = migrate_steps(other + BUILDX + build("tags: me/app:1"))
    assert "another is checked out" in report.obstacles[0]


def test_outputs_used_before_the_build_keep_a_step(migrate_steps):
    """A metadata step that feeds the build's arguments stays, as a step that only derives the tags."""
    arguments = "build-args: V=${{ steps.meta.outputs.version }}"
    text, report = migrate_steps(
        CHECKOUT + BUILDX + metadata() + build("context: .", "push: true", META_TAGS, arguments)
    )
    assert text.count("uses: tagboat/tagboat@v1") == 2
    assert "until: tags" in text
    assert report.is_converted
    assert {trial.step for trial in report.trials} == {"docker/metadata-action@v5", "docker/build-push-action@v6"}


def test_outputs_used_later_come_from_the_build(migrate_steps):
    """What later steps took from the metadata step they take from the build step, by the id that it has."""
    later = "      - run: echo ${{ steps.meta.outputs.version }} ${{ steps.meta-2.outputs.x }}\n"
    steps = (
        CHECKOUT
        + BUILDX
        + metadata()
        + build("context: .", "push: true", META_TAGS, head="        id: image\n")
        + later
    )
    text, report = migrate_steps(steps)
    assert text.endswith("echo ${{ steps.image.outputs.version }} ${{ steps.meta-2.outputs.x }}\n")
    assert report.is_converted


def test_variables_that_docker_sets_keep_a_step(migrate_steps):
    """A metadata step whose variables are read stays, as a step that only derives the tags and sets them."""
    reader = "      - run: echo $DOCKER_METADATA_OUTPUT_JSON\n"
    text, report = migrate_steps(CHECKOUT + metadata("sep-labels: ''") + reader)
    assert (
        text == CHECKOUT + metadata("until: tags").replace("docker/metadata-action@v5", "tagboat/tagboat@v1") + reader
    )
    assert report.is_converted


def test_variables_of_the_metadata_step_move(migrate_steps):
    """A variable that steers docker's rules goes where the rules go."""
    env = "        id: meta\n        env:\n          DOCKER_METADATA_SHORT_SHA_LENGTH: 12\n"
    steps = CHECKOUT + BUILDX + metadata("tags: type=sha", head=env) + build("context: .", "push: true", META_TAGS)
    text, report = migrate_steps(steps)
    assert text.endswith("        env:\n          DOCKER_METADATA_SHORT_SHA_LENGTH: 12\n")
    assert report.trials[0].new == ("me/app:sha-8f3c21d0a9b4",)


def test_labels_are_joined(migrate_steps):
    """The labels of both steps are given together where the build took the metadata's."""
    labels = ("labels: |", "  ${{ steps.meta.outputs.labels }}", "  b=2")
    text, _ = migrate_steps(CHECKOUT + BUILDX + metadata("labels: a=1") + build("context: .", META_TAGS, *labels))
    assert "labels: |\n            a=1\n            b=2\n" in text


@pytest.mark.parametrize(
    ("logins", "kept", "given"),
    [
        ([login("registry: ghcr.io", "username: x", "password: ${{ secrets.GITHUB_TOKEN }}")], 0, ""),
        ([login("username: x", "password: ${{ secrets.P }}")], 0, "username: x"),
        ([login("registry: ghcr.io", "username: x", "password: ${{ secrets.PAT }}")], 0, "registry: ghcr.io"),
        ([login("username: x", "password: ${{ secrets.P }}", head="        if: github.ref\n")], 1, ""),
        (
            [login("username: x", "password: ${{ secrets.P }}"), login("registry: q.io", "username: y", "password: z")],
            2,
            "",
        ),
        ([login("registry: 1.dkr.ecr.eu.amazonaws.com")], 1, ""),
    ],
    ids=["job token", "hub", "ghcr with another token", "conditional", "two", "by other means"],
)
def test_logins(migrate_steps, logins, kept, given):
    """One login becomes inputs, that by the job's token nothing; others stay, and Tagboat reads what they store."""
    text, report = migrate_steps(
        CHECKOUT + BUILDX + "".join(logins) + build("context: .", "push: true", "tags: me/app:1")
    )
    assert report.is_converted
    assert text.count("docker/login-action") == kept
    assert given in text.partition("tagboat/tagboat")[2]
    assert bool(given) == ("username:" in text.partition("tagboat/tagboat")[2])


def test_a_step_that_works_with_docker_keeps_login_and_buildx(migrate_steps):
    """What may need an engine, a builder or stored credentials keeps them; a token of its own for ghcr is given too."""
    other = "      - run: docker pull ghcr.io/me/base\n"
    own = login("registry: ghcr.io", "username: x", "password: ${{ secrets.PAT }}")
    text, report = migrate_steps(CHECKOUT + BUILDX + own + build("context: .", "push: true", "tags: me/app:1") + other)
    assert text.startswith(CHECKOUT + BUILDX + own)
    assert "password: ${{ secrets.PAT }}" in text.partition("tagboat/tagboat")[2]
    assert report.is_converted


def test_qemu_stays_for_foreign_platforms(migrate_steps):
    """RUN for another processor needs QEMU here too; an image for the runner's own does not."""
    qemu = "      - uses: docker/setup-qemu-action@v3\n"
    one = build("context: .", "tags: me/app:1")
    both = build("context: .", "platforms: linux/amd64,linux/arm64", "tags: me/app:1")
    assert "setup-qemu" not in migrate_steps(CHECKOUT + qemu + BUILDX + one)[0]
    assert "setup-qemu" in migrate_steps(CHECKOUT + qemu + BUILDX + both)[0]


def test_what_looks_after_a_cache_folder_goes(migrate_steps):
    """Steps that keep or move BuildKit's cache folder go with the cache: the folder is not made any more."""
    cache = "      - uses: actions/cache@v4\n        with:\n          path: /tmp/c\n          key: k\n"
    move = "      - run: |\n          rm -rf /tmp/c\n          mv /tmp/c-new /tmp/c\n"
    inputs = (
        "context: .",
        "tags: me/app:1",
        "cache-from: type=local,src=/tmp/c",
        "cache-to: type=local,dest=/tmp/c-new",
    )
    text, report = migrate_steps(CHECKOUT + cache + BUILDX + build(*inputs) + move)
    assert "/tmp/c" not in text
    assert report.is_converted


@pytest.mark.parametrize(
    ("inputs", "fate"),
    [
        ("outputs: type=image,push=true", Fate.CHANGED),
        ("outputs: type=registry,compression=zstd", Fate.CHANGED),
        ("outputs: type=oci,dest=out.tar", Fate.CHANGED),
        ("cache-from: type=gha", Fate.UNNEEDED),
        ("builder: ${{ steps.b.outputs.name }}", Fate.UNNEEDED),
        ("provenance: false", Fate.SAME),
        ("secrets: TOKEN=${{ secrets.T }}", Fate.SAME),
        ("build-contexts: base=docker-image://alpine", Fate.SAME),
        ("outputs: type=docker,dest=x.tar", Fate.IMPOSSIBLE),
        ("outputs: type=image,name=me/app,push-by-digest=true,push=true", Fate.IMPOSSIBLE),
        ("outputs: ${{ env.O }}", Fate.IMPOSSIBLE),
        ("load: true", Fate.IMPOSSIBLE),
        ("provenance: mode=max", Fate.IMPOSSIBLE),
        ("attests: type=sbom", Fate.IMPOSSIBLE),
        ("call: check", Fate.IMPOSSIBLE),
        ("network: mine", Fate.IMPOSSIBLE),
        ("build-contexts: src=https://example.com/x.git", Fate.IMPOSSIBLE),
        ("dockerfile: D", Fate.IMPOSSIBLE),
    ],
    ids=lambda value: str(value).partition(":")[0],
)
def test_inputs_of_a_build(migrate_steps, inputs, fate):
    """Each input stays, is written otherwise, is not needed, or keeps the job from being converted; none is lost."""
    steps = CHECKOUT + BUILDX + build("context: .", "tags: me/app:1", inputs)
    text, report = migrate_steps(steps)
    name = inputs.partition(":")[0]
    (found,) = (entry.fate for step in report.steps for entry in step.inputs if entry.name == name)
    assert found is fate
    assert report.is_converted == (fate is not Fate.IMPOSSIBLE)
    assert (inputs in text) == (fate in {Fate.SAME, Fate.IMPOSSIBLE})
    if not report.is_converted:
        assert text == steps


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ("      - uses: docker/bake-action@v5\n", "bake"),
        (BUILDX + "      - run: docker build .\n", "no step builds by"),
        (build("tags: me/app:1", uses="docker/build-push-action@v1"), "move to v6"),
        ("      - { uses: docker/build-push-action@v6, with: { tags: 'me/app:1' } }\n", "one key a line"),
        (BUILDX + build("context: ."), "no tags"),
        (BUILDX + build("context: https://example.com/x.git", "tags: me/app:1"), "lies on a server"),
        (BUILDX + build("context: .", "tags: ${{ steps.x.outputs.tags }}"), "only known in a run"),
        (BUILDX + build("context: .", "tags: me/app@sha256:0"), "digest"),
        (build("context: .", "tags: me/app:1") + "      - run: docker run me/app:1\n", "stays in the engine"),
        (metadata("context: git") + build("context: .", META_TAGS), "goes by the event"),
        (metadata() + metadata(head="") + "      - run: echo $DOCKER_METADATA_OUTPUT_JSON\n", "variables"),
        (metadata() + build("context: .", META_TAGS, "target: ${{ steps.meta.outcome }}"), "outcome"),
        (BUILDX + "        with:\n          driver: cloud\n" + build("context: .", "tags: me/app:1"), "other machines"),
    ],
    ids=lambda value: value.strip()[:40].replace(" ", "_"),
)
def test_a_job_that_is_not_sure_stays(migrate_steps, steps, reason):
    """A job that cannot surely be converted keeps every line, and says why."""
    text, report = migrate_steps(CHECKOUT + steps)
    assert text == CHECKOUT + steps
    assert any(reason in obstacle for obstacle in report.obstacles), report.obstacles


def test_a_step_with_tags_that_would_change_stays(migrate_steps):
    """Where the simulation finds other tags, the job is left as it is, and the tags are told."""
    second = "tags: ${{ fromJSON(steps.meta.outputs.json).tags[1] }}-x"
    steps = CHECKOUT + BUILDX + metadata("tags: type=ref,event=tag") + build("context: .", "push: true", second)
    text, report = migrate_steps(steps)
    assert text == CHECKOUT + BUILDX + metadata("tags: type=ref,event=tag") + build("context: .", "push: true", second)
    assert Verdict.UNKNOWN in {trial.verdict for trial in report.trials}


def test_latest_on_a_prerelease_differs_on_purpose(migrate_steps):
    """Docker's default rules put latest on a release candidate; Tagboat does not, and the report says so."""
    _, report = migrate_steps(CHECKOUT + BUILDX + metadata() + build("context: .", "push: true", META_TAGS))
    (trial,) = (trial for trial in report.trials if trial.event == "tag:v1.2.3-rc.1")
    assert (trial.verdict, trial.old, trial.new) == (
        Verdict.ON_PURPOSE,
        ("me/app:v1.2.3-rc.1", "me/app:latest"),
        ("me/app:v1.2.3-rc.1",),
    )
    assert report.is_converted
