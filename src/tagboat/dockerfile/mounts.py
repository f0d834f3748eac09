"""The value of RUN --mount."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import TypeVar

from tagboat.dockerfile.faults import LanguageError
from tagboat.dockerfile.values import parse_bool, split_fields, suggestion

_Choice = TypeVar("_Choice", bound=StrEnum)


class MountType(StrEnum):
    """What a mount is made of."""

    BIND = "bind"
    CACHE = "cache"
    TMPFS = "tmpfs"
    SECRET = "secret"
    SSH = "ssh"


class Sharing(StrEnum):
    """How builds that run at once share a cache mount."""

    SHARED = "shared"
    PRIVATE = "private"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mount:
    """One mount, variables expanded; empty text and None stand for options that are not given.

    `source` of a bind or cache mount is a path in `from_` (empty: the build context, or an empty cache). `id` of a
    secret is never empty; that of a cache, when empty, is its target. `env` is the variable that a secret goes to; one
    with `env` alone is no file. `mode` holds permission bits.
    """

    type: MountType = MountType.BIND
    from_: str = ""
    source: str = ""
    target: str = ""
    id: str = ""
    env: str = ""
    read_only: bool = True
    required: bool = False
    sharing: Sharing = Sharing.SHARED
    size_bytes: int = 0
    mode: int | None = None
    uid: int | None = None
    gid: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MountFlag:
    """A --mount as written; `from_` is known before any expansion, since no variable may stand in it."""

    text: str
    from_: str = ""

    @classmethod
    def parse(cls, text: str) -> MountFlag:
        """Return the flag, its options checked as far as they hold no variables; raises `LanguageError`."""
        options = _options(text)
        flag = cls(text=text, from_=options.get("from", ""))
        if re.search(r"\$.", flag.from_):
            hint = "name a stage with FROM … AS NAME, and use that name"
            raise LanguageError(f"from={flag.from_}: no variable is expanded in from", hint)
        if not any("$" in value for value in options.values()):
            flag.resolve(str)
        return flag

    def resolve(self, expand: Callable[[str], str]) -> Mount:
        """Return the mount, every value but that of `from` expanded; raises `LanguageError`, and what `expand` does."""
        options = {key: value if key == "from" else expand(value) for key, value in _options(self.text).items()}
        type_ = _choice(MountType, "type", options.pop("type", "bind"))
        for key in options:
            if key not in _KEYS_OF_TYPE[type_]:
                hint = f"{type_} knows {', '.join(_KEYS_OF_TYPE[type_])}"
                raise LanguageError(f"{key} has no meaning for a mount of type {type_}", hint)
        return _checked(_mount(type_, options))


_ALIASES = {
    "src": "source",
    "dst": "target",
    "destination": "target",
    "ro": "readonly",
    "rw": "readwrite",
}
_BARE_KEYS = ("readonly", "readwrite", "required", "env")
_FILE_KEYS = ("id", "mode", "uid", "gid")
_ACCESS_KEYS = ("from", "source", "target", "readonly", "readwrite")
_KEYS_OF_TYPE = {
    MountType.BIND: (*_ACCESS_KEYS, "id"),
    MountType.CACHE: (*_ACCESS_KEYS, *_FILE_KEYS, "sharing"),
    MountType.TMPFS: (*_ACCESS_KEYS, "id", "size"),
    MountType.SECRET: ("source", "target", "readonly", "readwrite", *_FILE_KEYS, "required", "env"),
    MountType.SSH: (*_ACCESS_KEYS, *_FILE_KEYS, "required"),
}
_KEYS = ("type", *dict.fromkeys(key for keys in _KEYS_OF_TYPE.values() for key in keys))
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kmgtp]?)i?b?", re.IGNORECASE | re.ASCII)
_LARGEST_ID = 2**32 - 1
_OCTAL = 8
_BARE = "\0"  # no option's value can hold it


def _options(text: str) -> dict[str, str]:
    """Return the options by their full names, the later of two winning."""
    options: dict[str, str] = {}
    for field in split_fields(text):
        written, equals, value = field.partition("=")
        key = _ALIASES.get(written.lower(), written.lower())
        if key not in _KEYS:
            raise LanguageError(f"--mount has no option {written}", suggestion(written.lower(), (*_KEYS, *_ALIASES)))
        if not equals:
            if key not in _BARE_KEYS:
                raise LanguageError(f"--mount: {written} has no value", f"write {written}=VALUE")
            value = _BARE if key == "env" else "true"
        # Taken out first, so that the order is that of the values that win.
        options.pop(key, None)
        options[key] = value
    return options


def _mount(type_: MountType, options: dict[str, str]) -> Mount:
    return Mount(
        type=type_,
        from_=options.get("from", ""),
        source=options.get("source", ""),
        target=options.get("target", ""),
        id=options.get("id", ""),
        env=options.get("env", ""),
        read_only=_read_only(type_, options),
        required=parse_bool("required", options.get("required", "false")),
        sharing=_choice(Sharing, "sharing", options.get("sharing", "shared")),
        size_bytes=_size(options["size"]) if "size" in options else 0,
        mode=_number(options, "mode", base=_OCTAL),
        uid=_number(options, "uid", base=10),
        gid=_number(options, "gid", base=10),
    )


def _checked(mount: Mount) -> Mount:
    """Check what depends on several options, and settle a secret's id."""
    if mount.type in (MountType.BIND, MountType.CACHE, MountType.TMPFS):
        if not mount.target:
            raise LanguageError(f"a mount of type {mount.type} has no target", "write target=PATH")
        if not mount.target.strip("/"):
            raise LanguageError("a mount's target must not be /", "mount below /")
    if mount.type is not MountType.SECRET:
        return mount
    if mount.source and mount.id:
        raise LanguageError("a secret has both id and source", "give id only")
    identifier = mount.id or mount.source or mount.target.rstrip("/").rpartition("/")[2]
    if not identifier:
        raise LanguageError("a secret has none of id, source and target", "write id=NAME")
    # A bare env names the variable after the secret.
    env = identifier if mount.env == _BARE else mount.env
    return replace(mount, id=identifier, source="", env=env)


def _choice(choices: type[_Choice], key: str, value: str) -> _Choice:
    try:
        return choices(value.lower())
    except ValueError:
        hint = suggestion(value.lower(), tuple(choices))
        raise LanguageError(f"--mount: {key}={value} is not known", hint) from None


def _read_only(type_: MountType, options: dict[str, str]) -> bool:
    """Return the access; the later of readonly and readwrite wins."""
    access = type_ not in (MountType.CACHE, MountType.TMPFS)
    for key, value in options.items():
        if key in ("readonly", "readwrite"):
            access = parse_bool(key, value) is (key == "readonly")
    return access


def _size(text: str) -> int:
    match = _SIZE.fullmatch(text)
    if not match:
        raise LanguageError(f"--mount: size={text} is not a size", "write bytes, or a number with k, m or g")
    return int(Decimal(match[1]) * 1024 ** " kmgtp".index(match[2].lower() or " "))


def _number(options: dict[str, str], key: str, *, base: int) -> int | None:
    text = options.get(key)
    if text is None:
        return None
    digits = "[0-7]+" if base == _OCTAL else "[0-9]+"
    if not re.fullmatch(digits, text) or int(text, base) > _LARGEST_ID:
        raise LanguageError(f"--mount: {key}={text} is not a number to base {base}", f"write {key} in digits")
    return int(text, base)
