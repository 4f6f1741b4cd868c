# SPDX-License-Identifier: BSD-2-Clause
"""File flags (chflags(2)): what Linux has of them is set on the inode, and their names are an extended attribute.

A file that was made by another than us, tar, has those of the inode alone: schg and sappnd.
"""

from __future__ import annotations

import errno
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
# Root of a user namespace may set neither that nor the bits: flags are remembered there, and protect nothing.
_UNPROTECTED = "user.freebsd.flags"
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
    kept = _remembered(path, _ATTRIBUTE) or _remembered(path, _UNPROTECTED) or _of_inode(path)
    return [name for name in NUMBERS if name in kept]


def _remembered(path: str, attribute: str) -> list[str]:
    try:
        return os.getxattr(path, attribute, follow_symlinks=False).decode().split(",")
    except OSError:
        return []


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
        try:
            _remember(fd, _ATTRIBUTE, names)
        except PermissionError:
            if os.geteuid() != 0:
                raise
            _remember(fd, _UNPROTECTED, names)
        else:
            _set_bits(fd, sum({_BITS.get(name, 0) for name in names}))
    finally:
        os.close(fd)


def _remember(fd: int, attribute: str, names: list[str]) -> None:
    if names:
        os.setxattr(fd, attribute, ",".join(names).encode())
        return
    try:
        os.removexattr(fd, attribute)
    except OSError as error:
        if error.errno != errno.ENODATA:
            raise


def _bits(fd: int) -> int:
    return int(struct.unpack("l", fcntl.ioctl(fd, _GETFLAGS, b"\0" * 8))[0])


def _set_bits(fd: int, bits: int) -> None:
    fcntl.ioctl(fd, _SETFLAGS, struct.pack("l", _bits(fd) & ~(_IMMUTABLE | _APPEND) | bits))
