"""The inputs of docker/build-push-action, each as what Tagboat's step takes in its place."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tagboat.errors import InputError
from tagboat.flow.inputs import BY_NAME, Input, Peer
from tagboat.flow.migration import Fate, InputFate
from tagboat.tools.migrate.document import Entry, Step
from tagboat.tools.migrate.expressions import names_used, whole_expression

# What costs time when it is missing, and changes nothing about the image.
_SAVES_TIME_ONLY = frozenset({"cache-from", "cache-to", "no-cache-filters"})
_NO_USE = {
    "github-token": "no commit is fetched from the server",
    "builder": "there are no builder instances",
}
_NO_COUNTERPART = {"call": "Tagboat's call is always a build", "attests": "attestations are not built yet"}
_SPLIT = re.compile(r"[,\n](?![^$]*?\}\})")
_EXPRESSIONS = re.compile(r"\$\{\{.*?\}\}", re.DOTALL)
_REMOTE = ("http://", "https://", "git://", "git@", "ssh://", "github.com/")
_DEFAULT_CONTEXT = "{{defaultContext}}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """One input of the new step; `entry` when its lines are taken over as they are."""

    name: str
    value: str
    entry: Entry | None = None


@dataclass(slots=True, kw_only=True)
class Translated:
    """The inputs of a new step, and what became of each of the old."""

    given: list[Given] = field(default_factory=list)
    fates: list[InputFate] = field(default_factory=list)

    def keep(self, step: Step, name: str) -> None:
        """Take an input over as it is written."""
        self.given.append(given(step, name))
        self.fates.append(InputFate(name=name, fate=Fate.SAME))

    def change(self, name: str, reason: str, *new: Given) -> None:
        """Write something else in place of an input."""
        self.given += new
        self.fates.append(InputFate(name=name, fate=Fate.CHANGED, reason=reason))

    def drop(self, name: str, reason: str) -> None:
        """Leave out an input that has no use any more."""
        self.fates.append(InputFate(name=name, fate=Fate.UNNEEDED, reason=reason))

    def refuse(self, name: str, reason: str) -> None:
        """Say that an input has no counterpart: the job stays as it is."""
        self.fates.append(InputFate(name=name, fate=Fate.IMPOSSIBLE, reason=reason))

    @property
    def obstacles(self) -> Iterator[str]:
        """What is not possible, in words for people."""
        return (f"{entry.name}: {entry.reason}" for entry in self.fates if entry.fate is Fate.IMPOSSIBLE)


Resolve = Callable[[str], tuple[str, bool]]
"""Gives the value of a text on a likely event, and whether all of it is known before a run."""


def translate_build(step: Step, resolve: Resolve) -> Translated:
    """Return the inputs of the Tagboat step that takes the place of a build-push step, its tags and labels aside."""
    translated = Translated()
    values = step.table("with")
    for name, text in values.items():
        if name not in {"tags", "labels", "annotations"}:
            _translate(translated, step, name, text, resolve)
    if "context" not in values:
        translated.change("context", "without one the commit on the server was built, now the checked-out files are")
    if not any(entry.name == "push" for entry in translated.given):
        translated.given.append(Given(name="push", value="false"))
        if "push" not in values:
            translated.change("push", "Tagboat's default is auto, which pushes; docker's is false")
    return translated


def given(step: Step, name: str) -> Given:
    """Return an input of a step as it is written."""
    block = step.entry("with")
    entry = next((entry for entry in block.inner if entry.key.lower() == name), None) if block else None
    return Given(name=name, value=step.table("with")[name], entry=entry if entry and entry.owns_lines else None)


def split_items(text: str) -> list[str]:
    """Return the items of a list input as build-push-action parts them: by lines and commas, none in an expression."""
    return [item.strip().strip('"') for item in _SPLIT.split(text) if item.strip().strip('"')]


def translate_tags(items: list[str], resolve: Resolve) -> list[str]:
    """Return the lines for names that are given in full; raises `InputError` for one that is not known to be one."""
    return [_full_name(item, resolve) for item in items]


def _full_name(item: str, resolve: Resolve) -> str:
    value, is_known = resolve(item)
    if not is_known and ":" not in _EXPRESSIONS.sub("x", item).rpartition("/")[2]:
        raise InputError(f"{item} is only known in a run, so what it names is not", "")
    if is_known and len(split_items(value)) != 1:
        raise InputError(f"{item} gives {len(split_items(value))} names, which commas may not part here", "")
    if "@" in value:
        raise InputError(f"{item} names a digest", "")
    has_tag = ":" in value.rpartition("/")[2]
    return item if has_tag else f"{item}:latest"


def _translate(translated: Translated, step: Step, name: str, text: str, resolve: Resolve) -> None:
    entry = BY_NAME.get(name)
    match name:
        case _ if not text.strip():
            translated.drop(name, "it is empty")
        case _ if entry is None or Peer.BUILD not in entry.peers:
            translated.refuse(name, "docker/build-push-action has no such input today")
        case "context":
            _context(translated, step, text, resolve)
        case "file" if folder := _folder_on_server(step):
            file = posixpath.normpath(posixpath.join(folder, text))
            translated.change(name, "paths start at the checkout", Given(name=name, value=file))
        case "outputs":
            _outputs(translated, text)
        case "github-token" | "builder":
            translated.drop(name, _NO_USE[name])
        case "call" | "attests" if text != "build":
            translated.refuse(name, _NO_COUNTERPART[name])
        case "build-contexts" if any(not _is_local(item) for item in text.splitlines() if item.strip()):
            translated.refuse(name, "a named context is a folder, docker-image:// or oci-layout:// here")
        case _:
            _by_table(translated, step, entry, text)


def _by_table(translated: Translated, step: Step, entry: Input, text: str) -> None:
    if entry.unneeded and text.lower() not in entry.choices:
        translated.drop(entry.name, entry.unneeded)
    elif entry.built or text.lower() in entry.neutral:
        if entry.choices and not whole_expression(text) and text.lower() not in entry.choices:
            translated.refuse(entry.name, f"{text} is none of {', '.join(entry.choices)}")
        else:
            translated.keep(step, entry.name)
    elif entry.name in _SAVES_TIME_ONLY:
        translated.drop(entry.name, "Tagboat keeps no build cache yet: every step is built anew")
    else:
        translated.refuse(entry.name, f"Tagboat has not built it yet: {entry.instead}")


def _is_local(item: str) -> bool:
    value = item.partition("=")[2].strip()
    return value.startswith(("docker-image://", "oci-layout://")) or not (
        "://" in value or value.startswith(("target:", "git@"))
    )


def _context(translated: Translated, step: Step, text: str, resolve: Resolve) -> None:
    value, _ = resolve(text)
    if value.startswith(_REMOTE):
        translated.refuse("context", f"{text} lies on a server; Tagboat builds folders")
    elif not text.startswith(_DEFAULT_CONTEXT):
        translated.keep(step, "context")
    else:
        folder = _folder_on_server(step)
        new = [Given(name="context", value=folder)] if folder else []
        translated.change("context", "the checked-out files are built, not the commit on the server", *new)


def _folder_on_server(step: Step) -> str:
    """Return the folder of the commit that a step builds, empty for the whole commit or for a local folder."""
    context = step.table("with").get("context", "")
    return context.removeprefix(_DEFAULT_CONTEXT).removeprefix(":") if context.startswith(_DEFAULT_CONTEXT) else ""


def reads_server(step: Step) -> bool:
    """Tell whether a build-push step builds the commit on the server and no folder of the runner."""
    context = step.table("with").get("context", "").strip()
    return not context or context.startswith(_DEFAULT_CONTEXT)


def _outputs(translated: Translated, text: str) -> None:
    """Translate BuildKit's exporters: an image that is pushed or not, or an archive in OCI's form."""
    items = [item.strip() for item in text.splitlines() if item.strip()]
    fields = dict(field.partition("=")[::2] for field in items[0].split(",")) if len(items) == 1 else {}
    kind = fields.pop("type", "")
    if whole_expression(text) or names_used(kind):
        translated.refuse("outputs", "it is only known in a run")
    elif len(items) != 1:
        translated.refuse("outputs", "several exporters have no counterpart")
    elif kind == "oci" and fields.keys() == {"dest"} and fields["dest"].endswith(".tar"):
        translated.change("outputs", "it is output: FILE.tar here", Given(name="output", value=fields["dest"]))
    elif kind in {"image", "registry"}:
        _image_output(translated, kind, fields)
    else:
        translated.refuse("outputs", f"Tagboat has no exporter type={kind}" if kind else f"{text!r} names no exporter")


def _image_output(translated: Translated, kind: str, fields: dict[str, str]) -> None:
    push = fields.pop("push", "true" if kind == "registry" else "")
    level = fields.pop("compression-level", "")
    for harmless in ("oci-mediatypes", "rewrite-timestamp", "force-compression"):
        fields.pop(harmless, "")
    new = [Given(name="push", value=push)] if push else []
    codec = fields.pop("compression", "")
    if codec == "zstd":
        new.append(Given(name="compression", value=f"zstd:{level or 3}"))
    elif codec not in {"", "gzip"}:
        fields["compression"] = codec
    if fields.keys() & {"push-by-digest", "name-canonical"}:
        translated.refuse("outputs", "a push by digest alone, to be joined by another job, is not built yet")
    elif fields:
        translated.refuse("outputs", f"{', '.join(sorted(fields))} has no counterpart")
    else:
        translated.change("outputs", "an image is what Tagboat makes; push says whether it is pushed", *new)
