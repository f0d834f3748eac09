"""Laws of the tag engine that hold for every text."""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.history import FakeHistory
from tagboat.errors import FaultsError, InputError
from tagboat.flow.context import Context, System
from tagboat.flow.request import TagRequest
from tagboat.flow.tagset import Outcome
from tagboat.oci.reference import Reference, TagName
from tagboat.tags import derive_tags
from tagboat.tags.asked import AskedName
from tagboat.tags.calendar import CalendarPattern
from tagboat.tags.component import component_version
from tagboat.tags.legal import legal_tag
from tagboat.tags.records import split_lines, split_records
from tagboat.tags.regex import Regex
from tagboat.tags.template import Template
from tagboat.versions import Version, is_prerelease

RELAXED = settings(deadline=None)  # the first example loads Jinja2
NOW = datetime(2020, 1, 10, 0, 30, tzinfo=UTC)
NUMBERS = st.integers(0, 30)
IDENTIFIERS = st.sampled_from(["", "-0", "-rc.1", "-rc.2", "-alpha", "-1.2", "-rc.1.x"])
BUILDS = st.sampled_from(["", "+a", "+1"])
VERSIONS = st.builds(
    lambda a, b, c, pre, build: Version.parse(f"{a}.{b}.{c}{pre}{build}"),
    NUMBERS,
    NUMBERS,
    NUMBERS,
    IDENTIFIERS,
    BUILDS,
)
LINES = st.lists(
    st.sampled_from(
        ["type=sha", "type=ref,event=branch", "type=raw,value=", "type=", '"', ",", "{{branch}}", "{{#if tag}}", "{{"]
    )
    | st.text(max_size=8),
    max_size=6,
).map("".join)


@given(st.text(max_size=400) | st.text("abc_-./", min_size=100, max_size=400))
def test_legal_tags_are_legal(text):
    """Whatever text becomes a tag is one that registries take, and is its own legal form."""
    tag = legal_tag(text)
    assert tag is None or (TagName.parse(tag) == tag and legal_tag(tag) == tag)


@given(st.text())
def test_text_without_expressions_stays(text):
    """A template without braces is its own result."""
    plain = text.replace("{", "")
    assert Template.parse(plain).render({}, {}) == plain


@RELAXED
@given(st.text(), st.text())
def test_values_pass_unchanged(before, value):
    """A value comes out of a template sign by sign."""
    before = before.replace("{", "").replace("\\", "")
    assert Template.parse(before + "{{branch}}").render({"branch": value}, {}) == before + value


@RELAXED
@given(LINES)
def test_templates_are_understood_or_refused(source):
    """A template either renders or is refused when it is read."""
    try:
        template = Template.parse(source)
    except InputError:
        return
    template.render({"branch": "b", "tag": "t"}, {"date": NOW, "commit_date": NOW})


@given(st.lists(st.text(st.characters(exclude_characters="\r\ufeff", exclude_categories=["Cs"])), min_size=1))
def test_quoted_fields_come_back(fields):
    """Fields written in quotes are read back as they were."""
    written = ",".join('"' + field.replace('"', '""') + '"' for field in fields)
    assert [record.fields for record in split_records(written)] == [tuple(fields)]


@given(st.text())
def test_no_line_is_empty(text):
    """No record and no line is empty or a comment."""
    assert all(record.line and not record.line.startswith("#") for record in split_records(text))
    assert split_lines(text) or not split_records(text)


@given(VERSIONS, VERSIONS, VERSIONS)
def test_versions_are_totally_ordered(one, two, three):
    """The order of versions is total and agrees with equality."""
    assert (one < two) + (one == two) + (one > two) == 1
    assert not (one <= two <= three) or one <= three


@given(VERSIONS)
def test_versions_survive_writing(version):
    """A version that is written and read again is the same but for its build metadata."""
    again = Version.parse(str(version))
    assert (again.major, again.minor, again.patch, again.prerelease) == (
        version.major,
        version.minor,
        version.patch,
        version.prerelease,
    )
    assert is_prerelease(version.text) == bool(version.prerelease)


@given(st.text("ab1()[]{}|*+?^$\\/.<>-=!:k,dwg", max_size=12), st.text(max_size=10))
def test_patterns_are_compiled_or_refused(source, text):
    """A regular expression either runs or is refused when it is read."""
    try:
        regex = Regex.parse(source)
    except InputError:
        return
    regex.groups(text)


