# SPDX-License-Identifier: BSD-2-Clause
"""The interpreter's `_multiprocessing`, with semaphores that need no /dev/shm, as those of Linux's C library do.

A semaphore is a pipe that holds as many bytes as it can be acquired: it is inherited over fork(2), and a read waits.
"""

from __future__ import annotations

import os
import select
import threading
from typing import Any

RECURSIVE_MUTEX = 0
flags = {"HAVE_SEM_OPEN": 1, "HAVE_SEM_TIMEDWAIT": 1}


class SemLock:
    """As multiprocessing.synchronize uses it."""

    SEM_VALUE_MAX = 32767

    def __init__(self, kind: int, value: int, maxvalue: int, name: str, unlink: bool) -> None:
        self.kind, self.maxvalue, self.name = kind, maxvalue, name
        self._read, self._write = os.pipe()
        self.handle = self._read
        self._held = 0
        self._owner = 0
        os.set_blocking(self._read, False)
        os.write(self._write, bytes(value))

    def acquire(self, block: bool = True, timeout: float | None = None) -> bool:
        if self.kind == RECURSIVE_MUTEX and self._is_mine():
            self._held += 1
            return True
        while True:
            try:
                os.read(self._read, 1)
            except BlockingIOError:
                wait = (None if timeout is None else max(timeout, 0)) if block else 0
                if not select.select([self._read], [], [], wait)[0]:
                    return False
                continue
            self._held += 1
            self._owner = threading.get_ident()
            return True

    def release(self) -> None:
        if self.kind == RECURSIVE_MUTEX:
            if not self._is_mine():
                raise AssertionError("attempt to release recursive lock not owned by thread")
            if self._held > 1:
                self._held -= 1
                return
        elif self._get_value() >= self.maxvalue:
            raise ValueError("semaphore or lock released too many times")
        self._held -= 1
        os.write(self._write, b"\0")

    def _count(self) -> int:
        return self._held

    def _is_mine(self) -> bool:
        return self._held > 0 and self._owner == threading.get_ident()

    def _get_value(self) -> int:
        import array
        import fcntl
        import termios

        waiting = array.array("i", [0])
        fcntl.ioctl(self._read, termios.FIONREAD, waiting)
        return waiting[0]

    def _is_zero(self) -> bool:
        return self._get_value() == 0

    def _after_fork(self) -> None:
        self._held = 0

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: Any) -> None:
        self.release()

    def __del__(self) -> None:
        os.close(self._read)
        os.close(self._write)


def sem_unlink(name: str) -> None:
    """There is nothing to take away."""
