"""Run one program and print what it cost: exit code, wall and CPU seconds, peak memory in KiB.

A process of its own, with hardly an import: on Linux a program inherits the peak memory of the one that starts it, so
whoever measures must be small.
"""

import os
import sys
import time


def main() -> None:
    """Run the command line behind the log's name; what the program prints goes to that log."""
    log, argv = sys.argv[1], sys.argv[2:]
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    actions = [(os.POSIX_SPAWN_DUP2, output, 1), (os.POSIX_SPAWN_DUP2, output, 2)]
    start = time.perf_counter()
    pid = os.posix_spawnp(argv[0], argv, os.environ, file_actions=actions)
    _, status, usage = os.wait4(pid, 0)  # what the program's own children cost is in it
    wall_seconds = time.perf_counter() - start
    print(os.waitstatus_to_exitcode(status), wall_seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss)


if __name__ == "__main__":
    main()
