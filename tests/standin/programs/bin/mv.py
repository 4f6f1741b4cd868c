# SPDX-License-Identifier: BSD-2-Clause
"""mv(1): busybox's, with FreeBSD's messages."""

from __future__ import annotations

import machine


def main(argv: list[str]) -> int:
    return machine.translated(["mv", *argv[1:]])
