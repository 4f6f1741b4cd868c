# SPDX-License-Identifier: BSD-2-Clause
"""stty(1): busybox's, which doesn't show the size of a terminal that has none."""

from __future__ import annotations

import fcntl
import struct
import termios

import err
import machine


def main(argv: list[str]) -> int:
    if argv[1:] != ["size"]:
        machine.busybox(["stty", *argv[1:]])
    try:
        rows, columns, _, _ = struct.unpack("HHHH", fcntl.ioctl(0, termios.TIOCGWINSZ, b"\0" * 8))
    except OSError:
        err.errx("stty", "stdin isn't a terminal")
    print(rows, columns)
    return 0
