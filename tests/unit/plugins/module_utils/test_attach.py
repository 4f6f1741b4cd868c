# SPDX-License-Identifier: BSD-2-Clause
"""The order in which a process gets ready to enter a jail, and that it doesn't go on when it can't."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.bsd.jail.plugins.module_utils import attach


class Libc:
    """Notes what is asked of the C library, and answers 0, or -1 to the call that is to fail."""

    def __init__(self, asked: list[str], failing: str) -> None:
        self._asked = asked
        self._failing = failing

    def __getattr__(self, name: str) -> Callable[..., int]:
        def call(*arguments: Any) -> int:
            self._asked.append(f"{name} {arguments[0]}")
            return -1 if name == self._failing else 0

        return call


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    calls: list[str] = []
    monkeypatch.setattr(attach, "_libc", lambda: Libc(calls, ""))
    monkeypatch.setattr(os, "closerange", lambda low, high: calls.append(f"closerange {low} {high}"))
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    return calls


def test_descriptors_are_closed_then_tracing_is_off_then_it_attaches(asked: list[str]) -> None:
    attach.attach(7, (9, 0, 1, 2))
    assert asked == ["closerange 3 9", "closefrom 10", "procctl 0", "jail_attach 7"]


def test_the_one_descriptor_of_an_answer(asked: list[str]) -> None:
    attach.attach(7, (5,))
    assert asked[:2] == ["closerange 0 5", "closefrom 6"]


def test_an_empty_range_is_not_closed(asked: list[str]) -> None:
    """Some versions of Python take the empty range at 0 for all there are."""
    attach.attach(7, (0,))
    assert asked[0] == "closefrom 1"


def test_nothing_can_be_imported_any_more(asked: list[str]) -> None:
    attach.attach(7, (0,))
    assert sys.meta_path == []


@pytest.mark.parametrize("failing", ["procctl", "jail_attach"])
def test_failing_is_told(asked: list[str], monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    monkeypatch.setattr(attach, "_libc", lambda: Libc(asked, failing))
    with pytest.raises(OSError, match=failing):
        attach.attach(7, (0,))
    assert asked[-1].startswith(failing)
