"""What Tagboat's own image is made of: packages of Debian, which of their files it takes, and what is added."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import PurePosixPath

HOME = "/tagboat"
PYTHON = "python3.13"
LIBRARIES = "lib/python3/dist-packages"  # where Debian's Python looks, below its prefix

DEBIAN = (
    "python3.13-minimal", "libpython3.13-minimal", "libpython3.13-stdlib",
    "libbz2-1.0", "libexpat1", "libffi8", "liblzma5", "libssl3t64", "libzstd1", "zlib1g",  # for Python
    "git", "libpcre2-8-0",
    "libc6", "libgcc-s1", "gcc-14-base",  # the last has the licence of the one before
    "busybox-static",
)  # fmt: skip
PROGRAMS = {PYTHON, "git", "busybox"}
SHARED = tuple(
    f"lib{name}.so*"
    for name in (
        "bz2", "c", "crypto", "dl", "expat", "ffi", "gcc_s", "lzma", "m", "pcre2-8", "pthread", "resolv", "rt", "ssl",
        "util", "z", "zstd",
    )
)  # fmt: skip
# Python's own tests, what needs a screen or a library that is not here, and what installs into the system.
UNWANTED = (
    "test/*", "turtle*", "pydoc_data/*", "_pyrepl/*", "curses/*", "sqlite3/*", "dbm/*", "ensurepip/*",
    "sitecustomize.py", "EXTERNALLY-MANAGED", "lib-dynload/_*test*", "lib-dynload/xx*",
    *(f"lib-dynload/{name}.*" for name in ("_curses", "_curses_panel", "_dbm", "_sqlite3", "_uuid", "readline")),
)  # fmt: skip

# What a shell script of a CI job may count on: names of BusyBox that are links to it.
APPLETS = (
    "sh", "ash", "[", "awk", "base64", "basename", "cat", "chmod", "chown", "cmp", "cp", "cut", "date", "dd", "df",
    "diff", "dirname", "du", "echo", "env", "expr", "false", "find", "grep", "gunzip", "gzip", "head", "hostname", "id",
    "install", "kill", "ln", "ls", "md5sum", "mkdir", "mkfifo", "mktemp", "mv", "nproc", "od", "paste", "pidof",
    "printf", "ps", "pwd", "readlink", "realpath", "rm", "rmdir", "sed", "seq", "sha1sum", "sha256sum", "sha512sum",
    "sleep", "sort", "stat", "sync", "tac", "tail", "tar", "tee", "test", "timeout", "touch", "tr", "true", "tty",
    "uname", "uniq", "unxz", "unzip", "wc", "which", "whoami", "xargs", "xxd", "xz", "yes",
)  # fmt: skip

# /busybox is where GitLab's runner looks last for a shell; it finds none that is not at one of its seven places.
LINKS = {"bin/python3": PYTHON, "etc/ca-certificates.crt": f"../{LIBRARIES}/certifi/cacert.pem"}
OUTSIDE = {"busybox": "tagboat/busybox"}

# A job's container reads one checkout, often another user's, and git would refuse it (CVE-2022-24765).
GITCONFIG = "[safe]\n\tdirectory = *\n"
STARTER = f"#!{HOME}/bin/python3 -I\nimport sys\n\nfrom tagboat.cli.main import main\n\nsys.exit(main())\n"


def place_of(path: PurePosixPath, loader: str) -> str:
    """Return where a file of Debian lies below our folder; empty for one that is left out."""
    match path.parts:
        case ("usr", "bin", name) if name in PROGRAMS:
            return f"bin/{name}"
        case ("usr", "lib", python, *rest) if python == PYTHON:
            inner = "/".join(rest)
            return "" if any(fnmatch(inner, pattern) for pattern in UNWANTED) else f"lib/{PYTHON}/{inner}"
        case ("usr", "lib", folder, name) if folder.endswith("-linux-gnu"):
            return f"lib/{name}" if any(fnmatch(name, pattern) for pattern in (loader, *SHARED)) else ""
        case ("usr", "share", "doc", package, "copyright"):
            return f"share/doc/{package}/copyright"
        case _:
            return ""
