# SPDX-License-Identifier: BSD-2-Clause
"""fstab(5), as getfsent(3) reads it: blanks in a field are written \\040 and \\011 (recorded: mnt-9)."""

from __future__ import annotations

import errno
import re
import sys
from typing import NamedTuple

PATH = "/etc/fstab"
_TYPES = ("rw", "rq", "ro", "sw", "xx")


class Entry(NamedTuple):
    """One line: what, where, file system type, options as written, the rw, rq, ro or sw among them, the two numbers."""

    spec: str
    file: str
    vfstype: str
    mntops: str
    type: str
    freq: int = 0
    passno: int = 0


def read(path: str) -> list[Entry]:
    """The entries of a file; lines that are none are named on standard error. OSError where it can't be read."""
    entries = []
    with open(path, errors="surrogateescape") as file:
        for number, line in enumerate(file, 1):
            fields = line.split()
            if not fields or line.startswith("#") or fields[0].startswith("#"):
                continue
            kind = next((word for word in fields[3].split(",") if word in _TYPES), None) if len(fields) > 3 else None
            if kind is None:
                print(f"fstab: {path}:{number}: Inappropriate file type or format", file=sys.stderr)
                continue
            freq, passno = [int(field) if field.isdigit() else 0 for field in (*fields[4:6], "", "")][:2]
            if kind != "xx":
                spec, place, vfstype = (unvis(field) for field in fields[:3])
                entries.append(Entry(spec, place, vfstype, fields[3], kind, freq, passno))
    return entries


def unvis(text: str) -> str:
    """Resolve strvis(3)'s octal escapes."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text).replace("\\\\", "\\")


def system(path: str = PATH) -> list[Entry]:
    """The entries of a file, none where it isn't there."""
    try:
        return read(path)
    except OSError as error:
        if error.errno != errno.ENOENT:
            raise
        return []
