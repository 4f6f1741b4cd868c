# SPDX-License-Identifier: BSD-2-Clause
"""The processes of a jail: which there are, and signals to them that reach nothing else.

A signal is sent by a child that has attached to the jail, so the kernel keeps it inside: a pid that has become that of
a process outside is "no such process" (recorded: sig-1, sig-2, lib-1). No program of the jail's own takes part.
"""

from __future__ import annotations

import calendar
import contextlib
import json
import signal
import sys
import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

from ansible_collections.bsd.jail.plugins.module_utils import jls, libjail
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError, JailError
from ansible_collections.bsd.jail.plugins.module_utils.host import PS, Host

# ps(1) shows whole seconds, and so is the time of boot that they count from.
_TOLERANCE = 2
_HIGHEST_SIGNAL = 128
_ROUNDS = 20


@dataclass(frozen=True)
class Process:
    """A process: its pid and its parent's, its jail's jid (0 outside of any), its user's id, ps(1)'s letters for its
    state, and when it started, in seconds since the host did: that stays when the clock is set, and with the pid tells
    it from another process that has the same pid later.
    """

    pid: int
    ppid: int
    jid: int
    uid: int
    state: str
    since: int

    @property
    def is_running(self) -> bool:
        """Whether it still is more than a status that waits for its parent (recorded: zom-1)."""
        return not self.state.startswith("Z")


def listed(host: Host, jids: Collection[int]) -> list[Process]:
    """The processes of jails, zombies apart; not those of their child jails. Raises JailError."""
    return [one for one in _ps(host, "-ax") if one.jid in jids and one.is_running]


def find(host: Host, pid: int) -> Process | None:
    """The process with this pid, in whatever jail; None if there is none or it is a zombie. Raises JailError."""
    return next((one for one in _ps(host, "-p", str(pid)) if one.is_running), None)


def is_same(process: Process | None, since: int) -> bool:
    """Whether this is the process that started then, and not another that got its pid."""
    return process is not None and abs(process.since - since) <= _TOLERANCE


def is_running(host: Host, jail: libjail.Jail, pid: int, since: int) -> bool:
    """Whether the process that started then with this pid runs in the jail. Raises JailError."""
    process = find(host, pid)
    return process is not None and process.jid == jail.jid and is_same(process, since)


def family(host: Host, jail: libjail.Jail, children: bool) -> frozenset[int]:
    """The jid of a jail, and with `children` those of the jails within it. Raises JailError."""
    if not children:
        return frozenset({jail.jid})
    within = [one.jid for name, one in jls.running(host).items() if name.startswith(f"{jail.name}.")]
    return frozenset({jail.jid, *within})


def _ps(host: Host, *which: str) -> list[Process]:
    """One run of ps(1). It ends with 1 when it finds none (recorded: ps-1, ps-3)."""
    result = host.run(PS, "--libxo", "json", *which, "-o", "pid,ppid,jid,uid,state,lstart")
    if not result.stdout.strip():
        if result.rc == 1:
            return []
        raise result.error("ps(1) doesn't say which processes run")
    try:
        table = json.loads(result.stdout, strict=False).get("process-information", {}).get("process", [])
        booted = _booted()
        return [
            Process(
                int(row["pid"]),
                int(row["ppid"]),
                int(row["jail-id"]),
                int(row["uid"]),
                row["state"],
                _seconds(row["start-time"]) - booted,
            )
            for row in table
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise result.error(f"ps(1) printed something that can't be read as a list of processes ({error!r})") from error


def _seconds(shown: str) -> int:
    """A time as ps(1) shows it, in seconds since the epoch. Of what it has no time of, it shows a dash."""
    return 0 if shown.strip() == "-" else calendar.timegm(time.strptime(shown))


def _booted() -> int:
    """kern.boottime, a struct timeval, in seconds. It changes when the clock is set, and what ps(1) shows with it."""
    value = libjail.sysctl("kern.boottime")
    return int.from_bytes(value[: 8 if len(value) == 16 else 4], sys.byteorder)


def signal_number(value: str) -> int:
    """The number of a signal: of its name with or without SIG in any case, or the number itself, 0 among them.

    Raises InputError, which lists the signals that there are.
    """
    if value.isascii() and value.isdigit():
        if int(value) <= _HIGHEST_SIGNAL:
            return int(value)
    else:
        name = value.upper()
        found = signal.Signals.__members__.get(name if name.startswith("SIG") else f"SIG{name}")
        if found is not None:
            return int(found)
    names = ", ".join(one.name[3:] for one in sorted(signal.Signals))
    raise InputError(
        f"{value!r} isn't a signal. There are {names}, and numbers from 0, which only asks, to {_HIGHEST_SIGNAL}.",
        parameter="signal",
    )


def kill(jail: libjail.Jail, pids: Iterable[int], number: int) -> list[int]:
    """Send a signal to processes of a jail or of its child jails. Returns those that were there.

    Raises JailError, and then none got it: the jail is gone, or the signal doesn't exist.
    """
    wanted = [pid for pid in pids if pid > 0]

    def work() -> list[int]:
        reached = []
        for pid in wanted:
            with contextlib.suppress(ProcessLookupError):
                libjail.kill(pid, number)
                reached.append(pid)
        return reached

    try:
        return [int(pid) for pid in libjail.inside(jail.jid, work)] if wanted else []
    except OSError as error:
        raise JailError(f"jail {jail.name}: signal {number} can't be sent: {error.strerror}", jail=jail.name) from error


def kill_all(host: Host, jail: libjail.Jail, number: int, children: bool = False) -> list[int]:
    """Send a signal to all processes of a jail: they are listed and signalled until none is new. Returns their pids.

    A jail that makes new processes all the time and doesn't end by the signal is left after a number of rounds.
    children: those of jails within it too; kill(-1) would reach them in any case (recorded: att-3). Raises JailError.
    """
    jids = family(host, jail, children)
    seen: set[int] = set()
    for _round in range(_ROUNDS):
        new = {one.pid for one in listed(host, jids)} - seen
        if not new:
            break
        kill(jail, new, number)
        seen |= new
    return sorted(seen)


def wait_gone(still_there: Callable[[], Collection[int]], timeout: float) -> list[int]:
    """Wait until none is there any more, asking at growing intervals. Returns those that are after `timeout`
    seconds.
    """
    deadline, pause = time.monotonic() + timeout, 0.02
    while True:
        left = still_there()
        if not left or time.monotonic() >= deadline:
            return sorted(left)
        time.sleep(min(pause, max(0.0, deadline - time.monotonic())))
        pause = min(pause * 1.5, 0.5)
