# SPDX-License-Identifier: BSD-2-Clause
"""Locks, by which runs of this collection wait for one another: files that are locked as long as they are open."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import time
from collections.abc import Iterator, Mapping

from ansible_collections.bsd.jail.plugins.module_utils.errors import JailError, LockError
from ansible_collections.bsd.jail.plugins.module_utils.host import Host


@contextlib.contextmanager
def held(host: Host, names: Mapping[str, str], timeout: float) -> Iterator[tuple[int, ...]]:
    """Hold several locks, taken in the order of their names' bytes. The files stay: a lock on a file that is gone is no
    lock.

    names: the names of the locks' files, and what each stands for in messages. timeout: seconds to wait for all.
    Yields the descriptors of the files: a program that inherits them holds the locks too, for as long as it runs.
    Raises LockError, which says who holds the one that isn't to be had.
    """
    base = f"{host.var_run}/bsd.jail/.lock"
    make_private(base)
    deadline = time.monotonic() + timeout
    with contextlib.ExitStack() as stack:
        files = []
        for name in sorted(names, key=os.fsencode):
            fd = os.open(f"{base}/{name}", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            stack.callback(os.close, fd)
            _lock(fd, names[name], deadline)
            os.ftruncate(fd, 0)
            os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
            files.append(fd)
        yield tuple(files)


def make_private(path: str) -> None:
    """Make a directory, and the one above it, which are root's alone, whatever the umask."""
    for one in (os.path.dirname(path), path):
        with contextlib.suppress(FileExistsError):
            os.mkdir(one)
        os.chmod(one, 0o700)


def _lock(fd: int, what: str, deadline: float) -> None:
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EAGAIN):
                raise JailError(f"{what}: its lock can't be had: {error}") from error
        if time.monotonic() >= deadline:
            holder = os.pread(fd, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise LockError(
                f"{what}: another run works on it (pid {holder}) and didn't finish in time. "
                "Wait for it, or raise lock_timeout."
            )
        time.sleep(0.05)
