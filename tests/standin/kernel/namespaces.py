# SPDX-License-Identifier: BSD-2-Clause
"""The Linux namespaces behind jails: made by leaving ours for a moment, kept by an open descriptor."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable

import network

HIDDEN = "/usr/libexec/standin"
PROC = f"{HIDDEN}/proc"
CLONE_NEWUTS, CLONE_NEWNET = 0x4000000, 0x40000000

libc = ctypes.CDLL(None, use_errno=True)


def _check(result: int) -> None:
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def own(kind: str) -> int:
    """A descriptor of the kernel's own namespace ('uts' or 'net')."""
    return os.open(f"{PROC}/self/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC)


def new_uts() -> int:
    """A new UTS namespace's descriptor."""
    return _new("uts", CLONE_NEWUTS)


def new_net() -> int:
    """A new network namespace's descriptor, made as network.vnet() does."""
    return _new("net", CLONE_NEWNET, network.vnet)


def _new(kind: str, flag: int, prepare: Callable[[], None] = lambda: None) -> int:
    before = own(kind)
    try:
        _check(libc.unshare(flag))
        prepare()
        return own(kind)
    finally:
        _check(libc.setns(before, flag))
        os.close(before)


def hostname(uts: int) -> str:
    """The host name in a UTS namespace."""
    before = own("uts")
    try:
        _check(libc.setns(uts, CLONE_NEWUTS))
        return os.uname().nodename
    finally:
        _check(libc.setns(before, CLONE_NEWUTS))
        os.close(before)


def set_hostname(uts: int, name: str) -> None:
    """Set it; Linux keeps the first 64 bytes."""
    before, data = own("uts"), os.fsencode(name)[:64]
    try:
        _check(libc.setns(uts, CLONE_NEWUTS))
        _check(libc.sethostname(data, len(data)))
    finally:
        _check(libc.setns(before, CLONE_NEWUTS))
        os.close(before)
