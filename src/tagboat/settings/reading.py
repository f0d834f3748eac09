"""Read a command's inputs: merge the sources, collect the faults, fill the request."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from tagboat.errors import InputError, TagboatError, raise_faults
from tagboat.flow.commands import BY_NAME as COMMANDS
from tagboat.flow.inputs import BY_NAME, CLOCK_VARIABLE, EMITTED_VARIABLES, INPUTS, inputs_of
from tagboat.flow.request import Credentials, Request, TagRequest
from tagboat.oci.reference import DOCKER_HUB
from tagboat.secret import Secret
from tagboat.settings.checks import NO_OUTPUT_ENV, combination_faults, environment_faults, epoch_seconds
from tagboat.settings.file import SettingsFile
from tagboat.settings.given import Given
from tagboat.settings.positionals import Positionals
from tagboat.settings.run_secrets import join_secrets
from tagboat.settings.sources import merge_sources
from tagboat.settings.values import parse_value

_FIELDS = {field.name for field in dataclasses.fields(Request)}
_TAGGING = ("images", "tags", "flavor", "labels", "annotations", "environment")


def read_request(
    command: str, flags: Mapping[str, Sequence[str]], positionals: Sequence[str], environ: Mapping[str, str], cwd: Path
) -> Request:
    """Return what the user asks of `command`.

    `flags` maps the name of each flag, without its dashes, to its values in order; a flag alone has its `Input.bare`
    value. Raises `InputError`, or `FaultsError` with all that is wrong.
    """
    _require_built(command)
    named = Positionals.read(command, positionals, cwd)
    given = _given_flags(flags, named.context)
    file = SettingsFile.find(_context_folder(given, environ), cwd)
    read = merge_sources(
        command, flags=given, environ=environ, file=file, parse=lambda entry, value: parse_value(entry, value, cwd)
    )
    build_args = read.get("build-args")
    read["source-date-epoch"] = epoch_seconds(environ, build_args if isinstance(build_args, dict) else {})
    values = {name: value for name, value in read.items() if not isinstance(value, TagboatError | Given)}
    joined = join_secrets(values, environ)
    request = dataclasses.replace(
        _fill(command, values, environ),
        secrets=joined.secrets,
        asked=named.asked,
        layout=named.layout,
        workflow=named.workflow,
        references=named.references,
        warnings=(*_unknown_variables(environ), *_value_warnings(values, environ), *joined.warnings),
    )
    faults = [*named.faults, *_value_faults(command, read), *joined.faults, *combination_faults(request)]
    raise_faults([*faults, *environment_faults(environ)])
    return _with_repository(request) if request.all_tags else request


def _with_repository(request: Request) -> Request:
    """Return the request of `push --all-tags`, whose one reference is a repository."""
    return dataclasses.replace(request, repository=str(request.references[0].repository), references=())


def _value_faults(command: str, read: Mapping[str, Any]) -> Iterator[TagboatError]:
    for name, value in read.items():
        if isinstance(value, TagboatError):
            yield value
        elif isinstance(value, Given):
            yield _unknown(command, name, value)


def _require_built(command: str) -> None:
    known = COMMANDS.get(command)
    if known is None:
        raise InputError(f"{command!r} is no command", _nearest(command, COMMANDS) or "see tagboat --help")
    if not known.built:
        built = ", ".join(name for name, entry in COMMANDS.items() if entry.built)
        raise InputError(f"the command {command} is not built yet", f"this release has {built}")


def _given_flags(flags: Mapping[str, Sequence[str]], context: str) -> dict[str, Given]:
    """Return what the command line gives; empty values are absent, the positional is one more `--context`."""
    texts = {name: [text for text in values if text.strip()] for name, values in flags.items()}
    if context:
        texts["context"] = [*texts.get("context", ()), context]
    return {name: _given_flag(name, tuple(found)) for name, found in texts.items() if found}


def _given_flag(name: str, texts: tuple[str, ...]) -> Given:
    entry = BY_NAME.get(name)
    if entry and entry.secret:
        problem, hint = (
            "there is no such flag: every process of the machine could read it",
            f"set {entry.variables[-1]}",
        )
        return Given(source=f"--{name}", problem=problem, hint=hint)
    return Given(texts=texts, source=f"--{name}")


def _context_folder(given: Mapping[str, Given], environ: Mapping[str, str]) -> Path:
    """Return the build context as far as flags and variables name it: it may hold the file."""
    if "context" in given:
        return Path(given["context"].texts[-1].strip())
    return Path(next((text for name in BY_NAME["context"].variables if (text := environ.get(name, "").strip())), ""))


def _fill(command: str, values: Mapping[str, Any], environ: Mapping[str, str]) -> Request:
    direct = {name.replace("-", "_"): value for name, value in values.items() if name.replace("-", "_") in _FIELDS}
    build_args = {
        name: environ.get(name) if text is None else text for name, text in direct.get("build_args", {}).items()
    }
    if direct.get("source_date_epoch") is not None:  # buildx too hands the variable on to `ARG SOURCE_DATE_EPOCH`
        build_args["SOURCE_DATE_EPOCH"] = str(direct["source_date_epoch"])
    direct["shm_size_bytes"] = values.get("shm-size", 0)
    direct["build_args"] = {name: text for name, text in build_args.items() if text is not None}
    tagging = TagRequest(
        **{name: values[name] for name in _TAGGING if name in values},
        pr_head_sha="true" in environ.get("DOCKER_METADATA_PR_HEAD_SHA", "").lower(),
        short_sha_length=environ.get("DOCKER_METADATA_SHORT_SHA_LENGTH", ""),
        annotation_levels=environ.get("DOCKER_METADATA_ANNOTATIONS_LEVELS", ""),
        several_platforms=len(direct.get("platforms", ())) > 1,
    )
    direct["sets_environment"] = environ.get("DOCKER_METADATA_SET_OUTPUT_ENV", "").strip() not in NO_OUTPUT_ENV
    return Request(command=command, tagging=tagging, credentials=_credentials(values), **direct)


def _credentials(values: Mapping[str, Any]) -> tuple[Credentials, ...]:
    """Return the registry's credentials; an empty password is kept, for it is the sign of a secret that is not set."""
    if not {"username", "password"} & values.keys():
        return ()
    return (
        Credentials(
            registry=values.get("registry", DOCKER_HUB),
            username=values.get("username", ""),
            password=values.get("password", Secret("")),
        ),
    )


