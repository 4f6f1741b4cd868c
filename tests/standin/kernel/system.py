# SPDX-License-Identifier: BSD-2-Clause
"""What the kernel knows, and who calls it."""

from __future__ import annotations

import errno
import os
import re
import time
from functools import cached_property

import devfs
from errors import SystemCallError
from jails import HOST, Jail, Jails
from mounts import Mounts
from power import Power
from processes import PROC, uid_of

HIDDEN = "/usr/libexec/standin"


class System:
    """All state of the kernel. It begins when the stand-in comes up, as a host's does at boot.

    logins: whether sshd(8) is there from the beginning, since /etc/rc isn't run.
    """

    def __init__(self, logins: bool) -> None:
        self.power = Power(logins)
        self.kenv = _loaded()
        self.boot_time = time.time()
        self.boot_id = os.urandom(16)
        self.jails = Jails()
        self.mounts = Mounts()
        devfs.load(devfs.DEFAULTS)


def _loaded() -> dict[str, str]:
    """What loader.conf(5) gives the kernel along."""
    try:
        with open("/boot/loader.conf") as file:
            return dict(re.findall(r'^\s*([\w.]+)\s*=\s*"?([^"#\s]*)"?', file.read(), re.MULTILINE))
    except FileNotFoundError:
        return {}


class Caller:
    """The process that makes a system call.

    pid: its pid. fds: the descriptors that it sent along; the server closes them.
    """

    def __init__(self, system: System, pid: int, fds: list[int]) -> None:
        self._system = system
        self.pid = pid
        self.fds = fds

    @cached_property
    def uid(self) -> int:
        """Its effective user id."""
        return uid_of(self.pid)

    @cached_property
    def jail(self) -> Jail:
        """The jail that it is in; HOST outside of all."""
        return self._system.jails.of_process(self.pid) or self._system.jails.by_jid[HOST]

    def absolute(self, path: str) -> str:
        """A path of its, from its root on: a relative one goes from its working directory (recorded: bad-3)."""
        if path.startswith("/"):
            return path
        cwd = os.readlink(f"{PROC}/{self.pid}/cwd")
        return os.path.join(cwd.removeprefix(self.jail.path.rstrip("/")) or "/", path)

    def need_root(self) -> None:
        """EPERM for an ordinary user."""
        if self.uid != 0:
            raise SystemCallError(errno.EPERM)
