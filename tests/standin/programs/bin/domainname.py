# SPDX-License-Identifier: BSD-2-Clause
"""domainname(1): set or print the NIS domain."""

from __future__ import annotations

import sys

import err
import kernel


def main(argv: list[str]) -> int:
    if len(argv) > 2:
        print("usage: domainname [ypdomain]", file=sys.stderr)
        return 1
    if len(argv) == 2:
        try:
            kernel.sysctl_set("kern.domainname", argv[1])
        except kernel.KernelError as error:
            err.err("domainname", "setdomainname", error.errno)
        return 0
    print(kernel.sysctl_get()["kern.domainname"])
    return 0
