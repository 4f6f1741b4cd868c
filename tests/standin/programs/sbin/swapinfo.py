# SPDX-License-Identifier: BSD-2-Clause
"""swapinfo(8): there is no swap device."""

from __future__ import annotations

from options import getopt

USAGE = "usage: swapinfo [-ghkm] [-M core [-N system]]"
UNITS = {"g": "1G-blocks", "h": "Size", "k": "1K-blocks", "m": "1M-blocks"}


def main(argv: list[str]) -> int:
    given, _rest = getopt(argv, "ghkmM:N:", USAGE)
    unit = next((UNITS[letter] for letter, _ in reversed(given) if letter in UNITS), "1K-blocks")
    print(f"{'Device':<15} {unit:>9} {'Used':>8} {'Avail':>8} Capacity")
    return 0
