# SPDX-License-Identifier: BSD-2-Clause
"""rm(1)."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable

import err
import options

USAGE = "usage: rm [-f | -i] [-dIPRrvWx] file ...\n       unlink [--] file"


def main(argv: list[str]) -> int:
    found, names = options.getopt(argv, "dfiIPRrvWx", USAGE, 64)
    flags = {letter for letter, _ in found}
    if not names and "f" not in flags:
        options.usage(USAGE, 64)
    return _Remover(flags).run(names)


class _Remover:
    """One run: its options, and the exit status so far."""

    def __init__(self, flags: set[str]) -> None:
        self.flags = flags
        self.status = 0

    def run(self, names: list[str]) -> int:
        """Remove the operands. Returns the exit status."""
        for name in names:
            if name.rstrip("/").rpartition("/")[2] in (".", ".."):
                err.warnx("rm", '"." and ".." may not be removed')
                self.status = 1
            elif name.strip("/") == "" and name:
                err.warnx("rm", '"/" may not be removed')
                self.status = 1
            else:
                self._remove(name)
        return self.status

    def _remove(self, path: str, device: int | None = None) -> None:
        try:
            status = os.lstat(path)
        except OSError as error:
            if not ("f" in self.flags and isinstance(error, FileNotFoundError)):
                self._complain(path, error)
            return
        if not stat.S_ISDIR(status.st_mode):
            self._do(os.unlink, path)
            return
        if not self.flags & {"r", "R", "d"}:
            err.warnx("rm", f"{path}: is a directory")
            self.status = 1
            return
        if self.flags & {"r", "R"}:
            if "x" in self.flags and device not in (None, status.st_dev):
                return
            self._contents(path, status.st_dev)
        self._do(os.rmdir, path)

    def _contents(self, path: str, device: int) -> None:
        try:
            names = os.listdir(path)
        except OSError as error:
            self._complain(path, error)
            return
        for name in names:
            self._remove(f"{path.rstrip('/')}/{name}", device)

    def _do(self, act: Callable[[str], None], path: str) -> None:
        if "i" in self.flags and not self._confirmed(path):
            return
        try:
            act(path)
        except OSError as error:
            self._complain(path, error)
            return
        if "v" in self.flags:
            print(path)

    def _confirmed(self, path: str) -> bool:
        print(f"remove {path}? ", end="", file=sys.stderr, flush=True)
        return sys.stdin.readline()[:1] in ("y", "Y")

    def _complain(self, path: str, error: OSError) -> None:
        err.warn("rm", path, error.errno)
        self.status = 1
