# SPDX-License-Identifier: BSD-2-Clause
"""The system calls that mount and unmount, through FreeBSD's C library: nmount(2), unmount(2), fstatfs(2)."""

from __future__ import annotations

import contextlib
import ctypes
import functools
import os
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ansible_collections.bsd.jail.plugins.module_utils.errors import JailError

_MNT_FORCE, _MNT_BYFSID = 0x80000, 0x8000000
# struct statfs of sys/mount.h since FreeBSD 12: its version, the fsid, and the names of type, special and node.
_STATFS_VERSION = 0x20140518
_STATFS = struct.Struct("=I188x8s80x16s1024s1024s")


@dataclass(frozen=True)
class FileSystem:
    """A mounted file system, as statfs(2) shows it.

    fsid: 16 hexadecimal digits, as mount(8) prints them. special: what is mounted. node: where it was mounted.
    """

    fsid: str
    fstype: str
    special: str
    node: str


class _Iovec(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL("libc.so.7", use_errno=True)


def nmount(directory: int, fspath: str, fstype: str, special: str, options: Iterable[str]) -> None:
    """nmount(2): mount a file system.

    directory: a descriptor. fspath: a name in that directory, or `.` for the directory itself, whatever its path has
    become (recorded: nmt-1). special: what to mount. options: `name` or `name=value`.
    Raises OSError with the kernel's words, in the form that mount(8) gives them.
    """
    pairs: list[tuple[str, str | None]] = [("fstype", fstype), ("fspath", fspath), ("from", special)]
    for option in options:
        name, equals, value = option.partition("=")
        pairs.append((name, value if equals else None))
    said = ctypes.create_string_buffer(255)
    buffers = [*(_buffer(text) for pair in pairs for text in pair), _buffer("errmsg"), said]
    vectors = (_Iovec * len(buffers))(*map(_vector, buffers))
    with _working_directory(directory):
        if _libc().nmount(vectors, ctypes.c_uint(len(buffers)), ctypes.c_int(0)) == 0:
            return
        number = ctypes.get_errno()
    words = os.fsdecode(said.value)
    raise OSError(number, f"{words}: {os.strerror(number)}" if words else os.strerror(number))


def unmount(fsid: str, force: bool) -> None:
    """unmount(2) of the file system with an fsid, wherever it is now. Raises OSError."""
    low, high = struct.unpack("=ii", bytes.fromhex(fsid))
    flags = _MNT_BYFSID | (_MNT_FORCE if force else 0)
    if _libc().unmount(f"FSID:{low}:{high}".encode(), ctypes.c_int(flags)) != 0:
        raise _error()


def fstatfs(fd: int) -> FileSystem:
    """fstatfs(2): the file system that an open file or directory is on. Raises OSError."""
    buffer = ctypes.create_string_buffer(_STATFS.size)
    if _libc().fstatfs(ctypes.c_int(fd), buffer) != 0:
        raise _error()
    version, fsid, *names = _STATFS.unpack(buffer.raw)
    if version != _STATFS_VERSION:
        raise JailError(
            f"statfs(2) of this FreeBSD has a form (version {version:#x}) that this collection doesn't know."
        )
    fstype, special, node = (name.split(b"\0")[0].decode("utf-8", "surrogateescape") for name in names)
    return FileSystem(fsid.hex(), fstype, special, node)


def _error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))


def _buffer(text: str | None) -> ctypes.Array[ctypes.c_char] | None:
    return None if text is None else ctypes.create_string_buffer(os.fsencode(text))


def _vector(buffer: ctypes.Array[ctypes.c_char] | None) -> _Iovec:
    return _Iovec(None, 0) if buffer is None else _Iovec(ctypes.addressof(buffer), len(buffer))


@contextlib.contextmanager
def _working_directory(directory: int) -> Iterator[None]:
    before = os.open(".", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fchdir(directory)
        yield
    finally:
        os.fchdir(before)
        os.close(before)
