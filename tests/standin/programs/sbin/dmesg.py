# SPDX-License-Identifier: BSD-2-Clause
"""dmesg(8): the kernel's messages, which here are those of the boot."""

from __future__ import annotations

import os

import err
import kernel
from options import getopt

USAGE = "usage: dmesg [-ac] [-M core [-N system]]"


def main(argv: list[str]) -> int:
    getopt(argv, "acM:N:", USAGE)
    if kernel.sysctl_get()["security.jail.jailed"]:
        err.err("dmesg", "sysctl kern.msgbuf", 1)
    with open("/var/run/dmesg.boot") as file:
        os.write(1, file.read().encode())
    return 0
