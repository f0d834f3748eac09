#!/usr/bin/env python3
"""Run tagboat from a checkout: find or make its private environment, then hand over in this process.

Standard library only, and no syntax that Python 3.6 cannot read, so that an old Python can find a newer one or say
what is wrong. Modules that most runs do not need are imported where they are used: a second call pays for none.
"""

import os
import stat
import sys

TYPE_CHECKING = False  # typing costs 10 ms of start-up
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = os.path.dirname(os.path.realpath(__file__))
SOURCE = os.path.join(ROOT, "src")
LOCK = os.path.join(ROOT, "requirements.lock")

# The way out for a machine with neither uv, nor pip, nor ensurepip: pip itself, as the one file it is published as.
PIP_WHEEL = "pip-26.3-py3-none-any.whl"
PIP_WHEEL_SHA256 = "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13"
DEFAULT_INDEX = "https://pypi.org/simple"

# What an installer may see of the environment: where to find packages and how to get there, and no secret of the job.
FOR_INSTALLERS = frozenset(
    "PATH HOME TMPDIR USER LOGNAME LANG LC_ALL LD_LIBRARY_PATH NETRC XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME"
    " HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY http_proxy https_proxy all_proxy no_proxy"
    " SSL_CERT_FILE SSL_CERT_DIR REQUESTS_CA_BUNDLE CURL_CA_BUNDLE"
    " PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_FIND_LINKS PIP_NO_INDEX PIP_CERT PIP_CLIENT_CERT PIP_TRUSTED_HOST"
    " PIP_PROXY PIP_RETRIES PIP_TIMEOUT PIP_DEFAULT_TIMEOUT PIP_CONFIG_FILE PIP_CACHE_DIR PIP_NO_CACHE_DIR"
    " PIP_KEYRING_PROVIDER"
    " UV_DEFAULT_INDEX UV_INDEX UV_INDEX_URL UV_EXTRA_INDEX_URL UV_FIND_LINKS UV_NO_INDEX UV_INDEX_STRATEGY"
    " UV_INSECURE_HOST UV_NATIVE_TLS UV_SYSTEM_CERTS UV_HTTP_TIMEOUT UV_HTTP_RETRIES UV_CACHE_DIR UV_NO_CACHE"
    " UV_OFFLINE UV_CONFIG_FILE UV_KEYRING_PROVIDER UV_LINK_MODE".split()
)

# An installer's own words for what went wrong, what we say, and the smallest next act.
CAUSES = (
    (
        "DO NOT MATCH THE HASHES|Hash mismatch",
        "a package is not the one that requirements.lock names (its hash differs)",
        "find out who serves it (index, mirror, proxy); do not go round this check",
    ),
    (
        "No space left on device",
        "there is no disk space left for the Python environment",
        "free 100 MB, or set RUNNER_TOOL_CACHE to a folder on a larger disk",
    ),
    (
        "(?i)resolution|dns error|connection|timed? ?out|proxy|failed to fetch|error sending|unreachable|certificate",
        "the package index cannot be reached",
        "check the network, HTTPS_PROXY and PIP_CERT, or set PIP_INDEX_URL to an index that this machine reaches",
    ),
    (
        "No matching distribution|no wheels|no usable wheels|was not found in the",
        "a package of requirements.lock is not to be had as a wheel for this Python",
        "use CPython 3.11 to 3.14 on Linux or macOS, and an index that has every wheel of requirements.lock",
    ),
)


class CannotError(Exception):
    """This machine cannot run tagboat: a problem, and the smallest next act."""

    def __init__(self, problem: str, hint: str) -> None:
        super().__init__(problem)
        self.hint = hint


def main(argv: "list[str]") -> int:
    """Run the command that `argv` names; return its exit code, 11 when there is no environment to run it in."""
    try:
        if sys.version_info < (3, 11):
            restart(argv)
        environment = find_environment()
        if environment is None and not asks_for_help(argv):
            environment = make_environment()
    except CannotError as error:
        say("error: " + str(error))
        say("hint: " + error.hint)
        return 11
    except KeyboardInterrupt:
        say("interrupted")
        return 130
    return hand_over(environment, argv or ["run"])


def say(line: str) -> None:
    """Write one line to stderr; stdout belongs to the command."""
    sys.stderr.write("tagboat: %s\n" % line)


