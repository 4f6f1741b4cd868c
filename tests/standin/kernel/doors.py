# SPDX-License-Identifier: BSD-2-Clause
"""Where a program whose root is a jail's finds the kernel: at a socket without a path, one in each network stack."""

from __future__ import annotations

import os
import selectors
import socket

NAME = "\0standin-kernel"

_open: dict[int, socket.socket] = {}  # by the inode of the network namespace
_new: list[socket.socket] = []
_old: list[socket.socket] = []


def add() -> None:
    """Make one in the network namespace that this thread is in."""
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    door.bind(NAME)
    door.listen(64)
    _open[os.stat("/usr/libexec/standin/proc/thread-self/ns/net").st_ino] = door
    _new.append(door)


def remove(stack: int) -> None:
    """Take the one of a network namespace (a descriptor of it) away: it would keep the namespace."""
    _old.append(_open.pop(os.fstat(stack).st_ino))


def watch(selector: selectors.BaseSelector) -> None:
    """Have the selector watch those that there are now."""
    while _new:
        selector.register(_new.pop(), selectors.EVENT_READ)
    while _old:
        selector.unregister(_old[-1])
        _old.pop().close()


def is_one(source: object) -> bool:
    """Whether a source of events is one of these."""
    return source in _open.values()
