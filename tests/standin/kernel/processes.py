# SPDX-License-Identifier: BSD-2-Clause
"""Processes, as Linux's /proc shows them."""

from __future__ import annotations

import os
import pwd
from typing import Any

PROC = "/usr/libexec/standin/proc"
TICK = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE") // 1024
# What the launcher gives to an interpreter or a loader; the paths are relative for an ordinary user in a jail's root.
MAIN, BACK = "usr/libexec/standin/main.py", "usr/libexec/standin/back.so"


def boot_time() -> float:
    """When Linux started (epoch), which its process start times count from."""
    with open(f"{PROC}/stat") as lines:
        return float(next(line.split()[1] for line in lines if line.startswith("btime")))


def pids() -> list[int]:
    """Every process, zombies too."""
    return sorted(int(name) for name in os.listdir(PROC) if name.isdigit())


def uid_of(pid: int) -> int:
    """The effective user id; -1 for one that is gone."""
    try:
        with open(f"{PROC}/{pid}/status") as lines:
            return next(int(line.split()[2]) for line in lines if line.startswith("Uid:"))
    except (OSError, StopIteration):
        return -1


def uts_of(pid: int) -> int | None:
    """The inode of its UTS namespace, which says what jail it is in; None for a zombie or one that is gone."""
    try:
        return os.stat(f"{PROC}/{pid}/ns/uts").st_ino
    except OSError:
        return None


def open_files(pid: int) -> set[str]:
    """What its descriptors are, as Linux names them."""
    found = set()
    directory = f"{PROC}/{pid}/fd"
    try:
        for fd in os.listdir(directory):
            found.add(os.readlink(f"{directory}/{fd}"))
    except OSError:
        return found
    return found


def parent_of(pid: int) -> int:
    """Its parent's pid, 0 for none."""
    fields = _stat(pid)
    return int(fields[1]) if fields else 0


def started(pid: int) -> int:
    """When it started, in ticks since Linux did; 0 for one that is gone."""
    fields = _stat(pid)
    return int(fields[19]) if fields else 0


def state_of(pid: int) -> str:
    """Linux's state letter; '' for one that is gone."""
    fields = _stat(pid)
    return fields[0] if fields else ""


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the state on."""
    try:
        with open(f"{PROC}/{pid}/stat", errors="surrogateescape") as file:
            return file.read().rpartition(")")[2].split()
    except OSError:
        return None


def describe(pid: int, boot: float) -> dict[str, Any] | None:
    """What ps(1) asks for, without the jail; None for one that is gone."""
    fields = _stat(pid)
    try:
        with open(f"{PROC}/{pid}/comm", errors="surrogateescape") as file:
            comm = file.read()[:-1]
        with open(f"{PROC}/{pid}/cmdline", errors="surrogateescape") as file:
            args = file.read().split("\0")[:-1]
        with open(f"{PROC}/{pid}/wchan") as file:
            wchan = file.read()
        with open(f"{PROC}/{pid}/status", errors="surrogateescape") as file:
            status = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    except OSError:
        return None
    if fields is None:
        return None
    tty = int(fields[4])
    uids, gids = status["Uid"].split(), status["Gid"].split()
    return {
        "pid": pid,
        "ppid": int(fields[1]),
        "pgid": int(fields[2]),
        "sid": int(fields[3]),
        "uid": int(uids[1]),
        "ruid": int(uids[0]),
        "gid": int(gids[1]),
        "state": fields[0],
        "comm": comm if pid != 1 else "init",
        "args": _as_started(args) if pid != 1 else ["/sbin/init"],
        "start": boot + int(fields[19]) / TICK,
        "cpu": (int(fields[11]) + int(fields[12])) / TICK,
        "vsz": int(fields[20]) // 1024,
        "rss": int(fields[21]) * PAGE,
        "tty": f"pts/{tty & 0xFF | tty >> 12 & 0xFFF00}" if tty >> 8 & 0xFFF in range(136, 144) else "",
        "tpgid": int(fields[5]),
        "nice": int(fields[16]),
        "wchan": wchan if wchan != "0" else "",
        "threads": int(fields[17]),
        "user": _name(int(uids[1])),
    }


def _name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _as_started(args: list[str]) -> list[str]:
    """Without what the launcher put in front."""
    for index, word in enumerate(args[:17]):
        if word.lstrip("/") == MAIN:
            return args[index + 2 :]
    if len(args) > 4 and args[1] == "--preload" and args[2].lstrip("/") == BACK:
        name = args.index("--argv0") + 1
        return [args[name], *args[name + 2 :]]
    return args
