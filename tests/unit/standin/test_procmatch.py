# SPDX-License-Identifier: BSD-2-Clause
"""pgrep(1) and pkill(1) over a made-up process table."""

from __future__ import annotations

import errno
import os
import pathlib
from typing import Any

import jailparam
import kernel
import procmatch
import pytest


def process(pid: int, comm: str, **facts: Any) -> dict[str, Any]:
    """A process of the host's root, started in the order of the pids, unless told otherwise."""
    known = {
        "ppid": 1,
        "pgid": pid,
        "sid": pid,
        "jid": 0,
        "uid": 0,
        "ruid": 0,
        "gid": 0,
        "tty": "",
        "start": float(pid),
    }
    return {"pid": pid, "comm": comm, "args": [comm], "state": "S", **known, **facts}


TABLE = [
    process(100, "init"),
    process(101, "sleep", args=["sleep", "300"]),
    process(102, "sleep", args=["sleep", "301"], jid=7),
    process(103, "nginx", jid=7, uid=80, tty="pts/0"),
    process(104, "sh", jid=8, state="Z", args=[]),
]


@pytest.fixture(autouse=True)
def host(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """A kernel that knows TABLE and the jails web (7) and db (8); the signals that it was asked to send."""
    sent: list[tuple[int, int]] = []

    def kill(pid: int, signal: int) -> None:
        if pid == 104:
            raise kernel.KernelError(errno.ESRCH)
        sent.append((pid, signal))

    def getid(name: str) -> int:
        try:
            return {"web": 7, "db": 8}[name]
        except KeyError:
            raise jailparam.ParamError(f'jail "{name}" not found') from None

    monkeypatch.setattr(kernel, "processes", lambda: [*TABLE, process(os.getpid(), "pgrep", ppid=100)])
    monkeypatch.setattr(kernel, "kill", kill)
    monkeypatch.setattr(jailparam, "jail_getid", getid)
    return sent


@pytest.mark.parametrize(
    ("arguments", "pids"),
    [
        ("sleep", "101 102"),
        ("-j web", "102 103"),
        ("-j 7 sleep", "102"),
        ("-j any", "102 103 104"),
        ("-j none sleep", "101"),
        ("-j web,db", "102 103 104"),
        ("-f 30[1]", "102"),
        ("-x slee", ""),
        ("-x slee.", "101 102"),
        ("-n sleep", "102"),
        ("-o sleep", "101"),
        ("-u 80", "103"),
        ("-t pts/0", "103"),
        ("-v sleep", "100 103 104"),
        ("s[[:lower:]]$", "104"),
        ("-l -j db", "104_sh"),
    ],
)
def test_pgrep(arguments: str, pids: str, capsys: pytest.CaptureFixture[str]) -> None:
    """pg-1, sig-1; and never itself"""
    status = procmatch.run(["pgrep", *arguments.split()], killing=False)
    assert [line.replace(" ", "_") for line in capsys.readouterr().out.splitlines()] == pids.split()
    assert status == (0 if pids else 1)


def test_its_ancestors_are_left_out(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getppid", lambda: 101)
    assert procmatch.run(["pgrep", "sleep"], killing=False) == 0
    assert capsys.readouterr().out == "102\n"
    assert procmatch.run(["pgrep", "-a", "sleep"], killing=False) == 0
    assert capsys.readouterr().out == "101\n102\n"


def test_pkill(host: list[tuple[int, int]]) -> None:
    """pk-2: what is gone when the signal comes doesn't count as matched."""
    assert procmatch.run(["pkill", "-USR1", "-j", "web"], killing=True) == 0
    assert host == [(102, 30), (103, 30)]
    assert procmatch.run(["pkill", "-9", "-j", "db"], killing=True) == 1


@pytest.mark.parametrize(("content", "status"), [("102\n", 0), ("1\n", 3), ("999999\n", 3), ("", 3), ("x\n", 3)])
def test_pid_files(content: str, status: int, tmp_path: pathlib.Path) -> None:
    """pk-1"""
    path = tmp_path / "pid"
    path.write_text(content)
    try:
        ended = procmatch.run(["pkill", "-0", "-j", "web", "-F", str(path)], killing=True)
    except SystemExit as exit_:
        ended = exit_.code  # type: ignore[assignment]
    assert ended == status


@pytest.mark.parametrize(
    ("arguments", "status", "complaint"),
    [
        (["-j", "nosuch"], 2, "pgrep: Invalid jail ID or name `nosuch'"),
        ([""], 2, "pgrep: Cannot compile regular expression `' (empty (sub)expression)"),
        (["-n", "-o", "x"], 3, "pgrep: Options -n and -o are mutually exclusive"),
        ([], 2, "usage: pgrep"),
    ],
)
def test_complaints(arguments: list[str], status: int, complaint: str, capfd: pytest.CaptureFixture[str]) -> None:
    """pg-1, pk-2"""
    with pytest.raises(SystemExit) as ended:
        procmatch.run(["pgrep", *arguments], killing=False)
    assert ended.value.code == status
    assert capfd.readouterr().err.startswith(complaint)
