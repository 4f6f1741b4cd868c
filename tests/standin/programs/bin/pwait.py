# SPDX-License-Identifier: BSD-2-Clause
"""pwait(1): wait for processes to end."""

from __future__ import annotations

import os
import select
import time

import err
import kernel
import options
from proctable import PID_MAX

PROGRAM = "pwait"
USAGE = "usage: pwait [-t timeout] [-opv] pid ..."
EX_USAGE, EXPIRED = 64, 124
UNITS = {"s": 1, "m": 60, "h": 3600}


def main(argv: list[str]) -> int:
    found, words = options.getopt(argv, "opt:v", USAGE, EX_USAGE)
    given = dict(found)
    if not words:
        options.usage(USAGE, EX_USAGE)
    limit = given.get("t")
    end = time.monotonic() + float(limit.rstrip("smh")) * UNITS.get(limit[-1:], 1) if limit else None
    waiting = dict(entry for entry in (_opened(word) for word in words) if entry is not None)
    while waiting:
        left = None if end is None else max(end - time.monotonic(), 0)
        ended, _, _ = select.select(list(waiting), [], [], left)
        if not ended:
            return EXPIRED
        for fd in ended:
            pid = waiting.pop(fd)
            os.close(fd)
            if "v" in given:
                print(f"{pid}: terminated.")
        if "o" in given:
            break
    if "p" in given:
        print("".join(f"{pid}\n" for pid in waiting.values()), end="")
    return 0


def _opened(word: str) -> tuple[int, int] | None:
    """A descriptor that becomes readable when the process ends, and its pid; None if there is none."""
    if not word.isdigit() or int(word) > PID_MAX:
        err.warnx(PROGRAM, f"{word}: bad process id")
        return None
    try:
        if not kernel.jail_of([int(word)]):
            raise ProcessLookupError(3, "")
        return os.pidfd_open(int(word)), int(word)
    except ProcessLookupError as error:
        err.warn(PROGRAM, word, error.errno)
        return None
