# SPDX-License-Identifier: BSD-2-Clause
"""A signal to processes of a jail, the wait for their end, and a second signal for those that don't."""

from __future__ import annotations

from dataclasses import dataclass

from ansible_collections.bsd.jail.plugins.module_utils import entrypoint, libjail, processes
from ansible_collections.bsd.jail.plugins.module_utils.errors import JailError
from ansible_collections.bsd.jail.plugins.module_utils.host import Host
from ansible_collections.bsd.jail.plugins.module_utils.libjail import Jail
from ansible_collections.bsd.jail.plugins.module_utils.processes import Process


@dataclass(frozen=True)
class Target:
    """Who is to get a signal.

    pid: one process; None for the jail's entrypoint, waiting or running, unless `all`.
    all: every process of the jail. children: those of jails within it too, and `pid` may be one of them.
    """

    pid: int | None = None
    all: bool = False
    children: bool = False


@dataclass(frozen=True)
class Outcome:
    """Who was there, and who is left in the end. escalated: whether the second signal was sent."""

    found: tuple[int, ...]
    left: tuple[int, ...]
    escalated: bool = False


def deliver(
    host: Host,
    jail: Jail,
    target: Target,
    number: int,
    *,
    wait: float = 0,
    escalate: int | None = None,
    check_mode: bool = False,
) -> Outcome:
    """Send a signal, and wait for the end of those that got it.

    wait: seconds, also after the second signal. escalate: that signal, None for none. Raises JailError.
    """
    there = _there(host, jail, target)
    if check_mode or not there:
        return Outcome(tuple(sorted(there)), tuple(sorted(there)))

    def left() -> dict[int, Process]:
        """Those of them that are still there; where all are meant, whoever is."""
        now = _there(host, jail, target)
        return {pid: one for pid, one in now.items() if target.all or processes.is_same(there.get(pid), one.since)}

    found = tuple(_send(host, jail, target, there, number))
    remaining = processes.wait_gone(left, wait)
    if not remaining or escalate is None:
        return Outcome(found, tuple(remaining))
    _send(host, jail, target, left(), escalate)
    return Outcome(found, tuple(processes.wait_gone(left, wait)), escalated=True)


def _there(host: Host, jail: Jail, target: Target) -> dict[int, Process]:
    """The processes that are meant and run, by pid."""
    if target.all:
        return {one.pid: one for one in processes.listed(host, processes.family(host, jail, target.children))}
    if target.pid is not None:
        process = processes.find(host, target.pid)
        meant = process is not None and process.jid in processes.family(host, jail, target.children)
    else:
        prepared = entrypoint.find(host, jail.name)
        if prepared is None or prepared.jid != jail.jid:
            return {}
        process = processes.find(host, prepared.pid)
        meant = processes.is_same(process, prepared.since)
    return {process.pid: process} if process is not None and meant else {}


def _send(host: Host, jail: Jail, target: Target, there: dict[int, Process], number: int) -> list[int]:
    """Signal them. Returns those that were there to get it."""
    if target.all:
        return processes.kill_all(host, jail, number, target.children)
    outside = [one.pid for one in there.values() if one.jid not in processes.family(host, jail, target.children)]
    if not outside:
        return processes.kill(jail, there, number)
    # An entrypoint that waits: a process of ours, which was there a moment ago.
    try:
        libjail.kill(outside[0], number)
    except ProcessLookupError:
        return []
    except OSError as error:
        raise JailError(f"jail {jail.name}: signal {number} can't be sent: {error.strerror}", jail=jail.name) from error
    return outside
