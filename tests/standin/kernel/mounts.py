# SPDX-License-Identifier: BSD-2-Clause
"""The mount table: what nmount(2), unmount(2) and getfsstat(2) do, over Linux's mounts.

An entry keeps the path that it was mounted on, whatever becomes of it (recorded: pwd-1); Linux's own table says where
it is now.
"""

from __future__ import annotations

import ctypes
import errno
import os
import re
import stat
from dataclasses import dataclass

import devfs
from errors import SystemCallError

PROC = "/usr/libexec/standin/proc"
MS_RDONLY, MS_NOSUID, MS_NOEXEC, MS_REMOUNT, MS_NOSYMFOLLOW, MS_NOATIME, MS_BIND = 1, 2, 8, 32, 256, 1024, 4096
MNT_DETACH, UMOUNT_NOFOLLOW = 2, 8
# Linux unmounts by path alone: while somebody renames what is on it, it has to be tried again.
MOVED = (errno.EINVAL, errno.ENOENT, errno.ENOTDIR, errno.ELOOP)

# How Linux does what an option asks for; None: nothing to do, it is only remembered.
FLAGS = {
    "ro": MS_RDONLY,
    "noatime": MS_NOATIME,
    "noexec": MS_NOEXEC,
    "nosuid": MS_NOSUID,
    "nosymfollow": MS_NOSYMFOLLOW,
    "union": 0,
    "sync": 0,
    "async": 0,
    "noclusterr": 0,
    "noclusterw": 0,
    "acls": 0,
    "multilabel": 0,
    "nosuiddir": 0,
}
# tmpfs knows no noatime (recorded: opt-1).
GLOBAL = frozenset(
    {*FLAGS, "rw", "exec", "suid", "symfollow", "nounion", "noasync", "export", "force", "late", "noauto", "failok"}
) - {"noatime"}
NULLFS_SHOWS = ("ro", "noexec", "nosuid", "nosymfollow", "union")
# What a file system knows beside those; nullfs takes anything (recorded: mnt-3).
OPTIONS = {
    "tmpfs": {"size", "inodes", "maxfilesize", "uid", "gid", "mode", "nonc", "nomtime", "pgread"},
    "devfs": {"ruleset"},
    "fdescfs": {"linrdlnk", "nodup", "rdlnk"},
    "procfs": {"linux"},
}
# What the kernel itself writes as the source (recorded: exec-5, mnt-6).
SPECIAL = {"devfs": "devfs", "fdescfs": "fdescfs", "procfs": "procfs", "tmpfs": "tmpfs"}
# The number of a file system's type, a part of each fsid (recorded: mnt-2).
TYPES = {"nullfs": 0x29, "devfs": 0x71, "fdescfs": 0x59, "procfs": 0x02, "tmpfs": 0x87}

libc = ctypes.CDLL(None, use_errno=True)


@dataclass
class Mount:
    """One mounted file system.

    flags: mount(8)'s words for its options. linux_id: Linux's number of the mount; 0 for those that are there from
    the beginning.
    """

    fstype: str
    special: str
    node: str
    flags: list[str]
    fsid: str
    linux_id: int = 0


def _linux_mounts() -> dict[int, str]:
    """Linux's mount numbers and where they are mounted now."""
    found = {}
    with open(f"{PROC}/self/mountinfo", "rb") as lines:
        for line in lines:
            number, _parent, _device, _root, path = line.split(b" ")[:5]
            found[int(number)] = os.fsdecode(re.sub(rb"\\([0-7]{3})", lambda code: bytes([int(code[1], 8)]), path))
    return found


def _mount(source: str, target: str, fstype: str, flags: int, data: str = "") -> None:
    if libc.mount(os.fsencode(source), os.fsencode(target), fstype.encode(), flags, data.encode()) != 0:
        raise SystemCallError(ctypes.get_errno())


