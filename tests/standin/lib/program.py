# SPDX-License-Identifier: BSD-2-Clause
"""Become another program, and wait for one."""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Mapping

import signals

DEFAULT_PATH = "/sbin:/bin:/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"


def execvp(argv: list[str], environment: Mapping[str, str] | None = None, path: str | None = None) -> OSError:
    """execvp(3): look for argv[0] in PATH and become it; a script without '#!' is run by the shell.

    environment: in place of os.environ. path: the program, where argv[0] is another name. Returns only when it fails,
    with the error.
    """
    env = os.environ if environment is None else environment
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)  # which Python ignores
    wanted = path or argv[0]
    places = [""] if "/" in wanted else [f"{place or '.'}/" for place in env.get("PATH", DEFAULT_PATH).split(":")]
    failure = OSError(errno.ENOENT, os.strerror(errno.ENOENT))
    for place in places if wanted else []:
        try:
            os.execve(place + wanted, argv, env)
        except OSError as error:
            if error.errno == errno.ENOEXEC:
                os.execve("/bin/sh", ["sh", place + wanted, *argv[1:]], env)
            if error.errno == errno.EACCES:
                failure = error
            elif error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG):
                return error
    return failure


def exit_code(status: int) -> int:
    """What a shell makes of a wait status: the exit status, or 128 and FreeBSD's number of the signal."""
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 + signals.from_machine(-code)
