# SPDX-License-Identifier: BSD-2-Clause
"""System calls of FreeBSD's C library, which Python doesn't have."""

from __future__ import annotations

import ctypes
import functools
import os

from ansible_collections.bsd.jail.plugins.module_utils.errors import JailError


@functools.cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL("libc.so.7", use_errno=True)


def sysctl(name: str) -> bytes:
    """sysctlbyname(3): the value of a sysctl variable as the kernel gives it. Raises JailError."""
    libc, encoded, size = _libc(), name.encode(), ctypes.c_size_t(0)
    if libc.sysctlbyname(encoded, None, ctypes.byref(size), None, ctypes.c_size_t(0)) == 0:
        value = ctypes.create_string_buffer(size.value)
        if libc.sysctlbyname(encoded, value, ctypes.byref(size), None, ctypes.c_size_t(0)) == 0:
            return value.raw[: size.value]
    raise JailError(f"sysctl {name}: {os.strerror(ctypes.get_errno())}")
