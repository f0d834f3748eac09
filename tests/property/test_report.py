"""Laws of what reports make of any text."""

from __future__ import annotations

import io
import re

from hypothesis import given
from hypothesis import strategies as st

from tagboat.errors import InputError, Location
from tagboat.report import GitHubProgress, GitLabProgress, printable
from tagboat.report.escaping import command_data, command_property, harmless, markdown, visible

# Text that is more likely than random text to be a command or a mark.
TEXTS = st.lists(st.sampled_from(["::", "##[", "]", "|", "`", "<", "\\", "\n", "\r", " ", "%0A", "\x1b", "a"])).map(
    "".join
)
COMMAND = re.compile(r"\s*::|.*##\[", re.DOTALL)

SECTION = re.compile(r"\x1b\[0Ksection_(start|end):\d+:([\w.-]+)(?:\[.*?\])?\r\x1b\[0K")
SECTION_PARTS = [
    "\x1b[0K",
    "section_start:1:x",
    "section_end:1:tagboat_1",
    "[collapsed=true]",
    "\r",
    "\n",
    "\x1b[31m",
    "a",
]
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


def lines_of(log: str) -> list[str]:
    """Return the lines of a log as the runner reads them."""
    return re.split(r"\r\n|\r|\n", log)


@given(TEXTS | st.text())
def test_visible_text_is_one_printable_line(text: str) -> None:
    """Whatever comes in, one line without control codes comes out."""
    assert visible(text).isprintable()


@given(TEXTS | st.text())
def test_a_harmless_line_is_no_command(text: str) -> None:
    """No visible line is a command of either form once it is made harmless."""
    assert not COMMAND.match(harmless(visible(text)))


@given(TEXTS | st.text())
def test_markdown_of_any_text_stays_in_its_cell(text: str) -> None:
    """No character that means something to Markdown or HTML is left but the entities' own."""
    escaped = re.sub(r"&#\d+;", "", markdown(text))
    assert not re.search(r"""[&<>"'\\`*_{}\[\]|~$#\r\n]""", escaped)


@given(TEXTS | st.text())
def test_the_runner_reads_back_what_a_command_says(text: str) -> None:
    """Escapes are undone by the runner's rules: the codes one by one, the percent sign last."""
    data = command_data(text).replace("%0D", "\r").replace("%0A", "\n").replace("%25", "%")
    assert data == text
    assert not set("\r\n") & set(command_data(text))
    assert not set("\r\n:,") & set(command_property(text))


@given(TEXTS, TEXTS, TEXTS)
def test_only_our_own_commands_reach_the_log(title: str, text: str, path: str) -> None:
    """A run with any texts is one group, one warning and one error to the runner."""
    stream = io.StringIO()
    console = GitHubProgress(stream, token=lambda: "word", verbose=True)
    location = Location(file=path, line=1, column=1, text=text)
    with console.group(title):
        console.info(text)
        console.detail(text)
    console.warn(text, title, location=location)
    console.error(InputError(text, title, location=location))
    commands = [line.split("::")[1].split(" ")[0] for line in lines_of(stream.getvalue()) if COMMAND.match(line)]
    assert commands == ["group", "endgroup", "warning", "error"]


@given(TEXTS, st.lists(st.sampled_from(SECTION_PARTS)).map("".join))
def test_only_our_own_sections_reach_the_log(text: str, forged: str) -> None:
    """Any texts and foreign output are one section to GitLab's viewer, without control codes but colours."""
    stream = io.StringIO()
    console = GitLabProgress(stream, now=lambda: 1.0, verbose=True)
    with console.group(text + forged):
        console.info(text + forged)
        console.output((text + forged).encode())
    console.warn(forged, text, location=Location(file=forged, line=1, column=1, text=forged))
    console.error(InputError(forged, text))
    log = stream.getvalue()
    assert [kind for kind, _ in SECTION.findall(log)] == ["start", "end"]
    assert not set("\x1b\r") & set(COLOUR.sub("", SECTION.sub("", log)))


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json_data_is_shown_as_it_is(value: object) -> None:
    """What is JSON data already comes back unchanged."""
    assert printable(value) == value
