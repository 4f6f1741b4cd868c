# SPDX-License-Identifier: BSD-2-Clause
"""ln(1): busybox's; what FreeBSD calls -h is -n there."""

from __future__ import annotations

import machine


def main(argv: list[str]) -> int:
    words = argv[1:]
    for index, word in enumerate(words):
        if not word.startswith("-") or word == "-":
            break
        words[index] = word.replace("h", "n").replace("F", "f")
    return machine.translated(["ln", *words])
