# SPDX-License-Identifier: BSD-2-Clause
"""Who root of a stand-in is: the machine's root, or an ordinary user in a user namespace of his own.

There he is root and nobody else is there, unless Debian's package uidmap is, and /etc/subuid and /etc/subgid give him
users and groups enough for all that FreeBSD has: 65535 beside root.
"""

from __future__ import annotations

import errno
import os
import pwd
import shutil
import subprocess
from pathlib import Path

from . import linux

FURTHER = 65535
ALL = ["0", "0", "4294967295"]


def are_mapped() -> bool:
    """Whether this process is in a user namespace, where root isn't the machine's."""
    with open("/proc/self/uid_map") as lines:
        return lines.read().split() != ALL


def overlay(lower: str | Path, upper: str | Path, work: str | Path) -> str:
    """The options of an overlay that its root may mount, changes to directories included."""
    return f"lowerdir={lower},upperdir={upper},workdir={work}" + (",userxattr" if are_mapped() else "")


def only_root() -> str | None:
    """Why root is the only user of stand-ins here, or None."""
    if os.geteuid() == 0 or (_further("/etc/subuid") and _further("/etc/subgid") and shutil.which("newuidmap")):
        return None
    return (
        "without root of the machine, a stand-in has more users than root only with the package uidmap and "
        f"{FURTHER} of {_name()}'s own in /etc/subuid and /etc/subgid"
    )


def no_devices() -> str | None:
    """Why no device node can be made in stand-ins here, or None."""
    return None if os.geteuid() == 0 else "without root of the machine, no device nodes can be made"


def no_flags() -> str | None:
    """Why file flags protect nothing in stand-ins here, or None."""
    return None if os.geteuid() == 0 else "without root of the machine, file flags protect nothing"


def become_root() -> None:
    """Put this process into a new user namespace, as its root. OSError where that isn't allowed."""
    further = only_root() is None
    uid, gid = os.geteuid(), os.getegid()
    here, there = os.pipe()
    helper = os.fork()
    if helper == 0:  # the maps are written from outside
        os.close(there)
        os.read(here, 1)
        done = _map(os.getppid(), uid, gid, further)
        os._exit(0 if done else 1)
    os.close(here)
    try:
        linux.unshare(linux.CLONE_NEWUSER)
    finally:
        os.close(there)
        _pid, status = os.waitpid(helper, 0)
    if status != 0:
        raise PermissionError(errno.EPERM, "its users can't be given", "user namespace")


def _map(pid: int, uid: int, gid: int, further: bool) -> bool:
    """Give the user namespace of a process its users and groups. Whether that was allowed."""
    try:
        if further:
            for kind, own in ("uid", uid), ("gid", gid):
                start = str(_further(f"/etc/sub{kind}"))
                command = [f"new{kind}map", str(pid), "0", str(own), "1", "1", start, str(FURTHER)]
                subprocess.run(command, check=True)
        else:
            for file, text in ("setgroups", "deny"), ("uid_map", f"0 {uid} 1"), ("gid_map", f"0 {gid} 1"):
                with open(f"/proc/{pid}/{file}", "w") as opened:
                    opened.write(text)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


def _name() -> str:
    return pwd.getpwuid(os.geteuid()).pw_name


def _further(file: str) -> int:
    """The first of the ids that are this user's beside his own (subuid(5)), where there are enough, else 0."""
    try:
        with open(file) as lines:
            for line in lines:
                owner, start, count = line.split(":")
                if owner in (_name(), str(os.geteuid())) and int(count) >= FURTHER:
                    return int(start)
    except OSError:
        pass
    return 0