def _unknown(command: str, name: str, given: Given) -> InputError:
    if given.problem:
        return given.fault(name, given.problem, given.hint)
    if name in BY_NAME:
        takers = ", ".join(BY_NAME[name].commands)
        return given.fault(name, f"{command} takes no such input", f"it belongs to {takers}")
    candidates = BY_NAME if given.line else [entry.name for entry in inputs_of(command)]
    return given.fault(name, "there is no such input", _nearest(name, candidates) or f"see tagboat {command} --help")


def _nearest(word: str, words: Iterable[str]) -> str:
    found = get_close_matches(word, list(words), n=1)
    return f"did you mean {found[0]}?" if found else ""


def _unknown_variables(environ: Mapping[str, str]) -> Iterator[str]:
    """Yield a warning for each variable that looks like an input and is none."""
    known = {variable for entry in INPUTS for variable in entry.variables} | {*EMITTED_VARIABLES, CLOCK_VARIABLE}
    for prefix in ("INPUT_", "TAGBOAT_"):
        candidates = sorted(variable for variable in known if variable.startswith(prefix))
        for name in sorted(environ.keys() - known):
            if name.startswith(prefix) and environ[name].strip():
                yield f"{name}: there is no such input. {_nearest(name, candidates)}".rstrip()


def _value_warnings(values: Mapping[str, Any], environ: Mapping[str, str]) -> Iterator[str]:
    """Yield a warning for each input that has no effect, and for each build argument that stays unset."""
    for name, value in values.items():
        if name in BY_NAME and BY_NAME[name].unneeded:
            yield f"{name}: not needed here: {BY_NAME[name].unneeded} (from {value})"
    for name, text in values.get("build-args", {}).items():
        if text is None and name not in environ:
            yield f"build-args: {name} has no value, and the environment has none either: it stays unset"
