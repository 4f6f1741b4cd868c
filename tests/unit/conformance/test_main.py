# SPDX-License-Identifier: BSD-2-Clause
"""The command's verdicts, with a host that answers what it is told to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.conformance import main as command
from tests.conformance.cases import Case, Group, Unhonoured
from tests.conformance.compare import Answer
from tests.conformance.targets import GroupError, TargetError

GROUPS = [
    Group("a", cases=[Case("a-1", "one", "echo 1\n", "1\n"), Case("a-2", "two", "echo 2\n", "2\n")]),
    Group("b", cases=[Case("b-1", "three", "echo 3\n", "3\n")]),
]


class Fake:
    """Answers what it is told, and writes down what it was asked."""

    real = False
    width = 2

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.asked: list[str] = []

    @contextmanager
    def fresh(self, group: Group) -> Iterator[Fake]:
        if group.name in self.answers:
            raise TargetError(self.answers[group.name])
        if group.name.upper() in self.answers:
            raise GroupError(self.answers[group.name.upper()])
        yield self

    def run(self, script: str) -> Answer:
        self.asked.append(script)
        number = script.split()[1]
        return Answer(0, self.answers.get(f"n{number}", number) + "\n", "")


Ask = Callable[..., "tuple[int, str]"]


@pytest.fixture
def ask(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Run the command on a fake; listed: case id (with _ for -) and reason. Gives its status and output."""

    def run(target: Fake, *argv: str, **listed: str) -> tuple[int, str]:
        entries = {
            name.replace("_", "-"): Unhonoured("chance" if reason == "chance" else "standin", reason)
            for name, reason in listed.items()
        }
        monkeypatch.setattr(command, "load", lambda: GROUPS)
        monkeypatch.setattr(command, "load_not_honoured", lambda: (0, entries))
        monkeypatch.setattr(command, "StandIn", lambda width: target)
        return command.main(list(argv)), capsys.readouterr().out

    return run


def test_all_honoured(ask: Ask) -> None:
    assert ask(Fake()) == (0, "honoured 3 of 3\n")


def test_an_unlisted_difference_is_an_error_and_shown(ask: Ask) -> None:
    rc, out = ask(Fake(n2="II"))
    assert rc == 1
    assert "DIFFERS  a-2: two\n    $ echo 2\n" in out
    assert "    -2\n    +II\n" in out
    assert out.endswith("1 to look at\nhonoured 2 of 3\n")


def test_a_group_that_differs_is_asked_once_more_alone(ask: Ask) -> None:
    class Slow(Fake):
        def run(self, script: str) -> Answer:
            answer = super().run(script)
            return Answer(0, "too early\n", "") if self.asked.count(script) == 1 and "2" in script else answer

    target = Slow()
    assert ask(target) == (0, "honoured 3 of 3\n")
    assert sorted(target.asked) == ["echo 1\n", "echo 1\n", "echo 2\n", "echo 2\n", "echo 3\n"]


def test_a_listed_difference_is_none(ask: Ask) -> None:
    assert ask(Fake(n2="II"), a_2="Roman") == (0, "honoured 2 of 3\n")
    assert "Roman" in ask(Fake(n2="II"), "-v", a_2="Roman")[1]


def test_a_listed_case_that_is_honoured_is_an_error(ask: Ask) -> None:
    rc, out = ask(Fake(), a_2="Roman")
    assert rc == 1
    assert "honoured a-2: two\n    now: take it off the list" in out


def test_what_is_chance_is_never_honoured_and_never_an_error(ask: Ask) -> None:
    assert ask(Fake(), a_2="chance") == (0, "honoured 2 of 3\n")
    assert ask(Fake(n2="II"), a_2="chance") == (0, "honoured 2 of 3\n")


def test_earlier_cases_of_the_group_are_run_but_not_counted(ask: Ask) -> None:
    target = Fake(n1="I")
    assert ask(target, "a-2") == (0, "honoured 1 of 1\n")
    assert target.asked == ["echo 1\n", "echo 2\n"]
    target = Fake()
    assert ask(target, "a-1") == (0, "honoured 1 of 1\n")
    assert target.asked == ["echo 1\n"]


def test_a_host_that_cannot_be_asked_is_another_status(ask: Ask) -> None:
    rc, out = ask(Fake(b="no route"))
    assert rc == 2
    assert "no route\n" in out
    assert out.endswith("honoured 2 of 3\n")


def test_a_group_whose_host_cannot_be_made_ready_differs(ask: Ask) -> None:
    rc, out = ask(Fake(A="no bridges"))
    assert rc == 1
    assert out.count("    no bridges\n") == 2
    assert out.endswith("honoured 1 of 3\n")


def test_a_pattern_that_names_nothing_is_refused(ask: Ask) -> None:
    with pytest.raises(SystemExit):
        ask(Fake(), "nosuch-*")