class Mounts:
    """The table, in the order of mounting."""

    def __init__(self) -> None:
        self._serial = 0x28
        self.table = [
            Mount("ufs", "/dev/vtbd0", "/", [], "66a1b2c35d4e6f70"),
            Mount("devfs", "devfs", "/dev", [], "00ff007171000000"),
        ]

    def nmount(
        self, fstype: str, target: int, source: int | None, special: str, options: dict[str, str | None]
    ) -> None:
        """Mount a file system on the file or directory behind a descriptor.

        target, source: descriptors (O_PATH); source for nullfs only.
        """
        options = {
            name: value
            for name, value in options.items()
            if name not in ("fstype", "fspath", "from", "target", "errmsg")
        }
        self._check_options(fstype, options)
        if "update" in options:
            raise SystemCallError(errno.EOPNOTSUPP)
        if fstype != "nullfs" and not stat.S_ISDIR(os.fstat(target).st_mode):
            raise SystemCallError(errno.ENOTDIR)
        path = os.readlink(f"{PROC}/self/fd/{target}")
        if stat.S_ISREG(os.fstat(target).st_mode) and self.of_descriptor(target).node == path:
            raise SystemCallError(errno.EBUSY)  # mounts on files don't stack (FreeBSD's sys/kern/vfs_mount.c)
        lower = [] if source is None else self.of_descriptor(source).flags
        before = set(_linux_mounts())
        place = f"{PROC}/self/fd/{target}"
        flags = sum(FLAGS.get(name, 0) for name in options)
        if fstype == "nullfs":
            self._bind(source, target, place, flags)
        elif fstype == "tmpfs":
            _mount("tmpfs", place, "tmpfs", flags, _tmpfs_data(options, os.fstat(target)))
        elif fstype == "procfs":
            _mount("proc", place, "proc", flags)
        else:
            _mount(fstype, place, "tmpfs", flags, "mode=755")
        after = {number: where for number, where in _linux_mounts().items() if number not in before}
        number = max(after)
        if fstype == "devfs":
            devfs.fill(after[number], int(options.get("ruleset") or 0))
        elif fstype == "fdescfs":
            devfs.fill_fdescfs(after[number])
        self._serial += 1
        kind, low, high = TYPES[fstype], self._serial & 0xFF, self._serial >> 8 & 0xFF
        fsid = f"{low:02x}ff{high:02x}{kind:02x}{kind:02x}000000"
        shown = [name for name in options if name in FLAGS]
        if fstype == "nullfs" and source is not None:
            # Some options of its own, and all of its source's (nullfs_statfs() of sys/fs/nullfs/null_vfsops.c).
            own = [name for name in shown if name in NULLFS_SHOWS]
            shown = [*own, *(flag for flag in lower if flag not in own)]
        self.table.append(Mount(fstype, SPECIAL.get(fstype, special), path, shown, fsid, number))

    def _bind(self, source: int | None, target: int, place: str, flags: int) -> None:
        if source is None:
            raise SystemCallError(errno.EINVAL)
        origin, here = os.fstat(source), os.fstat(target)
        if stat.S_ISDIR(origin.st_mode) != stat.S_ISDIR(here.st_mode):
            raise SystemCallError(errno.EINVAL)
        if (origin.st_dev, origin.st_ino) == (here.st_dev, here.st_ino):
            raise SystemCallError(errno.EDEADLK)
        before = set(_linux_mounts())
        _mount(f"{PROC}/self/fd/{source}", place, "none", MS_BIND)
        if flags:
            where = next(path for number, path in _linux_mounts().items() if number not in before)
            _mount("none", where, "none", MS_BIND | MS_REMOUNT | flags)

    @staticmethod
    def _check_options(fstype: str, options: dict[str, str | None]) -> None:
        if fstype != "nullfs" and fstype not in OPTIONS:
            raise SystemCallError(errno.EINVAL, "Invalid fstype")
        for name in options:
            if name not in GLOBAL and name != "update" and fstype != "nullfs" and name not in OPTIONS[fstype]:
                raise SystemCallError(errno.EINVAL, f"mount option <{name}> is unknown")

    def unmount(self, fsid: str, force: bool) -> None:
        """Unmount by fsid. EBUSY while somebody is in it, unless forced."""
        for mount in self.table:
            if mount.fsid == fsid and mount.linux_id:
                break
        else:
            raise SystemCallError(errno.ENOENT if fsid else errno.EINVAL)
        flags = UMOUNT_NOFOLLOW | (MNT_DETACH if force else 0)
        while (path := _linux_mounts().get(mount.linux_id)) is not None:
            nodes = devfs.shown(path) if mount.fstype == "devfs" and not force else []
            if not devfs.hide(path, nodes):
                raise SystemCallError(errno.EBUSY)
            if libc.umount2(os.fsencode(path), flags) == 0:
                break
            number = ctypes.get_errno()
            devfs.show(path, nodes)
            if number not in MOVED:
                raise SystemCallError(number)
        self.table.remove(mount)

    def unmount_all(self) -> None:
        """Unmount what isn't there from the beginning, the newest first."""
        for mount in reversed(self.current()):
            path = _linux_mounts().get(mount.linux_id)
            if path is not None and libc.umount2(os.fsencode(path), MNT_DETACH) != 0:
                raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), path)

    def of_descriptor(self, fd: int) -> Mount:
        """The file system that an open file is on; what isn't mounted by nmount(2) is on the root's."""
        with open(f"{PROC}/self/fdinfo/{fd}") as info:
            number = next(int(line.split()[1]) for line in info if line.startswith("mnt_id:"))
        return next((mount for mount in self.current() if mount.linux_id == number), self.table[0])

    def current(self) -> list[Mount]:
        """The table, without what has gone by other ways (a forced unmount takes along what is mounted below)."""
        there = _linux_mounts()
        self.table = [mount for mount in self.table if not mount.linux_id or mount.linux_id in there]
        return self.table


def _tmpfs_data(options: dict[str, str | None], target: os.stat_result) -> str:
    """Linux's options of a tmpfs; its root has the owner and mode of the directory that it is mounted on (tmpfs(4))."""
    own = {"uid": str(target.st_uid), "gid": str(target.st_gid), "mode": f"{stat.S_IMODE(target.st_mode):o}"}
    known = own | {name: value for name, value in options.items() if value is not None}
    data = [f"{name}={known[name]}" for name in ("size", "uid", "gid", "mode") if name in known]
    if options.get("inodes"):
        data.append(f"nr_inodes={options['inodes']}")
    return ",".join(data)
