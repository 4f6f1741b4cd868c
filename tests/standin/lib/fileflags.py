# SPDX-License-Identifier: BSD-2-Clause
"""File flags (chflags(2)): what Linux has of them is set on the inode, and their names are an extended attribute.

A file that was made by another than us, tar, has those of the inode alone: schg and sappnd.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import struct

# Names in the order in which ls -lo shows them (strtofflags(3)), and numbers (sys/stat.h).
NUMBERS = {
    "arch": 0x10000,
    "nodump": 0x1,
    "opaque": 0x8,
    "sappnd": 0x40000,
    "schg": 0x20000,
    "sunlnk": 0x100000,
    "uappnd": 0x4,
    "uarch": 0x800,
    "uchg": 0x2,
    "hidden": 0x8000,
    "offline": 0x200,
    "uunlnk": 0x10,
}
_ALIASES = {"archived": "arch", "sappend": "sappnd", "schange": "schg", "simmutable": "schg", "sunlink": "sunlnk"} | {
    "uappend": "uappnd",
    "uchange": "uchg",
    "uimmutable": "uchg",
    "uunlink": "uunlnk",
    "uarchive": "uarch",
    "uhidden": "hidden",
}
_ATTRIBUTE = "trusted.freebsd.flags"
_GETFLAGS, _SETFLAGS = 0x80086601, 0x40086602
_IMMUTABLE, _APPEND = 0x10, 0x20
_BITS = {"schg": _IMMUTABLE, "uchg": _IMMUTABLE, "sunlnk": 0, "sappnd": _APPEND, "uappnd": _APPEND}


def canonical(word: str) -> tuple[str, bool] | None:
    """A flag's name as ls shows it, and whether the word sets it; None for a word that is no flag."""
    for name, value in ((word, True), (word.removeprefix("no"), False)):
        name = _ALIASES.get(name, name)
        if name in NUMBERS and name != "nodump":
            return name, value
    return {"nodump": ("nodump", True), "dump": ("nodump", False)}.get(word)


def get(path: str) -> list[str]:
    """The flags of a file, in ls's order."""
    try:
        kept = os.getxattr(path, _ATTRIBUTE, follow_symlinks=False).decode().split(",")
    except OSError:
        kept = _of_inode(path)
    return [name for name in NUMBERS if name in kept]


def _of_inode(path: str) -> list[str]:
    try:
        if stat.S_IFMT(os.lstat(path).st_mode) not in (stat.S_IFREG, stat.S_IFDIR):
            return []
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return []
    try:
        bits = _bits(fd)
    except OSError:  # of a file system that has none
        return []
    finally:
        os.close(fd)
    return [name for name in ("schg", "sappnd") if bits & _BITS[name]]


def put(path: str, names: list[str]) -> None:
    """Set the flags of a file. OSError where that can't be done."""
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    try:
        _set_bits(fd, 0)
        if names:
            os.setxattr(fd, _ATTRIBUTE, ",".join(names).encode())
        else:
            with contextlib.suppress(OSError):
                os.removexattr(fd, _ATTRIBUTE)
        _set_bits(fd, sum({_BITS.get(name, 0) for name in names}))
    finally:
        os.close(fd)


def _bits(fd: int) -> int:
    return int(struct.unpack("l", fcntl.ioctl(fd, _GETFLAGS, b"\0" * 8))[0])


def _set_bits(fd: int, bits: int) -> None:
    fcntl.ioctl(fd, _SETFLAGS, struct.pack("l", _bits(fd) & ~(_IMMUTABLE | _APPEND) | bits))
