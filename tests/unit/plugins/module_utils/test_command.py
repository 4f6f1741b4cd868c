# SPDX-License-Identifier: BSD-2-Clause
"""A program from its start to its end: with real processes, on whatever machine this is."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.bsd.jail.plugins.module_utils import libjail
from ansible_collections.bsd.jail.plugins.module_utils.command import Finished, run
from ansible_collections.bsd.jail.plugins.module_utils.errors import InputError, JailError
from ansible_collections.bsd.jail.plugins.module_utils.libjail import Jail
from ansible_collections.bsd.jail.plugins.module_utils.program import Program

from .linuxjail import JAIL, install


@pytest.fixture(autouse=True)
def _linux(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    install(monkeypatch, tmp_path)
    before = set(os.listdir("/proc/self/fd"))
    yield
    assert set(os.listdir("/proc/self/fd")) == before


def shell(script: str) -> Program:
    return Program(("sh", "-c", script))


def test_status_and_output() -> None:
    assert run(JAIL, shell("echo out; echo err >&2; exit 7")) == Finished(7, b"out\n", b"err\n")
    assert run(JAIL, shell("kill -9 $$")).rc == -9
    assert run(JAIL, Program(("true",))) == Finished(0, b"", b"")


def test_binary_input_of_any_size_goes_through() -> None:
    data = bytes(range(256)) * 40000
    assert run(JAIL, Program(("cat",)), data) == Finished(0, data, b"")


def test_input_that_nobody_reads() -> None:
    assert run(JAIL, Program(("true",)), b"x" * 10_000_000).rc == 0
    assert run(JAIL, shell("exec <&-; echo closed"), b"x" * 10_000_000).stdout == b"closed\n"


def test_no_input_is_the_end_of_file() -> None:
    assert run(JAIL, Program(("cat",))) == Finished(0, b"", b"")


def test_fifty_megabytes_on_both_streams() -> None:
    done = run(JAIL, shell("head -c 50000000 /dev/zero; head -c 50000000 /dev/zero >&2"))
    assert (len(done.stdout), len(done.stderr)) == (50_000_000, 50_000_000)


def test_one_that_closes_its_output_is_waited_for() -> None:
    started = time.monotonic()
    assert run(JAIL, shell("exec >&- 2>&-; sleep 0.3; exit 3")).rc == 3
    assert time.monotonic() - started >= 0.3


def test_one_left_behind_that_writes_for_ever_is_not(tmp_path: Path) -> None:
    done = run(JAIL, shell(f"yes & echo $! >{tmp_path}/pid; echo started >&2"), timeout=None)
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
    assert (done.rc, done.stderr) == (0, b"started\n")


@pytest.fixture
def reaper(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was asked of procctl(2)."""
    asked: list[str] = []

    def kill_subtree(pid: int, number: int) -> int:
        asked.append("kill")
        os.killpg(pid, number)
        return 0

    monkeypatch.setattr(libjail, "become_reaper", lambda: not asked.append("become"))
    monkeypatch.setattr(libjail, "stop_reaping", lambda: asked.append("stop"))
    monkeypatch.setattr(libjail, "kill_subtree", kill_subtree)
    return asked


def test_time_is_up(reaper: list[str]) -> None:
    with pytest.raises(JailError, match="took too long") as caught:
        run(JAIL, shell("echo out; echo err >&2; sleep 1000"), timeout=1)
    assert caught.value.details["stdout"] == "out\n"
    assert caught.value.details["stderr"] == "err\n"
    assert reaper == ["become", "kill", "stop"]


def test_in_time(reaper: list[str]) -> None:
    assert run(JAIL, shell("echo out"), timeout=60) == Finished(0, b"out\n", b"")
    assert reaper == ["become", "stop"]


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        (Program(("/nosuch",)), "'/nosuch' wasn't started: No such file or directory"),
        (Program(("true",), user="nosuch"), "the jail has no user 'nosuch'"),
        (Program(("true",), chdir="/nosuch"), "'/nosuch', its working directory: No such file"),
    ],
)
def test_what_cannot_be_executed(program: Program, reason: str) -> None:
    with pytest.raises(JailError, match=reason):
        run(JAIL, program)


def test_a_jail_that_cannot_be_entered() -> None:
    with pytest.raises(JailError, match="can't be entered: Invalid argument"):
        run(Jail(8, "gone", "/"), Program(("touch", "/tmp/never")))
    assert not os.path.exists("/tmp/never")


@pytest.mark.parametrize(
    ("program", "reason"),
    [
        (Program(()), "argv is empty"),
        (Program(("",)), "argv is empty"),
        (Program(("a\0b",)), "argv has a NUL"),
        (Program(("a",), env={"b": "\0"}), "env has a NUL"),
        (Program(("a",), env={"": "b"}), "can't be a variable's name"),
        (Program(("a",), env={"b=c": "d"}), "can't be a variable's name"),
        (Program(("a",), chdir="tmp"), "must be an absolute path"),
    ],
)
def test_what_no_program_can_be_started_with(program: Program, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        run(JAIL, program)
