# SPDX-License-Identifier: BSD-2-Clause
"""Who gets a signal, who is waited for, and who gets a second one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import pytest
from ansible_collections.bsd.jail.plugins.module_utils import entrypoint, libjail, processes, signalling
from ansible_collections.bsd.jail.plugins.module_utils.entryrecord import Entrypoint
from ansible_collections.bsd.jail.plugins.module_utils.host import Host
from ansible_collections.bsd.jail.plugins.module_utils.libjail import Jail
from ansible_collections.bsd.jail.plugins.module_utils.processes import Process
from ansible_collections.bsd.jail.plugins.module_utils.signalling import Outcome, Target, deliver

JAIL = Jail(7, "web", "/")
TERM, KILL = 15, 9


@dataclass
class Table:
    """The processes of a host, and what was sent to them. deaf: those that end by KILL only."""

    processes: dict[int, Process]
    deaf: set[int] = field(default_factory=set)
    sent: list[tuple[str, int, int]] = field(default_factory=list)
    replaced_by: Process | None = None

    def find(self, _host: Host, pid: int) -> Process | None:
        return self.processes.get(pid)

    def listed(self, _host: Host, jids: frozenset[int]) -> list[Process]:
        return [one for one in self.processes.values() if one.jid in jids]

    def kill(self, jail: Jail, pids: Iterable[int], number: int) -> list[int]:
        return [pid for pid in list(pids) if self._kill(f"jail {jail.jid}", pid, number)]

    def kill_all(self, host: Host, jail: Jail, number: int, children: bool = False) -> list[int]:
        return self.kill(jail, [one.pid for one in self.listed(host, self.family(host, jail, children))], number)

    def kill_outside(self, pid: int, number: int) -> None:
        self._kill("host", pid, number)

    def family(self, _host: Host, jail: Jail, children: bool) -> frozenset[int]:
        return frozenset({7, 8}) if children else frozenset({jail.jid})

    def _kill(self, where: str, pid: int, number: int) -> bool:
        self.sent.append((where, pid, number))
        if pid not in self.processes:
            return False
        if number == KILL or (number == TERM and pid not in self.deaf):
            del self.processes[pid]
            if self.replaced_by is not None:
                self.processes[pid] = self.replaced_by
        return True


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Table:
    made = Table({pid: Process(pid, 1, jid, 0, "S", 100) for pid, jid in ((10, 0), (20, 7), (21, 7), (30, 8))})
    for name in ("find", "listed", "kill", "kill_all", "family"):
        monkeypatch.setattr(processes, name, getattr(made, name))
    monkeypatch.setattr(libjail, "kill", made.kill_outside)
    return made


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process outside of the jail is the jail's entrypoint, and waits."""
    waiting = Entrypoint("web", 7, "cafe", 10, 100, ("sleep",), "", "/nosuch")
    monkeypatch.setattr(entrypoint, "find", lambda _host, _jail: waiting)


def test_one_process(table: Table) -> None:
    assert deliver(Host(), JAIL, Target(pid=20), TERM) == Outcome((20,), ())
    assert table.sent == [("jail 7", 20, TERM)]


@pytest.mark.parametrize("pid", [10, 30, 99])
def test_one_that_is_not_in_the_jail(table: Table, pid: int) -> None:
    assert deliver(Host(), JAIL, Target(pid=pid), KILL) == Outcome((), ())
    assert table.sent == []


def test_one_of_a_jail_within(table: Table) -> None:
    assert deliver(Host(), JAIL, Target(pid=30, children=True), KILL) == Outcome((30,), ())


@pytest.mark.parametrize(("children", "pids"), [(False, (20, 21)), (True, (20, 21, 30))])
def test_all(table: Table, children: bool, pids: tuple[int, ...]) -> None:
    assert deliver(Host(), JAIL, Target(all=True, children=children), TERM) == Outcome(pids, ())
    assert 10 in table.processes


def test_a_check_sends_nothing(table: Table) -> None:
    assert deliver(Host(), JAIL, Target(all=True), KILL, check_mode=True) == Outcome((20, 21), (20, 21))
    assert table.sent == []


def test_who_does_not_end_gets_the_second_signal(table: Table) -> None:
    table.deaf = {20}
    assert deliver(Host(), JAIL, Target(all=True), TERM, wait=0.05) == Outcome((20, 21), (20,))
    assert deliver(Host(), JAIL, Target(all=True), TERM, wait=0.05, escalate=KILL) == Outcome((20,), (), True)


def test_who_has_ended_in_time_gets_no_second_one(table: Table) -> None:
    assert deliver(Host(), JAIL, Target(pid=20), TERM, wait=0.05, escalate=KILL) == Outcome((20,), ())
    assert table.sent == [("jail 7", 20, TERM)]


def test_another_with_the_same_pid_is_neither_waited_for_nor_signalled(table: Table) -> None:
    table.replaced_by = replace(table.processes[20], since=500)
    assert deliver(Host(), JAIL, Target(pid=20), TERM, wait=0.05, escalate=KILL) == Outcome((20,), ())
    assert table.sent == [("jail 7", 20, TERM)]


@pytest.mark.usefixtures("prepared")
def test_an_entrypoint_that_waits_is_outside(table: Table) -> None:
    assert deliver(Host(), JAIL, Target(), TERM) == Outcome((10,), ())
    assert table.sent == [("host", 10, TERM)]


@pytest.mark.usefixtures("prepared")
def test_another_process_with_its_pid_is_not_meant(table: Table) -> None:
    table.processes[10] = replace(table.processes[10], since=500)
    assert deliver(Host(), JAIL, Target(), TERM) == Outcome((), ())


@pytest.mark.usefixtures("prepared")
def test_an_entrypoint_that_runs_is_reached_in_its_jail(table: Table) -> None:
    table.processes[10] = replace(table.processes[10], jid=7)
    assert deliver(Host(), JAIL, Target(), TERM) == Outcome((10,), ())
    assert table.sent == [("jail 7", 10, TERM)]


@pytest.mark.usefixtures("prepared")
def test_an_entrypoint_of_an_earlier_instance_is_not_meant(table: Table) -> None:
    assert deliver(Host(), replace(JAIL, jid=9), Target(), TERM) == Outcome((), ())


def test_nothing_was_prepared(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signalling.entrypoint, "find", lambda _host, _jail: None)
    assert deliver(Host(), JAIL, Target(), TERM) == Outcome((), ())
    assert table.sent == []
