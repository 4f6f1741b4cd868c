# SPDX-License-Identifier: BSD-2-Clause
"""ps(1)'s columns and state letters."""

from __future__ import annotations

import time
from typing import Any

import proctable
import psformat
import pytest


def process(**facts: Any) -> dict[str, Any]:
    """A process as the kernel describes it: a sleep(1) in a jail unless told otherwise."""
    return {
        "pid": 1843,
        "ppid": 1842,
        "pgid": 1842,
        "sid": 1842,
        "jid": 59,
        "state": "S",
        "comm": "sleep",
        "args": ["sleep", "300"],
        "start": time.time(),
        "cpu": 0.07,
        "tty": "",
        "tpgid": -1,
        "wchan": "",
        **facts,
    }


@pytest.mark.parametrize(
    ("facts", "letters"),
    [
        ({}, "SCJ"),
        ({"jid": 0}, "SC"),
        ({"comm": "sh", "sid": 1843}, "SsJ"),
        ({"state": "T"}, "TJ"),
        ({"state": "Z", "comm": "sh"}, "ZJ"),
        ({"comm": "sh", "jid": 0, "start": time.time() - 60}, "I"),
        ({"comm": "sh", "jid": 0, "tty": "pts/0", "pgid": 7, "tpgid": 7}, "S+"),
    ],
)
def test_state(facts: dict[str, Any], letters: str) -> None:
    """ps-2, ps-4, sig-3, zom-1"""
    assert proctable.state(process(**facts)) == letters


@pytest.mark.parametrize(
    ("facts", "text"),
    [
        ({}, "sleep 300"),
        ({"args": ["sh", "-c", "a\tb\nc"]}, "sh -c a^Ib^Jc"),
        ({"args": []}, "[sleep]"),
        ({"state": "Z"}, "<defunct>"),
    ],
)
def test_command(facts: dict[str, Any], text: str) -> None:
    assert proctable.command(process(**facts)) == text


def table(keywords: str, *processes: dict[str, Any]) -> str:
    columns, _ = psformat.columns([keywords])
    context = psformat.Context(time.time(), {})
    rows = [[column.value(one, context) for column in columns] for one in processes]
    return psformat.text(columns, rows, 0)


def test_columns_are_as_wide_as_their_values() -> None:
    """exec-6, prc-1"""
    assert table("pid,jid,command", process(jid=57)) == " PID JID COMMAND\n1843  57 sleep 300\n"
    wide = process(pid=10368, ppid=1, sid=10367, pgid=10367, jid=0)
    assert table("ppid,sid,pgid,tt,state,comm", wide) == (
        "PPID   SID  PGID TT  STAT COMMAND\n   1 10367 10367  -  SC   sleep\n"
    )


def test_headers_alone() -> None:
    """ps-1"""
    assert table("pid tt state time command") == "PID TT  STAT TIME COMMAND\n"


def test_no_header_line_without_headers() -> None:
    """ps-3"""
    assert table("jid=", process()) == "59\n"


def test_a_header_takes_the_rest() -> None:
    assert table("pid,comm=a b, c", process()) == " PID a b, c\n1843 sleep\n"


def test_an_unknown_keyword(capfd: pytest.CaptureFixture[str]) -> None:
    columns, status = psformat.columns(["pid,nosuch"])
    assert [column.name for column in columns] == ["pid"]
    assert status == 1
    assert capfd.readouterr().err == "ps: nosuch: keyword not found\n"


def test_descendants() -> None:
    family = [process(pid=pid, ppid=ppid) for pid, ppid in ((2, 1), (3, 2), (4, 3), (5, 1))]
    assert proctable.descendants(family, 2) == [3, 4]
