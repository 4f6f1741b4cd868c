# SPDX-License-Identifier: BSD-2-Clause
"""kldload(8): load a module into the kernel."""

from __future__ import annotations

import os
import sys

import err
import modules
from options import getopt

USAGE = "usage: kldload [-nqv] file ..."


def main(argv: list[str]) -> int:
    given, names = getopt(argv, "nqv", USAGE)
    letters = {letter for letter, _ in given}
    if not names:
        print(USAGE, file=sys.stderr)
        return 1
    failed = False
    for name in names:
        if modules.present(name):
            if "n" not in letters:
                err.warnx("kldload", f"can't load {name}: module already loaded or in kernel")
                failed = True
        else:
            number = 2 if os.geteuid() == 0 else 1
            err.warn("kldload", f"can't load {name}", number)
            failed = True
    return 1 if failed else 0
