# SPDX-License-Identifier: BSD-2-Clause
"""sed(1): busybox's, but -i has its extension as a word of its own."""

from __future__ import annotations

import machine
import options

USAGE = """usage: sed script [-EHalnru] [-i extension] [file ...]
       sed [-EHalnu] [-i extension] [-e script] ... [-f script_file] ... [file ...]"""


def main(argv: list[str]) -> int:
    found, operands = options.getopt(argv, "EHI:ae:f:i:lnru", USAGE)
    words = []
    for letter, value in found:
        if letter in ("i", "I"):
            words.append(f"-i{value}")
        elif letter in ("e", "f"):
            words += [f"-{letter}", value]
        elif letter in ("E", "r", "n"):
            words.append(f"-{letter}")
    if not operands and not any(letter in ("e", "f") for letter, _ in found):
        options.usage(USAGE)
    machine.busybox(["sed", *words, "--", *operands])