def asks_for_help(argv: "list[str]") -> bool:
    """Tell whether `argv` asks for help or the version, which need no library."""
    words = argv[: argv.index("--")] if "--" in argv else argv
    return any(word in ("-h", "--help", "--version") for word in words)


def hand_over(environment: "str | None", argv: "list[str]") -> int:
    """Run the command line in this process; a second interpreter would cost more than the whole of our own start."""
    libraries = [os.path.join(environment, "lib")] if environment else []
    inherited = [path for path in sys.path if path not in ("", ROOT) and not path.endswith("-packages")]
    sys.path[:] = [SOURCE, *libraries, *inherited]
    sys.argv = ["tagboat", *argv]
    # The checkout may be read-only, and stays as it was: bytecode goes to the environment, or nowhere.
    sys.dont_write_bytecode = environment is None
    sys.pycache_prefix = os.path.join(environment, "bytecode") if environment else None
    from tagboat.cli.main import main as command_line

    return command_line()


def environment_name() -> str:
    """Return the folder name that only a fitting environment has: its lock, Python, CPU and C library are in it."""
    import hashlib
    from importlib.machinery import EXTENSION_SUFFIXES

    try:
        libc = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (OSError, ValueError):  # musl and macOS do not know the name
        libc = ""
    machine = os.uname().machine  # macOS does not say it in the suffixes
    with open(LOCK, "rb") as lock:
        key = hashlib.sha256(lock.read())
    # The suffixes hold the implementation, the version and its flags: `.cpython-313t-x86_64-linux-gnu.so`.
    key.update("\n".join([*EXTENSION_SUFFIXES, machine, libc]).encode())
    return "python%d.%d-%s-%s" % (sys.version_info[0], sys.version_info[1], machine, key.hexdigest()[:20])


def stores() -> "list[str]":
    """Return the folders that may hold environments, best first."""
    env = os.environ
    parents = (env.get("RUNNER_TOOL_CACHE", ""), env.get("XDG_CACHE_HOME", ""), env.get("HOME", "") + "/.cache")
    folders = [os.path.join(parent, "tagboat") for parent in parents if os.path.isabs(parent) and parent != "/.cache"]
    return [*folders, os.path.join(env.get("TMPDIR") or "/tmp", "tagboat-%d" % os.geteuid())]


def trusted(folder: str) -> bool:
    """Tell whether a folder is ours, or root's, and nobody else can write to it: we run the code in it."""
    try:
        found = os.lstat(folder)
    except OSError:
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid in (0, os.geteuid()) and not found.st_mode & 0o022


def find_environment() -> "str | None":
    """Return the finished environment for this lock and Python, or None."""
    name = environment_name()
    found = (os.path.join(store, name) for store in stores() if trusted(store))
    return next(filter(trusted, found), None)


def make_environment() -> str:
    """Make the environment in the first store that can be written to, and return its folder."""
    name = environment_name()
    for store in stores():
        try:
            os.makedirs(store, mode=0o700, exist_ok=True)
        except OSError:
            continue
        final = os.path.join(store, name)
        taken_by_another = os.path.lexists(final) and not trusted(final)
        if trusted(store) and os.access(store, os.W_OK | os.X_OK) and not taken_by_another:
            return make_in(store, final)
    raise CannotError(
        "there is no folder to keep the Python environment in (tried " + ", ".join(stores()) + ")",
        "set RUNNER_TOOL_CACHE or XDG_CACHE_HOME to a folder that you own and that others cannot write to",
    )


def make_in(store: str, final: str) -> str:
    """Make the environment under a temporary name and give it its final name when it is complete.

    Of two runs that start together one makes it and the other waits. Where a file system has no locks both make one,
    and the first to finish wins.
    """
    import glob
    import shutil
    import tempfile

    lock = os.open(store, os.O_RDONLY)
    try:
        if lock_store(lock):
            # Nobody else is at work here, so these are what killed runs have left.
            for half_made in glob.glob(os.path.join(store, ".making-*")):
                shutil.rmtree(half_made, ignore_errors=True)
        if not trusted(final):
            making = tempfile.mkdtemp(prefix=".making-", dir=store)
            try:
                install(making)
                os.rename(making, final)
            finally:
                shutil.rmtree(making, ignore_errors=True)
    except OSError as error:
        if not trusted(final):
            raise CannotError("the Python environment cannot be written: %s" % error, "check the disk of " + store)
    finally:
        os.close(lock)
    return final


