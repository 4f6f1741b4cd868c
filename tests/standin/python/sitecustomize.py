# SPDX-License-Identifier: BSD-2-Clause
"""The stand-in's interpreter says what FreeBSD's says of the system it runs on (recorded: lib-3)."""

from __future__ import annotations

import os
import sys

import freebsd_open
import freebsd_signals

RELEASE = "15.1-RELEASE-p1"


def _uname(linux=os.uname):  # type: ignore[no-untyped-def]
    return os.uname_result(("FreeBSD", linux().nodename, RELEASE, f"FreeBSD {RELEASE} JAILHOST", "amd64"))


def _audit(event: str, arguments: tuple[object, ...]) -> None:
    """Tell the stand-in's kernel of a socket that a process bound after it attached to a jail; hide what is Linux's."""
    if event == "ctypes.dlopen" and arguments[0] == "libselinux.so.1":
        raise OSError('Shared object "libselinux.so.1" not found')
    if event == "ctypes.dlsym" and arguments[1] in ("getspnam", "getspent"):
        raise AttributeError(f'Undefined symbol "{arguments[1]}"')
    ctypes = sys.modules.get("ctypes") if event == "socket.bind" else None
    if ctypes is not None:
        ctypes.CDLL("libc.so.7").standin_socket(arguments[0].fileno())  # type: ignore[attr-defined]


def _setgroups(groups, linux=os.setgroups) -> None:  # type: ignore[no-untyped-def]
    """In a user namespace of one user and one group, root has that group, and no other can be set."""
    try:
        linux(groups)
    except PermissionError:
        if os.geteuid() != 0:
            raise


class _Semaphores:
    """Finds `_multiprocessing` in semaphores.py."""

    @staticmethod
    def find_spec(name, path=None, target=None):  # type: ignore[no-untyped-def]
        if name != "_multiprocessing":
            return None
        import importlib.util

        return importlib.util.spec_from_file_location(name, os.path.join(os.path.dirname(__file__), "semaphores.py"))


sys.meta_path.insert(0, _Semaphores)  # type: ignore[arg-type]
sys.addaudithook(_audit)
sys.platform = "freebsd"
os.uname = _uname
os.setgroups = _setgroups
for name in (
    "unshare",
    "setns",
    "sched_setaffinity",
    "sched_getaffinity",
    "memfd_create",
    "eventfd",
    "pidfd_open",
    "getrandom",
    "O_TMPFILE",
):
    if hasattr(os, name):
        delattr(os, name)
freebsd_open.install()
freebsd_signals.install()
