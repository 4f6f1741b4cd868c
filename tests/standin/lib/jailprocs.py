# SPDX-License-Identifier: BSD-2-Clause
"""The processes that jail(8) waits for, and how long: its own, and a jail's at its stop (usr.sbin/jail/command.c)."""

from __future__ import annotations

import os
import select
import time

from cfjail import SLEEPING, TIMEOUT, Jail
from jailstate import State


class Processes:
    """What runs on behalf of jails that sleep until it has ended."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._sleeping: list[Jail] = []
        self._poll = select.epoll()
        self._watched: dict[int, tuple[int, Jail]] = {}

    def next(self, nonblock: bool) -> Jail | None:
        """The next jail whose command has ended or run out of time; None if there is none. nonblock: don't wait."""
        while self._sleeping:
            first = self._sleeping[0]
            left = None if first.deadline is None else first.deadline - time.time()
            if left is not None and left <= 0:
                return self._time_out(first)
            events = self._poll.poll(0 if nonblock else left, 1)
            if not events:
                if nonblock:
                    return None
                continue
            jail = self._reap(events[0][0])
            if jail is not None:
                return jail
        return None

    def _reap(self, descriptor: int) -> Jail | None:
        """Take note of an ended process. Returns the jail if it was the last that it waits for."""
        pid, jail = self._forget(descriptor)
        try:
            _, jail.status = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            jail.status = 0
        jail.processes -= 1
        return None if jail.processes else jail

    def _time_out(self, jail: Jail) -> Jail:
        jail.flags |= TIMEOUT
        jail.processes = 0
        for descriptor in [descriptor for descriptor, (_, other) in self._watched.items() if other is jail]:
            self._forget(descriptor)
        return jail

    def _forget(self, descriptor: int) -> tuple[int, Jail]:
        self._poll.unregister(descriptor)
        os.close(descriptor)
        return self._watched.pop(descriptor)

    def watch(self, jail: Jail, pid: int) -> bool:
        """Wait for a process's end on a jail's behalf, which sleeps meanwhile. False if it is gone already."""
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return False
        self._watched[descriptor] = pid, jail
        self._poll.register(descriptor, select.EPOLLIN)
        jail.processes += 1
        jail.flags |= SLEEPING
        self.sleep(jail)
        return True

    def sleep(self, jail: Jail) -> None:
        """Put a jail among the sleeping ones, the one that runs out of time first at the front."""
        self._state.requeue(jail, self._sleeping)
        self._sleeping.sort(key=lambda other: other.deadline if other.deadline is not None else float("inf"))
