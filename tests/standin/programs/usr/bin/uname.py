# SPDX-License-Identifier: BSD-2-Clause
"""uname(1): the system's name."""

from __future__ import annotations

import os

import kernel
from options import getopt

USAGE = "usage: uname [-abiKmnoprsUv]"
MACHINE = "amd64"
IDENT = "JAILHOST"


def main(argv: list[str]) -> int:
    given, rest = getopt(argv, "abiKmnoprsUv", USAGE)
    if rest:
        print(USAGE)
        return 1
    letters = {letter for letter, _ in given} or {"s"}
    if "a" in letters:
        letters |= set("mnrsv")
    values = kernel.sysctl_get()
    known = {
        "s": "FreeBSD",
        "n": values["kern.hostname"],
        "r": values["kern.osrelease"],
        "v": f"FreeBSD 15.1-RELEASE-p1 {IDENT}",
        "m": MACHINE,
        "p": MACHINE,
        "i": IDENT,
        "K": str(values["kern.osreldate"]),
        "U": "1501000",
        "b": "",
    }
    known["o"] = known["s"]
    print(" ".join(os.environ.get(f"UNAME_{letter}", known[letter]) for letter in "snrvmpiKUbo" if letter in letters))
    return 0
