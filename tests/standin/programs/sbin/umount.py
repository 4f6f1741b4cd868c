# SPDX-License-Identifier: BSD-2-Clause
"""umount(8): unmount file systems."""

from __future__ import annotations

import os
import re
import stat
import sys

import err
import fstab
import kernel
import options
from errlist import strerror
from mounttable import Mount, is_listed

PROGRAM = "umount"
USAGE = """usage: umount [-dfNnv] special ... | node ... | fsid ...
       umount -a | -A [-F fstab] [-dfnv] [-h host] [-t type]"""


def main(argv: list[str]) -> int:
    found, operands = options.getopt(argv, "AaF:dfh:nNt:v", USAGE)
    flags, values = {letter for letter, _ in found}, dict(found)
    if {"f", "n"} <= flags:
        err.errx(PROGRAM, "-f and -n are mutually exclusive")
    everything = bool(flags & {"a", "A", "h"})
    if bool(operands) == everything:
        options.usage(USAGE)
    unmounter = _Unmounter(values.get("t"), "f" in flags, "v" in flags)
    if flags & {"A", "h"}:
        return max(
            [unmounter.unmount(mount) for mount in reversed(unmounter.table[1:]) if unmounter.by_itself(mount)],
            default=0,
        )
    if everything:
        operands = _from_fstab(values.get("F", fstab.PATH), values.get("t"))
    return max([unmounter.check(name) for name in operands], default=0)


def _from_fstab(path: str, types: str | None) -> list[str]:
    """The mount points of fstab(5), last first."""
    try:
        entries = fstab.read(path)
    except OSError as error:
        print(f"fstab: {path}:0: {strerror(error.errno or 0)}", file=sys.stderr)
        err.err(PROGRAM, path, error.errno)
    if not entries:
        err.errx(PROGRAM, "fstab reading failure")
    return [e.file for e in reversed(entries) if e.file != "/" and e.type != "sw" and is_listed(types, e.vfstype)]


class _Unmounter:
    """The mount table as it was in the beginning, less what has been unmounted since."""

    def __init__(self, types: str | None, force: bool, verbose: bool) -> None:
        self.types = types
        self.force = force
        self.verbose = verbose
        self.table = kernel.mounts()

    def by_itself(self, mount: Mount) -> bool:
        """What -A takes: all of the types asked for, but not /dev."""
        return is_listed(self.types, mount["fstype"]) and mount["node"] != "/dev"

    def check(self, name: str) -> int:
        """Unmount what goes by a name: a mount point, what is mounted, or an fsid. Returns the exit status."""
        mount = self._find(name) or self._find(name.rstrip("/") or name) or self._at(name)
        if mount is None or not is_listed(self.types, mount["fstype"]):
            return 1
        return self.unmount(mount)

    def _find(self, name: str) -> Mount | None:
        if re.fullmatch("[0-9a-fA-F]{16}", name):
            by_id = self._last("fsid", name.lower())
            if by_id is not None:
                return by_id
        return self._last("node", name) or self._last("special", name)

    def _last(self, key: str, value: str) -> Mount | None:
        return next((mount for mount in reversed(self.table) if mount[key] == value), None)

    def _at(self, name: str) -> Mount | None:
        """By statfs(2): the file system that the path is the root of. Says so where it is none."""
        try:
            mount, directory = kernel.statfs(name), stat.S_ISDIR(os.stat(name).st_mode)
        except OSError as error:
            err.warn(PROGRAM, f"{name}: statfs", error.errno)
            directory = False
        if not directory:
            err.warnx(PROGRAM, f"{name}: unknown file system")
            return None
        if kernel.statfs(f"{name}/..")["fsid"] == mount["fsid"]:
            err.warnx(PROGRAM, f"{name}: not a file system root directory")
            return None
        return mount

    def unmount(self, mount: Mount) -> int:
        """unmount(2) one file system. Returns the exit status."""
        try:
            kernel.unmount(mount["fsid"], self.force)
        except OSError as error:
            err.warn(PROGRAM, f"unmount of {mount['node']} failed", error.errno)
            return 1
        self.table.remove(mount)
        if self.verbose:
            print(f"{mount['special']}: unmount from {mount['node']}")
        return 0
