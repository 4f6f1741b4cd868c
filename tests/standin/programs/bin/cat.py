# SPDX-License-Identifier: BSD-2-Clause
"""cat(1)."""

from __future__ import annotations

import os
import sys

import err
import options

USAGE = "usage: cat [-belnstuv] [file ...]"


def main(argv: list[str]) -> int:
    found, names = options.getopt(argv, "belnstuv", USAGE)
    flags = {letter for letter, _ in found} - {"u", "l"}
    cooked = _Cooked(flags) if flags else None
    status = 0
    for name in names or ["-"]:
        try:
            fd = 0 if name == "-" else os.open(name, os.O_RDONLY)
            while data := os.read(fd, 1 << 17):
                _write(cooked.convert(data) if cooked else data)
        except OSError as error:
            err.warn("cat", "stdin" if name == "-" else name, error.errno)
            status = 1
    return status


def _write(data: bytes) -> None:
    while data:
        data = data[os.write(sys.stdout.fileno(), data) :]


class _Cooked:
    """What the options make of the text."""

    def __init__(self, flags: set[str]) -> None:
        self.flags = flags
        self.line = 0
        self.start = True
        self.blank = False

    def convert(self, data: bytes) -> bytes:
        return b"".join(self._line(line) for line in data.splitlines(keepends=True))

    def _line(self, line: bytes) -> bytes:
        empty = self.start and line == b"\n"
        if empty and "s" in self.flags and self.blank:
            return b""
        self.blank = empty
        number = b""
        if self.start and (("b" in self.flags and not empty) or ("n" in self.flags and "b" not in self.flags)):
            self.line += 1
            number = b"%6d\t" % self.line
        self.start = line.endswith(b"\n")
        text = line[:-1] if self.start else line
        if self.flags & {"e", "t", "v"}:
            text = b"".join(self._visible(byte) for byte in text)
        return number + text + (b"$" if "e" in self.flags and self.start else b"") + (b"\n" if self.start else b"")

    def _visible(self, byte: int) -> bytes:
        meta = b"M-" if byte >= 128 else b""
        byte &= 127
        if byte == 9 and "t" not in self.flags and not meta:
            return b"\t"
        return meta + (b"^?" if byte == 127 else b"^" + bytes([byte + 64]) if byte < 32 else bytes([byte]))
