# SPDX-License-Identifier: BSD-2-Clause
"""An answer that isn't the recorded one is red, whatever varies by run."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import pytest

from tests.conformance.cases import Case, Group, load
from tests.conformance.compare import Answer, compare

SPENT = "{:12.2f} real {:12.2f} user {:12.2f} sys"
ALL = [pytest.param(group, case, id=case.id) for group in load() for case in group.cases]


def recorded(case: Case) -> Answer:
    return Answer(case.rc, case.stdout, case.stderr)


def differences(
    script: str, was: str, now: str, names: dict | None = None, real: bool = True, **varies: str
) -> list[str]:
    """Compare one line of output; varies: kind to value."""
    case = Case("x-1", "title", script, was + "\n", varies={value: kind for kind, value in varies.items()})
    return compare(case, {}, Answer(0, now + "\n", ""), {} if names is None else names, real=real)


@pytest.mark.parametrize(("group", "case"), ALL)
def test_the_recorded_answer_is_the_recorded_answer(group: Group, case: Case) -> None:
    assert compare(case, group.varies, recorded(case), {}, real=True) == []


def spoilt(answer: Answer) -> Iterator[tuple[str, Answer]]:
    yield "another status", dataclasses.replace(answer, rc=answer.rc + 1)
    for stream in ("stdout", "stderr"):
        lines = getattr(answer, stream).split("\n")[:-1]
        texts = {f"one more line of {stream}": [*lines, "surprise"]}
        for i, line in enumerate(lines):
            texts[f"{stream} without line {i}"] = lines[:i] + lines[i + 1 :]
            texts[f"{stream} with line {i} twice"] = [*lines[:i], line, *lines[i:]]
            texts[f"{stream} with more in line {i}"] = [*lines[:i], line + "?", *lines[i + 1 :]]
            if line != line.rstrip():
                texts[f"{stream} without the blanks at the end of line {i}"] = [
                    *lines[:i],
                    line.rstrip(),
                    *lines[i + 1 :],
                ]
            if i > 0 and line != lines[i - 1] and " real " not in line:
                texts[f"{stream} with line {i} too early"] = [*lines[: i - 1], line, lines[i - 1], *lines[i + 1 :]]
        for what, text in texts.items():
            yield what, dataclasses.replace(answer, **{stream: "".join(f"{line}\n" for line in text)})
        if lines:
            yield f"{stream} without its end", dataclasses.replace(answer, **{stream: getattr(answer, stream)[:-1]})
    if answer.stdout != answer.stderr:
        yield "the streams exchanged", Answer(answer.rc, answer.stderr, answer.stdout)


@pytest.mark.parametrize(("group", "case"), ALL)
def test_a_spoilt_answer_is_red(group: Group, case: Case) -> None:
    passed = [
        what for what, answer in spoilt(recorded(case)) if compare(case, group.varies, answer, {}, real=True) == []
    ]
    assert passed == []


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("20 b1", "20 b2"),
        ("20 b1", "b1"),
        ("20 b1", "0 b1"),
        ("20 b1", "x b1"),
        ("20 b1", " 20 b1"),
        ("20 b1 20", "20 b1 21"),
        ("jid 20 is not 20.5", "jid 20 is not 21.5"),
        ("jid 20 is not 1-20", "jid 20 is not 1-21"),
        ("jid 20 of 120", "jid 20 of 121"),
    ],
)
def test_only_the_declared_word_varies(was: str, now: str) -> None:
    assert differences("jls jid name", was, now, jid="20") != []


def test_a_jid_is_the_same_wherever_it_stands() -> None:
    assert differences("jls jid name", "20 b1 20", "7 b1 7", jid="20") == []


def test_names_hold_throughout_a_group() -> None:
    names: dict = {}
    assert differences("jls", "20 b1", "7 b1", names, jid="20") == []
    assert differences("jls", "20 b1", "8 b1", names, jid="20") == ["stdout: jid 20 is 8 here and 7 elsewhere"]
    assert differences("jls", "21 b1", "7 b1", names, jid="21") == ["stdout: jid 7 stands for different ones: 20, 21"]


def test_an_answer_that_differs_names_nothing() -> None:
    names: dict = {}
    assert differences("jls", "20 b1", "7 b2", names, jid="20") != []
    assert names == {}


def test_a_column_keeps_its_width() -> None:
    assert differences("jls", "    59  -", "     3  -", jid="59") == []
    assert differences("jls", "    59  -", "    3  -", jid="59") != []


def test_ps_makes_its_columns_as_wide_as_its_numbers() -> None:
    was = " PID JID COMMAND\n1792  57 sleep 30"
    script = "ps -o pid,jid,command"
    assert differences(script, was, "PID JID COMMAND\n 23   3 sleep 30", pid="1792", jid="57") == []
    assert differences(script, was, "PID JID COMMAND\n 23   3 sleep 31", pid="1792", jid="57") != []
    assert differences(script, was, "JID PID COMMAND\n 23   3 sleep 30", pid="1792", jid="57") != []


@pytest.mark.parametrize(
    ("was", "now", "right"),
    [
        (SPENT.format(1.12, 0.04, 0.01), SPENT.format(1.02, 0, 0), True),
        (SPENT.format(1.12, 0.04, 0.01), SPENT.format(0.02, 0, 0), False),
        (SPENT.format(10.06, 0.02, 0.01), SPENT.format(99, 0, 0), False),
        (SPENT.format(0.04, 0.02, 0.02), SPENT.format(0, 0, 0), True),
        (SPENT.format(0.04, 0.02, 0.02), "0.00 real 0.00 user 0.00 sys", False),
        ('{"start-time":"Tue Nov 24 20:51:24 2026"}', '{"start-time":"Wed Dec  2 01:02:03 2026"}', True),
        ('{"start-time":"Tue Nov 24 20:51:24 2026"}', '{"start-time":"2026-12-02 01:02:03"}', False),
        ("-rw-r--r--  1 root wheel 3 Nov 24 20:51 f", "-rw-r--r--  1 root wheel 3 Dec  2 09:00 f", True),
        ("-rw-r--r--  1 root wheel 3 Nov 24 20:51 f", "-rw-------  1 root wheel 3 Dec  2 09:00 f", False),
        ("-rw-r--r--  1 root wheel 3 Nov 24 20:51 f", "-rw-r--r--  1 root wheel 4 Dec  2 09:00 f", False),
        ("lo0 epair0b epair1b", "lo0 epair3b epair4b", True),
        ("lo0 epair0b epair1b", "lo0 epair3b epair3b", False),
        ("lo0 epair0b epair1b", "lo0 epair4a epair4b", False),
        ("host.hostname=a jid=5", "host.hostname=a jid=6", True),
        ("children.max=5 jid=5", "children.max=6 jid=6", False),
    ],
)
def test_rules(was: str, now: str, right: bool) -> None:
    assert (differences("script", was, now) == []) is right


def test_what_a_host_has_of_its_own_varies_on_a_real_host_only() -> None:
    assert differences("ifconfig -l", "vtnet0 lo0", "em0 lo0", nic="vtnet0") == []
    assert differences("ifconfig -l", "vtnet0 lo0", "em0 lo0", real=False, nic="vtnet0") != []
    assert differences("uname -r", "15.1-RELEASE-p1", "15.1-RELEASE-p3") == []
    assert differences("uname -r", "15.1-RELEASE-p1", "15.1-RELEASE-p3", real=False) != []


def test_what_the_script_names_does_not_vary() -> None:
    assert differences("ifconfig epair7 create; ifconfig -l", "epair7a", "epair8a") == []
    assert differences("ifconfig epair7a create; ifconfig -l", "epair7a", "epair8a") != []


def test_a_difference_shows_what_was_recorded_and_what_came() -> None:
    diff = differences("jls jid name", "20 a\n21 b\n22 c", "1 a\n2 x\n3 c", jid="20")
    assert [line for line in diff if line[0] in "+-" and line[:3] not in ("+++", "---")] == [
        "-21 b\n",
        "-22 c\n",
        "+2 x\n",
        "+3 c\n",
    ]
    assert " <jid 20> a\n" in diff
