"""Expressions: which are understood, what they give, which are refused."""

from datetime import UTC, datetime

import pytest

from tagboat.errors import InputError
from tagboat.tags.handlebars import Scope, nearest_name
from tagboat.tags.template import Template

NOW = datetime(2020, 1, 10, 0, 30, tzinfo=UTC)
VALUES = {
    "branch": "feat/a&b<\"'\\n{{sha}}{% if %}😀",
    "tag": "v1",
    "sha": "860c190",
    "base_ref": "",
    "is_default_branch": False,
    "is_not_default_branch": True,
}


def _render(source):
    return Template.parse(source).render(VALUES, {"date": NOW, "commit_date": NOW})


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("plain }} {% raw %} {# x #}", "plain }} {% raw %} {# x #}"),
        ("{{tag}}-{{ sha }}", "v1-860c190"),
        ("{{{tag}}}{{&tag}}{{this.tag}}{{./tag}}", "v1v1v1v1"),
        ("a {{~tag~}} b", "av1b"),
        ("a{{! it's }}b{{!-- {{tag}} --}}c", "abc"),
        ("{{! alone }}", ""),
        (r"\{{tag}} {{tag}}", "{{tag}} v1"),
        (r"\\{{tag}}", r"\v1"),
        ("{{is_default_branch}} {{is_not_default_branch}}", "false true"),
        ("{% x %}{{tag}}{# y #}", "{% x %}v1{# y #}"),
        ("{{date 'YYYYMMDD-HHmmss' tz='Asia/Tokyo'}}", "20200110-093000"),
        ('{{commit_date "YYYY"}}', "2020"),
        ("{{date '[it\\'s }}] YYYY'}}", "it's }} 2020"),
    ],
)
def test_renders(source, text):
    """Names, dates, comments, escapes and white space control are metadata-action's."""
    assert _render(source) == text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{{#if tag}}t{{else}}b{{/if}}", "t"),
        ("{{#if is_default_branch}}t{{else}}b{{/if}}", "b"),
        ("{{#if base_ref}}a{{else if sha}}b{{else}}c{{/if}}", "b"),
        ("{{#unless base_ref}}a{{#if tag}}{{tag}}{{/if}}{{/unless}}", "av1"),
        ("{{#if tag}}a{{^}}b{{/if}}", "a"),
    ],
)
def test_blocks_are_truthful(source, text):
    """An empty text and a false fact are not taken by `{{#if}}`."""
    assert _render(source) == text


def test_values_are_never_escaped_nor_evaluated():
    """A value stands in the result sign by sign, whatever template language it looks like."""
    assert _render("{{branch}}") == VALUES["branch"]


def test_unknown_names_are_empty_and_told():
    """A plain name that is not known gives nothing and is on the list of unknown ones."""
    template = Template.parse("{{Branch}}x{{tag}}")
    assert template.render(VALUES, {}) == "x" + VALUES["tag"]
    assert (template.unknown, template.names) == (("Branch",), {"tag"})
    assert nearest_name("Branch") == "branch"
    assert nearest_name("is-default-branch") == "is_default_branch"


@pytest.mark.parametrize(
    "source",
    [
        "{{tag",
        "{{tag}",
        "{{}}",
        "{{ .X }}",
        "{{upper branch}}",
        "{{branch | upper}}",
        "{{date}}",
        "{{date YYYY}}",
        "{{date 'YYYY' zone='UTC'}}",
        "{{date 'YYYY' tz='Nope/Zone'}}",
        "{{#if tag}}x",
        "{{/if}}",
        "{{else}}",
        "{{#if tag}}a{{/unless}}",
        "{{#if tag}}a{{else}}b{{else}}c{{/if}}",
        "{{#each tag}}x{{/each}}",
        "{{#if (lookup this 'tag')}}x{{/if}}",
        "{{> partial}}",
    ],
)
def test_refused(source):
    """Bad syntax, unknown helpers, attributes and time zones are found before anything is rendered."""
    with pytest.raises(InputError) as error:
        Template.parse(source)
    assert error.value.hint


def test_scopes():
    """A version's pattern knows the parts of the version and no dates, a schedule's only dates."""
    assert Template.parse("v{{major}}{{sha}}", Scope.VERSION).render({"major": 0}, {}) == "v0"
    assert Template.parse("{{date 'YYYY'}}{{sha}}", Scope.SCHEDULE).render({}, {"date": NOW}) == "2020"
    with pytest.raises(InputError, match="no helper 'date'"):
        Template.parse("{{date 'YYYY'}}", Scope.VERSION)


@pytest.mark.parametrize(
    ("source", "alone"), [("{{raw}}", True), ("{{ raw }}", True), ("{{{raw}}}", True), ("v{{raw}}", False)]
)
def test_raw_alone(source, alone):
    """Only the one expression raw, spaces aside, is raw alone."""
    assert Template.parse(source, Scope.VERSION).is_raw_alone is alone
