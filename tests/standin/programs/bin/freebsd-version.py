# SPDX-License-Identifier: BSD-2-Clause
"""freebsd-version(1): of the installed kernel (-k), the running one (-r), the userland (-u), a jail's (-j)."""

from __future__ import annotations

import err
import jailparam
import kernel
from options import getopt

USAGE = "usage: freebsd-version [-kru] [-j jail]"
USERLAND = "15.1-RELEASE-p1"


def main(argv: list[str]) -> int:
    given, _rest = getopt(argv, "j:kru", USAGE)
    letters = {letter for letter, _ in given}
    if "k" in letters:
        print(USERLAND)
    if "r" in letters:
        print(kernel.sysctl_get()["kern.osrelease"])
    if "u" in letters or not letters:
        print(USERLAND)
    for jail in (value for letter, value in given if letter == "j"):
        try:
            jailparam.jail_getid(jail)
        except jailparam.ParamError as error:
            err.errx("jexec", str(error))
        print(USERLAND)
    return 0
