# SPDX-License-Identifier: BSD-2-Clause
"""hostname(1): set or print the host's name, a jail's own in a jail."""

from __future__ import annotations

import sys

import err
import kernel
from options import getopt

USAGE = "usage: hostname [-f] [-s | -d] [name-of-host]"


def main(argv: list[str]) -> int:
    given, names = getopt(argv, "dfs", USAGE)
    letters = {letter for letter, _ in given}
    if len(names) > 1 or {"d", "s"} <= letters:
        print(USAGE, file=sys.stderr)
        return 1
    if names:
        try:
            kernel.sysctl_set("kern.hostname", names[0])
        except kernel.KernelError as error:
            err.err("hostname", "sethostname", error.errno)
        return 0
    name = str(kernel.sysctl_get()["kern.hostname"])
    first, _, domain = name.partition(".")
    print(first if "s" in letters else domain if "d" in letters else name)
    return 0
