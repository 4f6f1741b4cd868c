# SPDX-License-Identifier: BSD-2-Clause
"""Which processes a jail has, and what reaches them."""

from __future__ import annotations

import os
import signal
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.bsd.jail.plugins.module_utils import attach, libjail, processes
from ansible_collections.bsd.jail.plugins.module_utils.errors import CommandError, InputError, JailError
from ansible_collections.bsd.jail.plugins.module_utils.host import Host, Result
from ansible_collections.bsd.jail.plugins.module_utils.libjail import Jail
from ansible_collections.bsd.jail.plugins.module_utils.processes import Process

JAIL = Jail(59, "e1", "/")
BOOTED = 1795553000  # Tue Nov 24 20:43:20 2026 UTC


class PsHost(Host):
    """A host whose ps(1) says what it is told."""

    def __init__(self, stdout: str, rc: int = 0, stderr: str = "") -> None:
        super().__init__()
        self.answer = (rc, stdout, stderr)

    def run(self, *argv: str, stdin: str = "") -> Result:
        assert argv[0] == "/bin/ps"
        return Result(argv, *self.answer)


@pytest.fixture(autouse=True)
def _boottime(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libjail, "sysctl", lambda name: {"kern.boottime": struct.pack("=qq", BOOTED, 5)}[name])


def row(pid: int, jid: int = 59, state: str = "SCJ", start: str = "Tue Nov 24 20:51:24 2026") -> str:
    """A process as recorded in ps-2."""
    return f'{{"pid":"{pid}","ppid":"1842","jail-id":"{jid}","uid":"0","state":"{state}","start-time":"{start}"}}'


def table(*rows: str) -> str:
    return f'{{"process-information": {{"process": [{", ".join(rows)}]}}}}\n'


def test_processes_as_recorded() -> None:
    host = PsHost(table(row(0, 0, start="- "), row(1843), row(1844, 0), row(1845, 60), row(1846, state="ZJ")))
    assert processes.listed(host, {59}) == [Process(1843, 1842, 59, 0, "SCJ", 484)]
    assert [one.pid for one in processes.listed(host, {59, 60})] == [1843, 1845]


@pytest.mark.parametrize(("stdout", "rc"), [("{ }\n", 1), ("", 1), ("{ }\n", 0)])
def test_none(stdout: str, rc: int) -> None:
    assert processes.find(PsHost(stdout, rc), 1843) is None


@pytest.mark.parametrize(
    "host",
    [PsHost("", 2, "ps: kvm_open\n"), PsHost("garbage", 0), PsHost('{"process-information": {"process": [{}]}}', 0)],
)
def test_what_ps_does_not_say_is_an_error(host: PsHost) -> None:
    with pytest.raises(CommandError):
        processes.listed(host, {59})


def test_a_recycled_pid_is_another_process() -> None:
    host = PsHost(table(row(1843)))
    assert processes.is_running(host, JAIL, 1843, 484)
    assert processes.is_running(host, JAIL, 1843, 486)
    assert not processes.is_running(host, JAIL, 1843, 480)
    assert not processes.is_running(host, Jail(60, "e2", "/"), 1843, 484)
    assert not processes.is_running(PsHost(table(row(1843, state="ZJ"))), JAIL, 1843, 484)


def test_setting_the_clock_makes_no_other_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libjail, "sysctl", lambda _name: struct.pack("=qq", BOOTED + 3600, 0))
    assert processes.is_running(PsHost(table(row(1843, start="Tue Nov 24 21:51:24 2026"))), JAIL, 1843, 484)


@pytest.mark.parametrize(
    ("word", "number"),
    [("TERM", 15), ("sigterm", 15), ("Kill", 9), ("0", 0), ("9", 9), ("128", 128), ("USR1", signal.SIGUSR1)],
)
def test_signals(word: str, number: int) -> None:
    assert processes.signal_number(word) == number


@pytest.mark.parametrize("word", ["", "FOO", "SIG", "-9", "129", "9.0", "SIG_DFL", "٩", "SIGSIGTERM"])
def test_what_is_no_signal_gets_the_list(word: str) -> None:
    with pytest.raises(InputError, match=r"There are HUP, INT, QUIT"):
        processes.signal_number(word)


def test_all_means_until_none_is_new(monkeypatch: pytest.MonkeyPatch) -> None:
    rounds = [[row(10), row(11)], [row(11), row(12)], [row(12)]]
    sent: list[set[int]] = []

    class Busy(PsHost):
        def run(self, *argv: str, stdin: str = "") -> Result:
            return Result(argv, 0, table(*rounds[min(len(sent), 2)]), "")

    def kill(_jail: Jail, pids: Iterable[int], number: int) -> list[int]:
        assert number == 9
        sent.append(set(pids))
        return sorted(pids)

    monkeypatch.setattr(processes, "kill", kill)
    assert processes.kill_all(Busy(""), JAIL, 9) == [10, 11, 12]
    assert sent == [{10, 11}, {12}]


def test_a_jail_that_never_ends_making_processes_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    pids = iter(range(10, 10000))

    class Busy(PsHost):
        def run(self, *argv: str, stdin: str = "") -> Result:
            return Result(argv, 0, table(row(next(pids))), "")

    monkeypatch.setattr(processes, "kill", lambda _jail, pids, _number: list(pids))
    assert 10 < len(processes.kill_all(Busy(""), JAIL, 15)) < 100


def _touch(path: Path) -> Any:
    def kill(pid: int, number: int) -> None:
        with open(path, "a") as file:
            file.write(f"{pid} {number}\n")
        if pid == 13:
            raise ProcessLookupError(3, "No such process")
        if number == 99:
            raise OSError(22, "Invalid argument")

    return kill


def test_where_attaching_fails_nothing_is_signalled(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(_jid: int, _keep: tuple[int, ...]) -> None:
        raise OSError(1, "jail_attach")

    monkeypatch.setattr(attach, "attach", refuse)
    monkeypatch.setattr(libjail, "kill", _touch(tmp_path / "killed"))
    with pytest.raises(JailError, match="jail 59 can't be entered: jail_attach: Operation not permitted"):
        processes.kill(JAIL, [os.getpid()], 15)
    assert not (tmp_path / "killed").exists()


def test_signals_are_sent_by_a_child_that_has_attached(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def attached(jid: int, keep: tuple[int, ...]) -> None:
        assert len(keep) == 1
        (tmp_path / "attached").write_text(f"{jid} {os.getpid()}")

    monkeypatch.setattr(attach, "attach", attached)
    monkeypatch.setattr(libjail, "kill", _touch(tmp_path / "killed"))
    assert processes.kill(JAIL, [12, 13, 14, 0, -1], 15) == [12, 14]
    assert (tmp_path / "killed").read_text() == "12 15\n13 15\n14 15\n"
    jid, pid = (tmp_path / "attached").read_text().split()
    assert (jid, int(pid) != os.getpid()) == ("59", True)
    with pytest.raises(JailError, match="signal 99 can't be sent: Invalid argument"):
        processes.kill(JAIL, [12], 99)


def test_nobody_to_signal_needs_no_child(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libjail, "inside", None)
    assert processes.kill(JAIL, [], 15) == []


def test_waiting_ends_with_the_last_or_with_the_time() -> None:
    answers = iter([[1, 2], [2], []])
    assert processes.wait_gone(lambda: next(answers), 10) == []
    assert processes.wait_gone(lambda: [3, 2], 0.05) == [2, 3]
    assert processes.wait_gone(list, 0) == []
