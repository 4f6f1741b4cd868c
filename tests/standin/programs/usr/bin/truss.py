# SPDX-License-Identifier: BSD-2-Clause
"""truss(1) -p PID: whether a process can be traced (recorded: att-2). It shows no system calls; they are Linux's."""

from __future__ import annotations

import time

import err
import kernel
import options

PROGRAM = "truss"
USAGE = """usage: truss [-cfaedDHS] [-o file] [-s strsize] -p pid
       truss [-cfaedDHS] [-o file] [-s strsize] command [args]"""


def main(argv: list[str]) -> int:
    found, rest = options.getopt(argv, "cfaedDHSo:s:p:", USAGE)
    given = dict(found)
    if "p" not in given or rest:
        options.usage(USAGE)
    pid = int(given["p"])
    try:
        kernel.attach_tracer(pid)
        while kernel.jail_of([pid]):
            time.sleep(0.05)
    except OSError as error:
        err.err(PROGRAM, "Cannot attach to target process", error.errno)
    return 0
