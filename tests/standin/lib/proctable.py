# SPDX-License-Identifier: BSD-2-Clause
"""The process table as ps(1), pgrep(1) and killall(1) see it."""

from __future__ import annotations

import time
from typing import Any

import users

Process = dict[str, Any]

PID_MAX = 99999
MAXSLP = 20  # seconds asleep after which a process counts as idle (sys/proc.h)
# Programs of the base system that enter capability mode as soon as they run (recorded: ps-2, ps-4, sig-3).
CAPABILITY_MODE = frozenset({"cat", "sleep", "tail"})
_LETTERS = {"R": "R", "D": "D", "T": "T", "t": "T", "Z": "Z", "X": "Z"}


def state(process: Process) -> str:
    """The state letters that ps(1) shows."""
    letters = _LETTERS.get(process["state"]) or ("I" if time.time() - process["start"] >= MAXSLP else "S")
    if process["pid"] == 1:
        return "SLs"
    if letters in ("S", "I", "R") and process["comm"] in CAPABILITY_MODE:
        letters += "C"
    if process["sid"] == process["pid"]:
        letters += "s"
    if process["tty"] and process["pgid"] == process["tpgid"]:
        letters += "+"
    return letters + ("J" if process["jid"] else "")


def command(process: Process) -> str:
    """The command line, unprintable characters made visible as vis(3) does with VIS_TAB, VIS_NL and VIS_NOSLASH."""
    if process["state"] == "Z":
        return "<defunct>"
    if not process["args"]:
        return f"[{process['comm']}]"
    return "".join(_visible(character) for character in " ".join(process["args"]))


def _visible(character: str) -> str:
    code = ord(character)
    if code < 32:
        return f"^{chr(code + 64)}"
    return "^?" if code == 127 else character


def user_name(uid: int, known: dict[int, str]) -> str:
    """A user's name in the caller's root, or the number. known: what was looked up before."""
    if uid not in known:
        found = users.by_uid(uid)
        known[uid] = found.name if found else str(uid)
    return known[uid]


def descendants(table: list[Process], pid: int) -> list[int]:
    """The pids of all that descend from a process, nearest first."""
    found = [pid]
    for parent in found:
        found += [process["pid"] for process in table if process["ppid"] == parent and process["pid"] not in found]
    return found[1:]
