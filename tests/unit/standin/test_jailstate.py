# SPDX-License-Identifier: BSD-2-Clause
"""Which jails the stand-in's jail(8) starts and stops, and in what order; nothing of them runs here."""

from __future__ import annotations

import pathlib
from collections.abc import Callable

import pytest
from cfjail import DEPEND, FAILED, OPERATION, RESTART, START, STOP, Jail
from jailconf import load_config
from jailstate import State, stops

Load = Callable[[str], State]


@pytest.fixture
def load(tmp_path: pathlib.Path) -> Load:
    def make(text: str) -> State:
        conf = tmp_path / "c.conf"
        conf.write_text(text)
        state = State(load_config(str(conf)), 0)
        state.set_up_dependencies(from_file=True)
        return state

    return make


def order(state: State, running: str = "") -> list[str]:
    """What is done, '+' for a start and '-' for a stop, where those named run."""
    done = []
    for one in state.jails + state.ready + state.depend:
        one.jid = 1 if one.name in running.split() else -1
    while (jail := state.next(lambda ready: None)) is not None:
        if jail.flags & FAILED or state.must_wait(jail):
            if jail.flags & FAILED:
                state.done(jail)
            continue
        restart = jail.flags & OPERATION == RESTART
        if stops(jail) == (jail.jid > 0):
            done.append(f"{'-' if stops(jail) else '+'}{jail.name}")
        jail.jid = -1 if stops(jail) else 1
        state.done(jail)
        if restart:
            jail.flags &= ~STOP
            state.reset(jail)
            state.requeue(jail, state.depend if jail.waiting_for else state.ready)
    return done


CHAIN = "x1 { } x2 { depend = x1; } x3 { depend = x2; }"


@pytest.mark.parametrize(
    ("target", "operation", "running", "done"),
    [
        ("x3", START, "", "+x1 +x2 +x3"),
        ("x2", START, "x1", "+x2"),
        (None, START, "", "+x1 +x2 +x3"),
        ("x2", STOP, "x1 x2 x3", "-x3 -x2"),
        ("x1", STOP, "x1 x2", "-x2 -x1"),
        ("*", STOP, "x1 x2 x3", "-x3 -x2 -x1"),
        ("x1", RESTART, "x1 x2 x3", "-x3 -x2 -x1 +x1"),
    ],
)
def test_dependencies(load: Load, target: str | None, operation: int, running: str, done: str) -> None:  # dep-1, dep-2
    state = load(CHAIN)
    assert state.start(target, from_file=True, operation=operation)
    assert order(state, running) == done.split()


def test_without_dependencies_stops_go_backwards(load: Load) -> None:  # conf-22
    state = load("ok1 { } ok2 { } ok3 { }")
    state.start("*", from_file=True, operation=STOP)
    assert order(state, "ok1 ok2 ok3") == ["-ok3", "-ok2", "-ok1"]


def test_a_child_waits_for_its_parent(load: Load) -> None:
    state = load("a { b { } }")
    state.start("a.b", from_file=True, operation=START)
    assert order(state) == ["+a", "+a.b"]


def test_loops_and_undefined_jails(load: Load, capfd: pytest.CaptureFixture[str]) -> None:  # dep-1, xdp-1
    state = load("y1 { depend = y2; } y2 { depend = y1; }")
    state.start("y1", from_file=True, operation=START)
    assert order(state) == []
    load("z { depend = nosuch; }")
    assert capfd.readouterr().err.splitlines() == [
        "jail: y1: dependency loop",
        "jail: y2: skipped",
        'jail: z: depends on undefined jail "nosuch"',
    ]


def test_patterns_and_unknown_names(load: Load, capfd: pytest.CaptureFixture[str]) -> None:
    state = load("a.b { } a.c { } d { }")
    assert state.start("a.*", from_file=True, operation=START)
    assert [jail.name for jail in state.ready] == ["a.b", "a.c"]
    assert not state.start("nosuch", from_file=True, operation=START)
    assert capfd.readouterr().err == 'jail: "nosuch" not found\n'


def test_who_is_told_to_start_is_only_a_dependency(load: Load) -> None:
    state = load(CHAIN)
    state.start("x2", from_file=True, operation=START)
    told = state.find("x1")
    chosen = state.next(lambda ready: None)
    assert isinstance(told, Jail)
    assert isinstance(chosen, Jail)
    assert state.must_wait(chosen)
    assert told.flags == START | DEPEND