def lock_store(descriptor: int) -> bool:
    """Wait for the lock of a store; return False where its file system has none."""
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("another run is making the Python environment, waiting for it")
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    except OSError:
        return False
    return True


def install(folder: str) -> None:
    """Install the locked libraries into `folder`/lib with the first installer that can."""
    import subprocess

    lib = os.path.join(folder, "lib")
    failures = []
    for name, command in installers(folder):
        say("making a private Python environment with " + name + " (only before the first run)")
        done = subprocess.run(
            [*command, "--require-hashes", "--only-binary=:all:", "--target=" + lib, "--requirement=" + LOCK],
            env=installer_environment(os.environ),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode == 0:
            return
        output = without_credentials(done.stdout.decode("utf-8", "replace"))
        stop_on_known_cause(output)
        failures.append(name + " said: " + (output.strip().splitlines() or ["nothing"])[-1].strip())
    raise CannotError("the Python environment cannot be made; " + "; ".join(failures), "put a newer uv or pip on PATH")


def installers(folder: str) -> "Iterator[tuple[str, list[str]]]":
    """Yield the name and the command line of each installer that this machine has, best first."""
    import importlib.util
    import shutil

    uv = shutil.which("uv")
    if uv:
        yield "uv", [uv, "pip", "install", "--quiet", "--python", sys.executable]
    options = ["install", "--quiet", "--no-input", "--no-compile", "--disable-pip-version-check"]
    if importlib.util.find_spec("pip"):
        yield "pip", [sys.executable, "-m", "pip", *options]
        return
    # A wheel of pip runs from its file: nothing has to be installed in order to install.
    wheel = bundled_pip() or download_pip(folder, os.environ)
    yield "pip from its wheel", [sys.executable, os.path.join(wheel, "pip"), *options]


def installer_environment(env: "Mapping[str, str]") -> "dict[str, str]":
    """Return what an installer may see; what one of pip and uv was told about the index is told to the other too."""
    seen = {name: value for name, value in env.items() if name in FOR_INSTALLERS or name.startswith("UV_INDEX_")}
    seen.setdefault("PIP_INDEX_URL", seen.get("UV_DEFAULT_INDEX") or seen.get("UV_INDEX_URL") or "")
    seen.setdefault("UV_DEFAULT_INDEX", seen["PIP_INDEX_URL"])
    seen.setdefault("UV_EXTRA_INDEX_URL", seen.get("PIP_EXTRA_INDEX_URL", ""))
    seen.setdefault("UV_FIND_LINKS", ",".join(seen.get("PIP_FIND_LINKS", "").split()))
    seen.setdefault("UV_INSECURE_HOST", seen.get("PIP_TRUSTED_HOST", ""))
    seen.setdefault("UV_NO_INDEX", seen.get("PIP_NO_INDEX", ""))
    seen.setdefault("SSL_CERT_FILE", seen.get("PIP_CERT", ""))
    forced = {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0"}  # a pip.conf may say otherwise, for its own good
    return {**{name: value for name, value in seen.items() if value}, **forced}


def stop_on_known_cause(output: str) -> None:
    """Raise `CannotError` when an installer's words say what is wrong: the next installer would only repeat it."""
    import re

    for pattern, problem, hint in CAUSES:
        if re.search(pattern, output):
            told = [line.strip() for line in output.splitlines() if re.search(pattern, line)]
            raise CannotError(problem + ": " + told[-1][:300], hint)


def without_credentials(text: str) -> str:
    """Return `text` with the user and password of each URL in it replaced."""
    import re

    return re.sub(r"//[^/@\s]+@", "//***@", text)


def bundled_pip() -> "str | None":
    """Return the wheel of pip that ensurepip would install, or None: Debian takes ensurepip out of its Python."""
    import glob
    import importlib.util
    import sysconfig

    spare = importlib.util.find_spec("ensurepip")
    folders = [os.path.join(os.path.dirname(spare.origin), "_bundled")] if spare and spare.origin else []
    folders += filter(None, [sysconfig.get_config_var("WHEEL_PKG_DIR")])
    return next((wheel for folder in folders for wheel in glob.glob(os.path.join(folder, "pip-*.whl"))), None)


def download_pip(folder: str, env: "Mapping[str, str]") -> str:
    """Fetch pip's wheel into `folder` and return its path; raises `CannotError` when its SHA-256 is not the pinned."""
    import hashlib

    wheel = fetch_wheel(installer_environment(env))
    if hashlib.sha256(wheel).hexdigest() != PIP_WHEEL_SHA256:
        raise CannotError("the index's " + PIP_WHEEL + " is not the published one (its hash differs)", CAUSES[0][2])
    path = os.path.join(folder, PIP_WHEEL)
    with open(path, "wb") as file:
        file.write(wheel)
    return path


def fetch_wheel(env: "Mapping[str, str]") -> bytes:
    """Return the bytes of pip's wheel from the first find-links folder, find-links page or index that has it."""
    import html
    import re
    from urllib.parse import urljoin

    link = re.compile(r"""href=["']([^"'#]*""" + re.escape(PIP_WHEEL) + ")")
    failures = []
    for place in wheel_places(env):
        try:
            if os.path.isdir(place):
                with open(os.path.join(place, PIP_WHEEL), "rb") as file:
                    return file.read()
            found = link.search(fetch(place, env).decode("utf-8", "replace"))
            if found:
                return fetch(urljoin(place, html.unescape(found.group(1))), env)
            failures.append(place + ": it has no " + PIP_WHEEL)
        except (OSError, ValueError) as error:
            failures.append(place + ": " + str(error))
    raise CannotError(
        without_credentials("this Python has no pip, and pip's wheel cannot be fetched: " + "; ".join(failures)),
        "check the network, HTTPS_PROXY and PIP_CERT, set PIP_INDEX_URL to an index within reach, or install uv or pip",
    )


def wheel_places(env: "Mapping[str, str]") -> "list[str]":
    """Return the folders and pages that may have pip's wheel, in the order in which pip itself would look."""
    places = env.get("PIP_FIND_LINKS", "").split()
    if not env.get("PIP_NO_INDEX"):
        indexes = [env.get("PIP_INDEX_URL") or DEFAULT_INDEX, *env.get("PIP_EXTRA_INDEX_URL", "").split()]
        places += [index.rstrip("/") + "/pip/" for index in indexes]
    return places


def fetch(url: str, env: "Mapping[str, str]") -> bytes:
    """Return what a URL serves; a user and password in it are sent as basic authentication."""
    import base64
    import ssl
    import urllib.request
    from urllib.parse import unquote, urlsplit

    parts = urlsplit(url)
    if parts.scheme not in ("https", "http", "file"):
        raise ValueError("neither a folder nor an http(s) URL")
    user, at, host = parts.netloc.rpartition("@")
    request = urllib.request.Request(parts._replace(netloc=host).geturl())
    if at:
        request.add_header("Authorization", "Basic " + base64.b64encode(unquote(user).encode()).decode())
    trust = ssl.create_default_context(cafile=env.get("PIP_CERT") or env.get("REQUESTS_CA_BUNDLE"))
    with urllib.request.urlopen(request, timeout=60, context=trust) as response:
        return bytes(response.read())


def restart(argv: "list[str]") -> None:
    """Start again with a Python that is new enough; raises `CannotError` when there is none."""
    import subprocess

    check = "import sys; sys.exit(sys.version_info < (3, 11))"
    for python in newer_pythons(os.environ):
        # A pyenv shim is there and executable for versions that its folder has not chosen: only a start tells.
        if subprocess.call([python, "-c", check], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0:
            os.execv(python, [python, os.path.realpath(__file__), *argv])
    raise CannotError(
        "this is Python %d.%d, and there is no newer one on PATH" % sys.version_info[:2],
        "install Python 3.11 or newer (actions/setup-python, or the system's package), or put it on PATH",
    )


def newer_pythons(env: "Mapping[str, str]") -> "list[str]":
    """Return the Pythons 3.11 and newer of PATH, this Python's folder, setup-python and pyenv, newest first."""
    import glob

    folders = [*env.get("PATH", os.defpath).split(os.pathsep), os.path.dirname(sys.executable)]
    setup_python = os.path.join(env.get("RUNNER_TOOL_CACHE", "/nowhere"), "Python", "{}.*", "*", "bin")
    pyenv = os.path.join(env.get("PYENV_ROOT", os.path.expanduser("~/.pyenv")), "versions", "{}.*", "bin")
    found = []
    for version in ("3.14", "3.13", "3.12", "3.11"):
        for folder in [*folders, setup_python.format(version), pyenv.format(version)]:
            found += sorted(glob.glob(os.path.join(folder, "python" + version)))
    return [python for python in found if os.access(python, os.X_OK)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
