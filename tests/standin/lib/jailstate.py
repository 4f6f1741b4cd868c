# SPDX-License-Identifier: BSD-2-Clause
"""Which jail is next: jail(8)'s queues, and the dependencies between jails (usr.sbin/jail/state.c; recorded: dep-*)."""

from __future__ import annotations

import os
from collections.abc import Callable

import kernel
from cfjail import DEPEND, FAILED, OPERATION, RESTART, SET, START, STOP, WILD, Dependency, Jail, warn
from jailconf import is_wild, matches_wild
from jailparam import strtol


def stops(jail: Jail) -> bool:
    """Whether what is to be done with a jail begins with a stop."""
    return jail.flags & (SET | STOP) == STOP


class State:
    """All jails of this run, each in one queue.

    jails: those with nothing to do at the moment. ready: to be dealt with next. depend: waiting for other jails.
    """

    def __init__(self, jails: list[Jail], verbose: int) -> None:
        self.jails = jails
        self.ready: list[Jail] = []
        self.depend: list[Jail] = []
        self._verbose = verbose
        self._by_name: list[Jail] = []
        for jail in jails:
            jail.queue = self.jails

    def add(self, jail: Jail) -> None:
        jail.queue = self.jails
        self.jails.append(jail)

    def requeue(self, jail: Jail, queue: list[Jail]) -> None:
        """Move a jail to the end of another queue; one that is in it stays where it is."""
        if jail.queue is not queue:
            jail.queue.remove(jail)
            queue.append(jail)
            jail.queue = queue

    def requeue_head(self, jail: Jail, queue: list[Jail]) -> None:
        """Move a jail to the front of a queue."""
        jail.queue.remove(jail)
        queue.insert(0, jail)
        jail.queue = queue

    def fail(self, jail: Jail) -> None:
        """Mark a jail's failure and deal with it next."""
        jail.flags |= FAILED
        self.requeue_head(jail, self.ready)

    def set_up_dependencies(self, from_file: bool) -> None:
        """Find out who depends on whom: among the jails of the file, or, without one, on what runs."""
        if not from_file:
            self._check_running_dependencies()
            return
        self._by_name = sorted(self.jails, key=_name)
        heavy = light = 0
        for jail in self.jails:
            if jail.flags & FAILED:
                continue
            param = jail.known("depend")
            for value in param.values if param is not None else []:
                dependency = self.find(value.text)
                if dependency is None:
                    jail.warn(f'depends on undefined jail "{value.text}"')
                    jail.flags |= FAILED
                else:
                    heavy += 1
                    _depend(Dependency(jail, dependency))
            parent = self.find((jail.name or "").rpartition(".")[0]) if "." in (jail.name or "") else None
            if parent is not None:
                light += 1
                _depend(Dependency(jail, parent, light=True))
        if heavy and heavy + light > 1:
            self._find_loops()

    def _check_running_dependencies(self) -> None:
        jail = self.jails[0] if self.jails else None
        param = jail.known("depend") if jail is not None else None
        for value in param.values if param is not None else []:
            if self.running(value.text) is None:
                warn(f'depends on nonexistent jail "{value.text}"')
                if jail is not None:
                    jail.flags |= FAILED

    def _find_loops(self) -> None:
        """Pretend to start everything: what never gets ready is in a loop."""
        self.start(None, from_file=False, operation=0)
        self._pretend()
        while self.depend:
            jail = self.depend[0]
            jail.warn("dependency loop")
            jail.flags |= FAILED
            self.requeue(jail, self.jails)
            self.done(jail, may_fail=False)
            self._pretend()
        for jail in self.jails:
            for dependency in jail.dependencies:
                dependency.seen = False

    def _pretend(self) -> None:
        while self.ready:
            jail = self.ready[0]
            self.requeue(jail, self.jails)
            self.done(jail, may_fail=False)

    def find(self, name: str) -> Jail | None:
        """A configured jail by its name; of several, the one that bsearch(3) hits."""
        wanted = os.fsencode(name)
        base, count = 0, len(self._by_name)
        while count:
            at = base + (count >> 1)
            found = _name(self._by_name[at])
            if found == wanted:
                return self._by_name[at]
            if found < wanted:
                base, count = at + 1, count - 1
            count >>= 1
        return None

    def running(self, name: str, dying: bool = False) -> Jail | None:
        """A jail that runs, by its name or jid: as it is configured, or as one of its own."""
        number, rest = strtol(name)
        try:
            if number and not rest:
                found = kernel.jail_get(jid=number, dying=dying)
            else:
                found = kernel.jail_get(name=name, dying=dying)
        except kernel.KernelError:
            return None
        jail = self.find(found["name"])
        if jail is None:
            jail = Jail(found["name"])
            jail.jid = found["jid"]
            self.add(jail)
        return jail

    def start(self, target: str | None, *, from_file: bool, operation: int, running: bool = False) -> bool:
        """Choose the jails to work on. False, said on standard error, if there is no such jail.

        target: a name, a pattern, or None for all. running: match patterns against what runs (-R).
        """
        only_stop = operation & OPERATION == STOP
        if target is None or (not from_file and not only_stop) or (not running and target == "*"):
            for jail in list(self.jails):
                jail.flags = jail.flags & FAILED | operation | (WILD if from_file else 0)
                self.reset(jail)
                self.requeue(jail, self.depend if jail.waiting_for else self.ready)
        elif is_wild(target):
            for jail in self._running_matches(target) if running else list(self.jails):
                if matches_wild(jail.name or "", target):
                    self._choose(jail, operation | WILD)
        else:
            chosen = self.find(target)
            if chosen is None and only_stop:
                chosen = self.running(target, dying=True)
            if chosen is None:
                warn(f'"{target}" not found')
                return False
            self._choose(chosen, operation)
        return True

    def _running_matches(self, target: str) -> list[Jail]:
        matches = []
        for found in kernel.jails():
            if matches_wild(found["name"], target):
                jail = Jail(found["name"])
                jail.jid = found["jid"]
                self.add(jail)
                matches.append(jail)
        return matches

    def _choose(self, jail: Jail, operation: int) -> None:
        jail.flags = jail.flags & FAILED | operation
        self.reset(jail)
        self.requeue(jail, self.ready)

    def reset(self, jail: Jail) -> None:
        """Count what a jail has to wait for."""
        jail.waiting_for = len(jail.dependents if stops(jail) else jail.dependencies)

    def must_wait(self, jail: Jail) -> bool:
        """Whether a jail waits for others, which are told to do what is needed first."""
        if jail.waiting_for == 0:
            return False
        stopping, waiting = stops(jail), 0
        for dependency in jail.dependents if stopping else jail.dependencies:
            if dependency.seen:
                continue
            other = dependency.dependent if stopping else dependency.dependency
            if other.flags & FAILED:
                self._skip(jail)
                continue
            self._tell(jail, other)
            if not (dependency.light and (other.jid < 0 if stopping else other.jid > 0)):
                waiting += 1
        if waiting:
            self.requeue(jail, self.depend)
        return waiting > 0

    def _skip(self, jail: Jail) -> None:
        if not jail.flags & (DEPEND | FAILED) and self._verbose >= 0:
            jail.warn("skipped")
        jail.flags |= FAILED

    def _tell(self, jail: Jail, other: Jail) -> None:
        """Give another jail the operation that this one needs of it, unless it has more to do already."""
        if (other.flags & OPERATION).bit_count() > 1:
            return
        reset = False
        if not other.flags & OPERATION:
            reset = True
            other.flags |= DEPEND
            self.requeue(other, self.ready)
        operation = jail.flags & OPERATION
        if operation == START:
            other.flags |= START
        elif operation == SET:
            if not other.flags & OPERATION:
                other.flags |= SET
            elif other.flags & STOP:
                other.flags |= START
        elif operation in (STOP, RESTART):
            reset = reset or not other.flags & STOP
            other.flags |= STOP
            if other.flags & SET:
                other.flags ^= START | SET
        if reset:
            self.reset(other)

    def done(self, jail: Jail, *, light: bool = False, may_fail: bool = True) -> None:
        """Let those go on that waited for a jail. light: only those that need it to be there, or to be gone."""
        stopping = stops(jail)
        failed = may_fail and jail.flags & FAILED and jail.flags & (OPERATION | DEPEND) != SET | DEPEND
        for dependency in jail.dependencies if stopping else jail.dependents:
            if dependency.seen or (light and not dependency.light):
                continue
            dependency.seen = True
            other = dependency.dependency if stopping else dependency.dependent
            if failed:
                self._skip(other)
            other.waiting_for -= 1
            if other.waiting_for == 0 and other.queue is self.depend:
                self.requeue(other, self.ready)

    def next(self, next_process: Callable[[bool], Jail | None]) -> Jail | None:
        """The next jail to do something with: whose command has ended, else the first to start, else the last to stop.

        next_process: gives the first kind; it waits for one unless told that something is ready.
        """
        jail = next_process(bool(self.ready))
        if jail is None and self.ready:
            jail = self.ready[0]
            if stops(jail):
                jail = next(other for other in reversed(self.ready) if stops(other))
        if jail is not None:
            self.requeue(jail, self.jails)
        return jail


def _name(jail: Jail) -> bytes:
    return os.fsencode(jail.name or "")


def _depend(dependency: Dependency) -> None:
    dependency.dependent.dependencies.append(dependency)
    dependency.dependency.dependents.append(dependency)
