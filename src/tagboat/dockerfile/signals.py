"""The signals of STOPSIGNAL."""

from __future__ import annotations

import re

from tagboat.dockerfile.faults import LanguageError
from tagboat.dockerfile.values import suggestion

# As signal(7) lists them for Linux, with the older names CLD, IOT and POLL.
_NAMES = re.findall(
    r"\w+",
    "ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP"
    " TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX",
)
_REAL_TIME = re.compile(r"RTMIN\+(?:[1-9]|1[0-5])|RTMAX-(?:[1-9]|1[0-4])")
_LARGEST = 64


def check_signal(text: str) -> str:
    """Return the text if it is a Linux signal: a name, with or without SIG, or a number; raises `LanguageError`."""
    if re.fullmatch(r"[0-9]{1,4}", text):
        if 1 <= int(text) <= _LARGEST:
            return text
        raise LanguageError(f"there is no signal {text}", f"write a number from 1 to {_LARGEST}, or a name")
    name = text.upper().removeprefix("SIG")
    if name not in _NAMES and not _REAL_TIME.fullmatch(name):
        raise LanguageError(f"there is no signal {text!r}", suggestion(name, _NAMES, prefix="SIG"))
    return text
