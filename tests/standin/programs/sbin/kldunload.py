# SPDX-License-Identifier: BSD-2-Clause
"""kldunload(8): take a module out of the kernel, which has none that came from a file."""

from __future__ import annotations

import sys

import err
from options import getopt

USAGE = """\
usage: kldunload [-fv] -i id ...
       kldunload [-fv] [-n] name ..."""


def main(argv: list[str]) -> int:
    _given, names = getopt(argv, "fi:nv", USAGE)
    if not names:
        print(USAGE, file=sys.stderr)
        return 1
    for name in names:
        err.warn("kldunload", f"can't find file {name}", 2)
    return 1
