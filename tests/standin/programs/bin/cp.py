# SPDX-License-Identifier: BSD-2-Clause
"""cp(1): busybox's, with FreeBSD's messages."""

from __future__ import annotations

import machine


def main(argv: list[str]) -> int:
    return machine.translated(["cp", *argv[1:]])
