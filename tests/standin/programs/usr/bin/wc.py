# SPDX-License-Identifier: BSD-2-Clause
"""wc(1): counts in columns of eight."""

from __future__ import annotations

import sys

import err
import options

USAGE = "usage: wc [--libxo] [-Lclmw] [file ...]"


def main(argv: list[str]) -> int:
    found, names = options.getopt(argv, "Lclmw", USAGE)
    wanted = {letter for letter, _ in found} or {"l", "w", "c"}
    totals, status = [0, 0, 0, 0], 0
    for name in names or [""]:
        try:
            data = _read(name)
        except OSError as error:
            err.warn("wc", f"{name}: open", error.errno)
            status = 1
            continue
        text = data.decode(errors="replace") if "m" in wanted else ""
        longest = max((len(line) for line in data.split(b"\n")), default=0)
        counts = [data.count(b"\n"), len(data.split()), len(text) if "m" in wanted else len(data), longest]
        totals = [a + b for a, b in zip(totals[:3], counts[:3])] + [max(totals[3], longest)]
        _print(counts, wanted, name)
    if len(names) > 1:
        _print(totals, wanted, "total")
    return status


def _read(name: str) -> bytes:
    if not name:
        return sys.stdin.buffer.read()
    with open(name, "rb") as file:
        return file.read()


def _print(counts: list[int], wanted: set[str], name: str) -> None:
    shown = [count for letters, count in zip(("l", "w", "cm", "L"), counts) if wanted & set(letters)]
    print("".join(f" {count:7d}" for count in shown) + (f" {name}" if name else ""))
