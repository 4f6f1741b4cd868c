# SPDX-License-Identifier: BSD-2-Clause
"""Doing things in a child that has attached."""

from __future__ import annotations

import os
import signal

import pytest
from ansible_collections.bsd.jail.plugins.module_utils import attach, inside, libjail
from ansible_collections.bsd.jail.plugins.module_utils.errors import JailError
from ansible_collections.bsd.jail.plugins.module_utils.libjail import Jail


@pytest.fixture(autouse=True)
def _attached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attach, "attach", lambda _jid, _keep: None)


def test_what_work_returns_comes_back() -> None:
    big = ["x" * 1000] * 1000
    assert libjail.inside(1, lambda: [os.getpid() == int(os.readlink("/proc/self")), big]) == [True, big]


def test_an_error_of_the_work_is_raised_here() -> None:
    with pytest.raises(FileNotFoundError, match="/nosuch"):
        libjail.inside(1, lambda: os.stat("/nosuch").st_size)


def test_a_child_that_is_killed() -> None:
    with pytest.raises(JailError, match="was ended before it could do its work"):
        libjail.inside(1, lambda: os.kill(os.getpid(), signal.SIGKILL))


def test_no_child_is_left() -> None:
    libjail.inside(1, lambda: None)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_a_jail_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_jid: int, _keep: tuple[int, ...]) -> None:
        raise OSError(22, "jail_attach")

    monkeypatch.setattr(attach, "attach", refuse)
    with pytest.raises(JailError, match="it doesn't run any more"):
        libjail.inside(1, lambda: None)


def test_files_by_path_and_pattern(tmp_path: pytest.TempPathFactory) -> None:
    jail, here = Jail(1, "web", "/"), str(tmp_path)
    open(f"{here}/made", "w").close()
    os.symlink("nosuch", f"{here}/broken")
    assert inside.exists(jail, "made", here)
    assert inside.exists(jail, "ma?e", here)
    assert inside.exists(jail, f"{here}/made", "/")
    assert inside.exists(jail, f"{here}/ma[d]e", "/")
    assert not inside.exists(jail, "nosuch*", here)
    with pytest.raises(JailError, match="'/nosuch': No such file or directory"):
        inside.exists(jail, "made", "/nosuch")
