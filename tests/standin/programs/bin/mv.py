# SPDX-License-Identifier: BSD-2-Clause
"""mv(1): busybox's, with FreeBSD's messages."""

from __future__ import annotations

import errno
import os

import err
import machine
import options

USAGE = "usage: mv [-f | -i | -n] [-hv] source target\n       mv [-f | -i | -n] [-v] source ... directory"


def main(argv: list[str]) -> int:
    found, names = options.getopt(argv, "fhinv", USAGE, 64)
    if len(names) < 2:
        options.usage(USAGE, 64)
    if len(names) == 2 and not os.path.lexists(names[0]):
        target = os.path.join(names[1], os.path.basename(names[0])) if os.path.isdir(names[1]) else names[1]
        err.err("mv", f"rename {names[0]} to {target}", errno.ENOENT)
    return machine.translated(["mv", *(f"-{letter}" for letter, _ in found if letter != "h"), "--", *names])
