# SPDX-License-Identifier: BSD-2-Clause
"""Just enough of a jail for processes to be started on the machine that the tests run on.

Who has attached is known by a variable in its environment; the processes are the machine's, read from its /proc.
"""

from __future__ import annotations

import inspect
import os
from pathlib import Path

import pytest
from ansible_collections.bsd.jail.plugins.module_utils import attach, libjail, processes, program
from ansible_collections.bsd.jail.plugins.module_utils.host import Host
from ansible_collections.bsd.jail.plugins.module_utils.libjail import Jail
from ansible_collections.bsd.jail.plugins.module_utils.processes import Process

JAIL = Jail(7, "web", "/")
BOOT = "cafe"

# Takes the place of what only FreeBSD has, in the text that is sent to the interpreter.
_STUBS = """
_libc = lambda: ctypes.CDLL(None, use_errno=True)
_libutil = lambda: None
def attach(jid, keep):
    if jid != 7:
        raise OSError(errno.EINVAL, "jail_attach")
    os.closerange(3, min(set(keep) - {0, 1, 2}))
def _log_in(libutil, user):
    os.environ.clear()
    os.environ.update(IN_JAIL="7", PATH="/usr/bin:/bin", USER=user.pw_name)
"""


class LinuxHost(Host):
    """The machine, with its records below a directory."""

    def __init__(self, directory: Path) -> None:
        super().__init__(var_run=str(directory), platform="freebsd15", uid=0)

    def boot_id(self) -> str:
        return BOOT


def install(monkeypatch: pytest.MonkeyPatch, directory: Path) -> LinuxHost:
    """Make the library see the machine as a host with the jail JAIL. Returns the host."""
    source = inspect.getsource(attach) + _STUBS
    monkeypatch.setattr(program.inspect, "getsource", lambda _module: source)
    monkeypatch.setattr(processes, "_ps", _ps)
    monkeypatch.setattr(libjail, "get", lambda name: JAIL)
    return LinuxHost(directory)


def _ps(_host: Host, *which: str) -> list[Process]:
    pids = [int(which[1])] if which[0] == "-p" else [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return [process for process in map(process_of, pids) if process is not None]


def process_of(pid: int) -> Process | None:
    """A process of the machine's, as ps(1) shows one; None if there is none."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return None
    jid = JAIL.jid if b"IN_JAIL=7" in environment else 0
    return Process(pid, int(fields[1]), jid, 0, fields[0].decode(), int(fields[19]) // os.sysconf("SC_CLK_TCK"))


def processes_about(directory: Path) -> list[int]:
    """The pids of all that have a directory's name in their command lines, zombies apart."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if os.fsencode(directory) in line:
                found.append(int(entry.name))
    return sorted(found)
