# SPDX-License-Identifier: BSD-2-Clause
"""FreeBSD's words for errors, where Linux has others (strerror(3), sys/errno.h)."""

from __future__ import annotations

import errno
import os

_WORDS = {
    errno.ENXIO: "Device not configured",
    errno.EBUSY: "Device busy",
    errno.EXDEV: "Cross-device link",
    errno.ENODEV: "Operation not supported by device",
    errno.ENOTTY: "Inappropriate ioctl for device",
    errno.ERANGE: "Result too large",
    errno.EDEADLK: "Resource deadlock avoided",
    errno.EAGAIN: "Resource temporarily unavailable",
    errno.EADDRINUSE: "Address already in use",
    errno.EADDRNOTAVAIL: "Can't assign requested address",
    errno.EAFNOSUPPORT: "Address family not supported by protocol family",
    errno.EHOSTDOWN: "Host is down",
    errno.EHOSTUNREACH: "No route to host",
    errno.ETIMEDOUT: "Operation timed out",
    errno.ELOOP: "Too many levels of symbolic links",
    errno.EISCONN: "Socket is already connected",
    errno.ENOTCONN: "Socket is not connected",
    errno.ENOTSOCK: "Socket operation on non-socket",
    errno.EPROTONOSUPPORT: "Protocol not supported",
    errno.EDQUOT: "Disc quota exceeded",
    errno.ESTALE: "Stale NFS file handle",
    errno.EOVERFLOW: "Value too large to be stored in data type",
}


def strerror(number: int) -> str:
    """FreeBSD's message for an error that Linux numbers so."""
    return _WORDS.get(number) or os.strerror(number)
