# SPDX-License-Identifier: BSD-2-Clause
"""The files: their form, that no case got lost, that the figure doesn't fall in silence."""

from __future__ import annotations

import re

import pytest

from tests.conformance.cases import CASES, HERE, FormError, Group, form, load, load_not_honoured, parse
from tests.conformance.fields import KINDS

GROUPS = load()
IDS = [case.id for group in GROUPS for case in group.cases]


def test_no_case_got_lost() -> None:
    assert len(IDS) == len(set(IDS)) == 257


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
def test_reading_and_writing_change_nothing(group: Group) -> None:
    assert form(group) == (CASES / f"{group.name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
def test_what_is_said_to_vary_is_of_a_known_kind_and_occurs(group: Group) -> None:
    def occurs(value: str, answers: str) -> bool:
        return bool(re.search(value if value.startswith("^") else rf"(?<!\w){re.escape(value)}(?!\w)", answers, re.M))

    for varies, cases in ((group.varies, group.cases), *((case.varies, [case]) for case in group.cases)):
        answers = "".join(case.stdout + case.stderr for case in cases)
        assert [value for value, kind in varies.items() if kind not in KINDS or not occurs(value, answers)] == []


def test_a_line_without_a_mark_is_refused() -> None:
    with pytest.raises(FormError, match=re.escape("x.txt line 2: what")):
        parse("x", "== x-1: title\nwhat\n")


def test_the_list_names_cases_and_accounts_for_the_floor() -> None:
    floor, listed = load_not_honoured()
    assert set(listed) <= set(IDS)
    assert floor == len(IDS) - sum(entry.where != "host" for entry in listed.values())


def test_the_readme_gives_the_figure() -> None:
    floor, _ = load_not_honoured()
    assert f"**The stand-in honours {floor} of {len(IDS)} cases.**" in (HERE / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("line", ["sys-1", "sys-1 somewhere reason", "sys-1 standin", "floor x y"])
def test_an_entry_without_a_reason_is_refused(line: str) -> None:
    with pytest.raises(FormError):
        load_not_honoured(line)
