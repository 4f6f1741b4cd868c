# SPDX-License-Identifier: BSD-2-Clause
"""Going down and coming up again, as init(8) and reboot(2) do it: the files stay, and the first process; all else ends,
and begins anew as at boot.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import time

import processes
from mounts import Mounts
from namespaces import CLONE_NEWNET, CLONE_NEWUTS, HIDDEN

_CLONE_NEWIPC = 0x8000000
# What a kernel forgets: sysctl(8)'s and rctl(8)'s settings, cpuset(1)'s, and whether accton(8) has it count.
_FORGOTTEN = ("sysctl.json", "rctl", "cpuset", "acct")
_ENVIRONMENT = {"PATH": "/sbin:/bin:/usr/sbin:/usr/bin"}
_GRACE = 10  # seconds between SIGTERM and SIGKILL, init(8)'s

_libc = ctypes.CDLL(None, use_errno=True)


class Power:
    """Whether the stand-in runs, or is about to go down.

    logins: whether sshd(8) is there to be asked. is_due: whether it is time to end everything.
    """

    def __init__(self, logins: bool) -> None:
        self.logins = logins
        self.is_due = False
        self._script = 0

    def reboot(self) -> None:
        """Go down and come up again, in order: /etc/rc.shutdown first."""
        if not self._script:
            self._script = _start("/etc/rc.shutdown", "reboot")

    def crash(self) -> None:
        """Go down and come up again without a word to anybody."""
        self._script = -1
        self.is_due = True

    def ended(self, pid: int) -> None:
        """A child has ended: when it was /etc/rc.shutdown, it is time."""
        self.is_due = self.is_due or pid == self._script

    def again(self, mounts: Mounts, outside: socket.socket, name: str) -> None:
        """End everything, and begin again. outside: the socket that stands for the stand-in on the Linux side."""
        _end_processes(gently=self._script > 0)
        mounts.unmount_all()
        for file in _FORGOTTEN:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{HIDDEN}/{file}")
        if _libc.unshare(CLONE_NEWNET | CLONE_NEWUTS | _CLONE_NEWIPC) != 0:
            raise OSError(ctypes.get_errno(), "unshare")
        socket.sethostname("")
        outside.set_inheritable(True)
        argv = ["init", "-I", "-S", f"{HIDDEN}/kernel/main.py", str(outside.fileno()), "-", name]
        os.execve(f"{HIDDEN}/bin/python3", argv, os.environ)


def boot() -> None:
    """What init(8) does when the kernel is up."""
    _start("/etc/rc", "autoboot")


def _start(script: str, argument: str) -> int:
    """Let a shell run a script in a session of its own; its words go where this process's go. Returns its pid."""
    pid = os.fork()
    if pid == 0:
        try:
            os.setsid()
            signal.signal(signal.SIGPIPE, signal.SIG_DFL)
            os.execve("/bin/sh", ["sh", script, argument], _ENVIRONMENT)
        finally:
            os._exit(127)
    return pid


def _end_processes(gently: bool) -> None:
    """End all but this one. gently: with SIGTERM first."""
    if gently:
        _signal_all(signal.SIGTERM)
        deadline = time.monotonic() + _GRACE
        while _others() and time.monotonic() < deadline:
            time.sleep(0.01)
    while _others():
        _signal_all(signal.SIGKILL)
        time.sleep(0.01)


def _signal_all(number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, number)


def _others() -> bool:
    """Whether any other process is left. Those that came in from outside are their own parents' to collect."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0] != 0:
            pass
    return any(processes.state_of(pid) not in ("Z", "X", "") for pid in processes.pids() if pid != 1)
