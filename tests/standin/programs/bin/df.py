# SPDX-License-Identifier: BSD-2-Clause
"""df(1): free space."""

from __future__ import annotations

import os

import err
import kernel
import options
from mounttable import is_listed

PROGRAM = "df"
USAGE = """usage: df [-b | -g | -H | -h | -k | -m | -P] [-acilnT] [-t type] [-,]
          [--libxo] [file | filesystem ...]"""
UNITS = {"b": 512, "P": 512, "k": 1024, "m": 1 << 20, "g": 1 << 30}


def main(argv: list[str]) -> int:
    found, names = options.getopt(argv, "abcgHhiklmnPTt:,", USAGE)
    given = dict(found)
    table = kernel.mounts()
    chosen, status = [], 0
    for name in names:
        try:
            special = [mount for mount in table if mount["special"] == name]
            chosen.append(special[0] if special else kernel.statfs(name))
        except OSError as error:
            err.warn(PROGRAM, name, error.errno)
            status = 1
    if not names:
        chosen = [mount for mount in table if is_listed(given.get("t"), mount["fstype"])]
    unit = next((UNITS[letter] for letter, _ in reversed(found) if letter in UNITS), 1024 if _blocksize() else 512)
    human = bool(given.keys() & {"h", "H"})
    head = ["Filesystem", *(["Type"] if "T" in given else []), "Size" if human else f"{_unit_name(unit)}-blocks"]
    rows = [[*head, "Used", "Avail", "Capacity", "Mounted on"]]
    for mount in chosen:
        rows.append(
            [
                mount["special"],
                *([mount["fstype"]] if "T" in given else []),
                *_numbers(mount["node"], unit, human),
                mount["node"],
            ]
        )
    widths = [max(len(row[index]) for row in rows) for index in range(len(rows[0]) - 1)]
    left = 2 if "T" in given else 1
    for row in rows if chosen or not names else []:
        cells = [
            cell.ljust(width) if index < left else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths))
        ]
        print(" ".join(cells) + f"    {row[-1]}")
    return status


def _blocksize() -> bool:
    return os.environ.get("BLOCKSIZE", "").upper() == "K"


def _unit_name(unit: int) -> str:
    return {512: "512", 1024: "1K", 1 << 20: "1M", 1 << 30: "1G"}[unit]


def _numbers(node: str, unit: int, human: bool) -> list[str]:
    status = os.statvfs(node)
    total, free, available = (blocks * status.f_frsize for blocks in (status.f_blocks, status.f_bfree, status.f_bavail))
    used = total - free
    capacity = f"{round(100 * used / (used + available)) if used + available else 100}%"
    return [*(_human(n) if human else str(n // unit) for n in (total, used, available)), capacity]


def _human(amount: float) -> str:
    unit = "B"
    for unit in "BKMGT":  # noqa: B007 (the one that it stops at)
        if amount < 1000:
            break
        amount /= 1024
    return f"{amount:.1f}{unit}" if unit != "B" and amount < 10 else f"{amount:.0f}{unit}"
