# SPDX-License-Identifier: BSD-2-Clause
"""System calls of FreeBSD's C library, which Python doesn't have."""

from __future__ import annotations

import ctypes
import errno
import functools
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ansible_collections.bsd.jail.plugins.module_utils import attach as attaching
from ansible_collections.bsd.jail.plugins.module_utils.errors import JailError

_MAXPATHLEN = 1024
_MAXHOSTNAMELEN = 256
_MAXJID = 0x7FFFFFFF
_P_PID = 0
_PROC_REAP_ACQUIRE, _PROC_REAP_RELEASE, _PROC_REAP_KILL = 2, 3, 6  # sys/procctl.h
_REAPER_KILL_SUBTREE = 2


@dataclass(frozen=True)
class Jail:
    """A running jail, found by its name or jid: what it is called can change, its jid can't."""

    jid: int
    name: str
    path: str


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


class _Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]


def get(jail: str) -> Jail:
    """jail_get(2): the running jail of a name, or of a jid where it is all digits, as jail(8) takes it.

    Raises JailError with the kernel's words: it isn't there, or it is dying (recorded: lib-1, dyi-2).
    """
    number = int(jail) if jail.isascii() and jail.isdigit() else 0
    if number > _MAXJID or "\0" in jail or len(os.fsencode(jail)) >= _MAXHOSTNAMELEN:
        raise JailError(f"jail {jail!r} not found: that can't be the name or the jid of a jail", jail=jail)
    jid = ctypes.c_int(number)
    name = ctypes.create_string_buffer(b"" if jid.value else os.fsencode(jail), _MAXHOSTNAMELEN)
    path, words = ctypes.create_string_buffer(_MAXPATHLEN), ctypes.create_string_buffer(1024)
    found = _jail_get(("jid", jid), ("errmsg", words)) if jid.value else _jail_get(("name", name), ("errmsg", words))
    if found >= 0:
        jid.value = found
        found = _jail_get(("jid", jid), ("name", name), ("path", path), ("errmsg", words))
    if found < 0:
        raise JailError(f"{_decoded(words) or os.strerror(ctypes.get_errno())}", jail=jail)
    return Jail(found, _decoded(name), _decoded(path))


def _jail_get(*parameters: tuple[str, Any]) -> int:
    vectors, kept = [], []
    for name, value in parameters:
        key = ctypes.create_string_buffer(name.encode())
        kept.append(key)
        vectors += [_Iovec(ctypes.addressof(key), len(key)), _Iovec(ctypes.addressof(value), ctypes.sizeof(value))]
    return int(_libc().jail_get((_Iovec * len(vectors))(*vectors), len(vectors), 0))


def _decoded(buffer: ctypes.Array[ctypes.c_char]) -> str:
    return os.fsdecode(buffer.value)


def remove(jid: int) -> None:
    """jail_remove(2): end a jail and all that runs in it, without a word to jail(8). Raises JailError."""
    if _libc().jail_remove(jid) != 0:
        raise JailError(f"jail {jid} can't be removed: {os.strerror(ctypes.get_errno())}")


def attach(jid: int) -> None:
    """jail_attach(2): take this process into a jail; of its descriptors, 0 to 2 stay. Raises JailError, and then the
    process isn't in the jail.
    """
    try:
        attaching.attach(jid, (0, 1, 2))
    except OSError as error:
        raise _attach_error(jid, error.errno or 0, str(error.strerror)) from error


def inside(jid: int, work: Callable[[], Any]) -> Any:
    """Do something as a process of the jail's, and return what it returns, which JSON must be able to carry.

    It is done by a child that has attached and has no other descriptor than the one for its answer. `work` is never
    called where attaching failed, and can import nothing. An OSError that it raises is raised here.

    Raises JailError if the child can't attach, or is ended from within the jail.
    """
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        _child(jid, work, write)
    os.close(write)
    with open(read, "rb") as pipe:
        data = pipe.read()
    os.waitpid(pid, 0)
    if not data:
        raise JailError(f"jail {jid}: a process that had entered it was ended before it could do its work")
    answer = json.loads(data)
    if "attach" in answer:
        raise _attach_error(jid, *answer["attach"])
    if "error" in answer:
        number, name = answer["error"]
        raise OSError(number, os.strerror(number), name)
    return answer["value"]


def _child(jid: int, work: Callable[[], Any], answer: int) -> None:
    """In the child: attach, work, answer, end."""
    try:
        try:
            attaching.attach(jid, (answer,))
        except OSError as error:
            told: dict[str, Any] = {"attach": (error.errno, error.strerror)}
        else:
            try:
                told = {"value": work()}
            except OSError as error:
                told = {"error": (error.errno, error.filename)}
        data = json.dumps(told).encode()
        while data:
            data = data[os.write(answer, data) :]
    finally:
        os._exit(0)


def _attach_error(jid: int, number: int, call: str) -> JailError:
    gone = " (it doesn't run any more)" if number == errno.EINVAL else ""
    return JailError(f"jail {jid} can't be entered: {call}: {os.strerror(number)}{gone}")


def kill(pid: int, number: int) -> None:
    """kill(2), as the C library has it: a negative pid means what it means there. Raises OSError."""
    if _libc().kill(pid, number) != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def become_reaper() -> bool:
    """procctl(2), PROC_REAP_ACQUIRE: from now on the children of our children stay ours to find when their parents end.

    Returns False if we have been that already. Raises OSError.
    """
    if _libc().procctl(_P_PID, ctypes.c_int64(os.getpid()), _PROC_REAP_ACQUIRE, None) == 0:
        return True
    if ctypes.get_errno() == errno.EBUSY:
        return False
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def stop_reaping() -> None:
    """procctl(2), PROC_REAP_RELEASE."""
    _libc().procctl(_P_PID, ctypes.c_int64(os.getpid()), _PROC_REAP_RELEASE, None)


class _ReaperKill(ctypes.Structure):
    _fields_ = [
        ("signal", ctypes.c_int),
        ("flags", ctypes.c_uint),
        ("subtree", ctypes.c_int),
        ("killed", ctypes.c_uint),
        ("first_failed", ctypes.c_int),
        ("padding", ctypes.c_uint * 15),
    ]


def kill_subtree(child: int, number: int) -> int:
    """procctl(2), PROC_REAP_KILL: signal a child and all that descends from it, however far that has gone from it.

    We must have become the reaper before it started.

    Returns how many were signalled. Raises OSError.
    """
    order = _ReaperKill(number, _REAPER_KILL_SUBTREE, child)
    if _libc().procctl(_P_PID, ctypes.c_int64(os.getpid()), _PROC_REAP_KILL, ctypes.byref(order)) == 0:
        return int(order.killed)
    if ctypes.get_errno() == errno.ESRCH:
        return 0
    raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
