# SPDX-License-Identifier: BSD-2-Clause
"""A host whose kernel plays mounting over a real directory tree: it follows links as nmount(2) does, and remembers
where that led.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.bsd.jail.plugins.module_utils.errors import JailError
from ansible_collections.bsd.jail.plugins.module_utils.host import FSTAT, JLS, MOUNT, PS, Host, Result
from ansible_collections.bsd.jail.plugins.module_utils.libjail import Jail
from ansible_collections.bsd.jail.plugins.module_utils.nmount import FileSystem

WORDS = {"ro": "read-only", "async": "asynchronous", "sync": "synchronous"}
SHOWN = ("noexec", "nosuid", "ro", "union")
SOURCELESS = ("tmpfs", "devfs", "fdescfs", "procfs")


@dataclass
class Entry:
    """A mount that is played.

    covered: what tells the directory that it is on; None for a file, which its path tells.
    """

    fstype: str
    special: str
    node: str
    options: tuple[str, ...]
    fsid: str
    covered: tuple[int, int] | None = None


class MountHost(Host):
    """A FreeBSD host of which the directories are real and the mounts are played.

    table: what is mounted. programs: the names of the programs that were started. busy: the nodes that are in use.
    refuses: by node, what nmount(2) says. jails: the running jails' names and paths. processes: what ps(1) lists.
    before, after: called around nmount(2).
    """

    def __init__(self, directory: Path) -> None:
        super().__init__(etc=f"{directory}/etc", var_run=f"{directory}/run", platform="freebsd15", uid=0)
        (directory / "etc/jail.conf.d").mkdir(parents=True)
        (directory / "run").mkdir()
        self.table = [Entry("ufs", "/dev/vtbd0", "/", (), f"{0:016x}", (0, 0))]
        self.programs: list[str] = []
        self.busy: set[str] = set()
        self.refuses: dict[str, OSError] = {}
        self.jails: dict[str, str] = {}
        self.processes: list[dict[str, str]] = []
        self.serial = 0
        self.before: Callable[[], None] = lambda: None
        self.after: Callable[[], None] = lambda: None

    def nodes(self) -> list[str]:
        """Where something is mounted, the root's own file system apart."""
        return [one.node for one in self.table[1:]]

    def get(self, name: str) -> Jail:
        """What stands in for libjail.get."""
        for jid, (one, path) in enumerate(self.jails.items(), 1):
            if name in (one, str(jid)):
                return Jail(jid, one, path)
        raise JailError(f'jail "{name}" not found')

    def boot_id(self) -> str:
        return "0" * 32

    def run(self, *argv: str, stdin: str = "") -> Result:
        self.programs.append(os.path.basename(argv[0]))
        if argv[0] == MOUNT:
            assert argv[1:] == ("-v", "--libxo", "json")
            return Result(argv, 0, json.dumps({"mount": {"mounted": [self._instance(one) for one in self.table]}}), "")
        if argv[0] == JLS:
            listed = [
                {"jid": str(number), "name": name, "path": path}
                for number, (name, path) in enumerate(self.jails.items(), 1)
            ]
            return Result(argv, 0, json.dumps({"jail-information": {"jail": listed}}), "")
        if argv[0] == PS:
            return Result(argv, 0, json.dumps({"process-information": {"process": self.processes}}), "")
        assert argv[0] == FSTAT
        return Result(argv, 0, "USER CMD PID FD MOUNT\nroot sleep 4711 wd /x\nroot sleep 4711 text /x\n", "")

    @staticmethod
    def _instance(one: Entry) -> dict[str, object]:
        words = ["local", *(WORDS.get(option, option) for option in one.options if option in SHOWN)]
        return {"special": one.special, "node": one.node, "fstype": one.fstype, "opts": words, "fsid": one.fsid}

    def nmount(self, directory: int, fspath: str, fstype: str, special: str, options: tuple[str, ...]) -> None:
        self.before()
        fd = os.open(fspath, os.O_PATH, dir_fd=directory)
        try:
            node, status = os.readlink(f"/proc/self/fd/{fd}"), os.fstat(fd)
        finally:
            os.close(fd)
        if node in self.refuses:
            raise self.refuses[node]
        self.serial += 1
        covered = None if os.path.isfile(node) else (status.st_dev, status.st_ino)
        special = fstype if fstype in SOURCELESS else special
        self.table.append(Entry(fstype, special, node, options, f"{self.serial:016x}", covered))
        self.after()

    def fstatfs(self, fd: int) -> FileSystem:
        node, status = os.readlink(f"/proc/self/fd/{fd}"), os.fstat(fd)
        for one in reversed(self.table):
            if one.covered == (status.st_dev, status.st_ino) or (one.covered is None and one.node == node):
                return FileSystem(one.fsid, one.fstype, one.special, one.node)
        return FileSystem(self.table[0].fsid, "ufs", "/dev/vtbd0", "/")

    def unmount(self, fsid: str, force: bool) -> None:
        one = next((one for one in self.table if one.fsid == fsid), None)
        if one is None:
            raise OSError(errno.ENOENT, "No such file or directory")
        if one.node in self.busy and not force:
            raise OSError(errno.EBUSY, "Device busy")
        self.table.remove(one)
