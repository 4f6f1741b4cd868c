# SPDX-License-Identifier: BSD-2-Clause
"""kldstat(8): what is loaded into the kernel."""

from __future__ import annotations

import err
import modules
from options import getopt

USAGE = """\
usage: kldstat [-dhqv] [-i id] [-n filename]
       kldstat [-dq] [-m modname]"""


def main(argv: list[str]) -> int:
    given, _rest = getopt(argv, "dhi:m:n:qv", USAGE)
    options = dict(given)
    if "m" in options:
        name = options["m"].rpartition("/")[2]
        if not modules.present(name):
            if "q" in options:
                return 1
            err.err("kldstat", f"can't find module {options['m']}", 2)
        if "q" not in options:
            print(f"Id  Refs Name\n{modules.BUILT_IN.index(name) + 1:>3}    1 {options['m']}")
        return 0
    if options.get("n", "kernel") != "kernel" or options.get("i", "1") != "1":
        if "q" in options:
            return 1
        err.err("kldstat", f"can't find file {options.get('n', '')}" if "n" in options else "can't stat file", 2)
    if "q" not in options:
        print("Id Refs Address                Size Name\n 1    1 0xffffffff80200000  1f41500 kernel")
        if "v" in options:
            print("\tContains modules:\n\t\t Id Name")
            for number, name in enumerate(modules.BUILT_IN, 1):
                print(f"\t\t{number:>3} {name}")
    return 0
