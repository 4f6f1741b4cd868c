# SPDX-License-Identifier: BSD-2-Clause
"""daemon(3) for programs: a process of its own session, with a file that has its pid."""

from __future__ import annotations

import contextlib
import os
import signal


def run(pidfile: str, workers: int = 0) -> int:
    """Go to the background, for a program that only has to be there, and stay until a SIGTERM.

    pidfile: gets the pid, and goes with the process. workers: child processes that come and go with it.
    Returns 0 in the foreground.
    """
    if not begin(pidfile, workers):
        return 0
    while True:
        signal.pause()


def begin(pidfile: str, workers: int = 0) -> bool:
    """Go to the background, as for `run`. Returns whether this is the process there."""
    if os.fork():
        return False
    os.setsid()
    os.chdir("/")
    null = os.open("/dev/null", os.O_RDWR)
    for fd in range(3):
        os.dup2(null, fd)
    with open(pidfile, "w") as file:
        file.write(f"{os.getpid()}\n")
    children = []
    for _ in range(workers):
        pid = os.fork()
        if pid == 0:
            signal.pause()
        children.append(pid)
    signal.signal(signal.SIGHUP, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: _end(pidfile, children))
    return True


def _end(pidfile: str, children: list[int]) -> None:
    for pid in children:
        os.kill(pid, signal.SIGTERM)
    with contextlib.suppress(OSError):
        os.unlink(pidfile)
    os._exit(0)