@RELAXED
@given(
    st.lists(LINES, max_size=4).map("\n".join),
    st.sampled_from(["", "refs/heads/a/b", "refs/tags/v1.2.3-rc.1", "refs/pull/7/merge"]),
)
def test_engine_answers_or_refuses(tags, ref):
    """For any rules the engine gives a legal set with a made decision for each name, or an error of ours."""
    context = Context(system=System.GITHUB, event="push", ref=ref, revision="a" * 40)
    try:
        found = derive_tags(TagRequest(tags=tags), context, now=NOW, source_date_epoch=0)
    except (InputError, FaultsError):
        return
    made = [decision.tag.rpartition(":")[2] for decision in found.decisions if decision.outcome is Outcome.MADE]
    assert set(made) == set(found.names)
    assert len(set(found.references)) == len(found.references)
    assert found.version == (found.names[0] if found.names else "")


RULES = st.lists(
    st.builds(
        lambda rule, component, affix: f"{rule}{component}{affix}",
        st.sampled_from(
            [
                "type=semver,pattern={{version}}",
                "type=semver,pattern={{major}}.{{minor}}",
                "type=pep440,pattern={{raw}}",
                "type=match,pattern=.*",
                "type=channel,pattern={{major}}-{{channel}}",
                "type=calver,pattern=YYYY.0M.MICRO",
                "type=calver,pattern=0Y.0W",
                "type=describe,long=true",
            ]
        ),
        st.sampled_from(["", ",component=app", ",component=@me/app"]),
        st.sampled_from(["", ",prefix=-", ",suffix={{tag}}", ",priority=1"]),
    )
    | st.sampled_from(["type=environment", "type=edge", "type=ref,event=branch", "type=ref,event=tag", "type=sha"]),
    min_size=1,
    max_size=5,
).map("\n".join)
REF_NAMES = st.from_regex(
    r"(app[-/@]|@me/app@|)v?[0-9]{1,2}\.[0-9]{1,2}(\.[0-9]{1,2})?(-rc\.1|b2|\+x)?", fullmatch=True
) | st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=150)
HISTORIES = st.none() | st.builds(
    FakeHistory,
    distances=st.dictionaries(REF_NAMES, st.integers(0, 9), max_size=4),
    shallow=st.booleans(),
    dirty=st.booleans(),
)


@RELAXED
@given(RULES, st.sampled_from(["refs/heads/", "refs/tags/"]), REF_NAMES, HISTORIES, st.text(max_size=20))
def test_every_reference_is_legal_and_comes_again(rules, kind, name, history, environment):
    """Whatever the refs and the git tags are called, each reference is legal, and the same input gives the same."""
    context = Context(system=System.GITHUB, event="push", ref=kind + name, revision="a" * 40, commit_time=NOW)
    request = TagRequest(tags=rules, images="ghcr.io/me/app", environment=environment)
    found, again = (derive_tags(request, context, now=NOW, source_date_epoch=None, history=history) for _ in range(2))
    assert found == again
    for reference in found.references:
        assert Reference.parse(str(reference)) == reference
    assert all(decision.reason for decision in found.decisions)


@given(
    st.lists(st.sampled_from(["YYYY", "YY", "0Y", "MM", "0M", "WW", "0W", "DD", "0D"]), min_size=1, max_size=3),
    st.datetimes(datetime(2000, 1, 3), datetime(2999, 12, 20), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis adds it
    st.integers(0, 10**8),
)
def test_calendar_versions_are_read_back(tokens, when, counter):
    """A calendar version fits its own pattern, and gives its counter back for its own date."""
    pattern = CalendarPattern.parse(".".join(["YYYY", *tokens, "MICRO"]))
    version = pattern.write(when, counter)
    assert pattern.version_in(f"v{version}") == version
    assert pattern.counter_of(version, when) == counter


@given(st.sampled_from(["app", "@me/app", "a.b"]), st.sampled_from("-/@"), st.text("v0123456789.-rc", max_size=12))
def test_components_keep_to_themselves(component, separator, rest):
    """A git tag belongs to one component at most, unless the name of one continues the other's."""
    version = component_version(component, f"{component}{separator}{rest}")
    assert version in {None, rest}
    assert component_version(component, f"x{component}{separator}{rest}") is None


@given(st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", fullmatch=True))
def test_every_tag_can_be_asked_about(tag):
    """For any tag there are likely events, each once."""
    events = AskedName.parse(tag).likely_events(Context(system=System.LOCAL), "type=semver,component=app")
    assert len(set(events)) == len(events) > 0
