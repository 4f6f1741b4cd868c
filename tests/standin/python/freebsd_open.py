# SPDX-License-Identifier: BSD-2-Clause
"""open(2) as FreeBSD's Python has it (recorded: obe-1): O_RESOLVE_BENEATH, and EMLINK where O_NOFOLLOW meets a link."""

from __future__ import annotations

import errno
import os
import stat

O_EXEC = 0x00040000
O_RESOLVE_BENEATH = 0x00800000
ENOTCAPABLE = 93

_OPENAT2, _RESOLVE_BENEATH, _AT_FDCWD = 437, 0x08, -100
_linux = os.open


def install() -> None:
    """Put it in os's place."""
    os.O_EXEC = os.O_SEARCH = O_EXEC  # type: ignore[attr-defined]
    errno.ENOTCAPABLE = ENOTCAPABLE  # type: ignore[attr-defined]
    errno.errorcode[ENOTCAPABLE] = "ENOTCAPABLE"
    os.open = _open
    os.supports_dir_fd.add(_open)


def _open(path, flags, mode=0o777, *, dir_fd=None):  # type: ignore[no-untyped-def]
    how = flags & ~(O_EXEC | O_RESOLVE_BENEATH) | (os.O_PATH if flags & O_EXEC else 0)
    try:
        if flags & O_RESOLVE_BENEATH:
            return _beneath(path, how, mode, dir_fd)
        return _linux(path, how, mode, dir_fd=dir_fd)
    except OSError as error:
        if how & os.O_NOFOLLOW and error.errno in (errno.ELOOP, errno.ENOTDIR) and _is_link(path, dir_fd):
            raise OSError(errno.EMLINK, os.strerror(errno.EMLINK), path) from None
        raise


def _is_link(path, dir_fd) -> bool:  # type: ignore[no-untyped-def]
    try:
        return stat.S_ISLNK(os.stat(path, dir_fd=dir_fd, follow_symlinks=False).st_mode)
    except OSError:
        return False


def _beneath(path, flags: int, mode: int, dir_fd: int | None) -> int:  # type: ignore[no-untyped-def]
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    how = (ctypes.c_uint64 * 3)(flags | os.O_CLOEXEC, mode if flags & os.O_CREAT else 0, _RESOLVE_BENEATH)
    directory = _AT_FDCWD if dir_fd is None else dir_fd
    while True:
        fd = libc.syscall(_OPENAT2, directory, os.fsencode(path), ctypes.byref(how), ctypes.sizeof(how))
        number = ctypes.get_errno()
        if fd >= 0:
            return int(fd)
        if number == errno.EXDEV:
            raise OSError(ENOTCAPABLE, "Capabilities insufficient", path)
        if number != errno.EAGAIN:  # Linux's way to say that something above was renamed meanwhile
            raise OSError(number, os.strerror(number), path)
