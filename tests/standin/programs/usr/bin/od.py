# SPDX-License-Identifier: BSD-2-Clause
"""od(1): bytes in columns of four, as FreeBSD has them; the rest is busybox's."""

from __future__ import annotations

import sys

import machine
import options

USAGE = """usage: od [-aBbcDdeFfHhIiLlOosvXx] [-A base] [-j skip] [-N length] [-t type]
          [[+]offset[.][Bb]] [file ...]"""
NAMES = {0: "\\0", 7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r"}
BASES = {"d": "{:07d}", "o": "{:07o}", "x": "{:07x}", "n": ""}


def main(argv: list[str]) -> int:
    found, files = options.getopt(argv, "A:aBbcDdeFfHhIij:LlN:Oost:vXx", USAGE)
    given = dict(found)
    kind = given.get("t", "c" if "c" in given else "o1" if "b" in given else "")
    cells = {"c": _character, "o1": "{:03o}".format, "x1": "{:02x}".format, "u1": "{:d}".format}
    if kind not in cells or given.keys() - {"A", "b", "c", "j", "N", "t", "v"}:
        machine.busybox(["od", *argv[1:]])
    data = b"".join(_read(name) for name in files or ["-"])
    start = int(given.get("j", "0"), 0)
    data = data[start : start + int(given["N"], 0)] if "N" in given else data[start:]
    base = BASES[given.get("A", "o")]
    for offset in range(0, len(data), 16):
        row = "".join(f" {cells[kind](byte):>3}" for byte in data[offset : offset + 16])
        print(f"{base.format(start + offset)} {row:64}")
    if base:
        print(base.format(start + len(data)))
    return 0


def _character(byte: int) -> str:
    return NAMES.get(byte) or (chr(byte) if 32 <= byte < 127 else f"{byte:03o}")


def _read(name: str) -> bytes:
    if name == "-":
        return sys.stdin.buffer.read()
    with open(name, "rb") as file:
        return file.read()
