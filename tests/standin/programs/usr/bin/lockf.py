# SPDX-License-Identifier: BSD-2-Clause
"""lockf(1): run a command while holding a lock on a file."""

from __future__ import annotations

import errno
import fcntl
import os
import time

import err
import options
import program

PROGRAM = "lockf"
USAGE = """usage: lockf [-knsw] [-t seconds] file command [arguments]
       lockf [-s] [-t seconds] fd"""
EX_UNAVAILABLE, EX_CANTCREAT, EX_TEMPFAIL, EX_USAGE = 69, 73, 75, 64


def main(argv: list[str]) -> int:
    found, operands = options.getopt(argv, "knpst:Tw", USAGE, EX_USAGE)
    given = dict(found)
    if not operands:
        options.usage(USAGE, EX_USAGE)
    end = time.monotonic() + float(given["t"]) if "t" in given else None
    if len(operands) == 1:
        return 0 if _locked(int(operands[0]), end) else _busy(operands[0], given)
    path, command = operands[0], operands[1:]
    while True:
        fd = _open(path, given)
        if not _locked(fd, end):
            return _busy(path, given)
        if "k" in given or _is_same(fd, path):
            break
        os.close(fd)
    pid = os.fork()
    if pid == 0:
        error = program.execvp(command)
        err.warn(PROGRAM, command[0], error.errno)
        os._exit(71)
    _, status = os.waitpid(pid, 0)
    if "k" not in given:
        os.unlink(path)
    return program.exit_code(status)


def _open(path: str, given: dict[str, str]) -> int:
    mode = os.O_RDWR if "w" in given else os.O_RDONLY
    try:
        return os.open(path, mode | (0 if "n" in given else os.O_CREAT), 0o666)
    except OSError as error:
        status = EX_UNAVAILABLE if error.errno == errno.ENOENT else EX_CANTCREAT
        err.err(PROGRAM, f"cannot open {path}", error.errno, status)


def _is_same(fd: int, path: str) -> bool:
    """Whether the file still has its name: the one who held the lock before may have removed it."""
    try:
        return os.path.samestat(os.fstat(fd), os.stat(path))
    except FileNotFoundError:
        return False


def _locked(fd: int, end: float | None) -> bool:
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | (0 if end is None else fcntl.LOCK_NB))
            return True
        except BlockingIOError:
            if end is None or time.monotonic() >= end:
                return False
            time.sleep(0.01)


def _busy(path: str, given: dict[str, str]) -> int:
    if "s" not in given:
        err.warnx(PROGRAM, f"{path}: already locked")
    return EX_TEMPFAIL
