# SPDX-License-Identifier: BSD-2-Clause
"""What a machine that doesn't let its user make namespaces, mounts or users says, and what it names to do about it."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from tests.standin.host import allowed, linux, users


@pytest.fixture(autouse=True)
def nothing_real(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An ordinary user, whom nothing forbids anything, on a machine without settings."""
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(users, "become_root", lambda: None)
    monkeypatch.setattr(users, "are_mapped", lambda: False)
    for call in ("unshare", "mount"):
        monkeypatch.setattr(linux, call, lambda *_arguments: None)
    monkeypatch.setattr(allowed, "DIRECTORIES", ())
    monkeypatch.setattr(allowed, "SETTINGS_AT", tmp_path)


def forbid(monkeypatch: pytest.MonkeyPatch, fstype: str) -> None:
    """Let mounts of one kind fail."""

    def mount(source: str, target: str, kind: str, *_rest: Any) -> None:
        if kind == fstype:
            raise OSError(errno.EPERM, "Operation not permitted", target)

    monkeypatch.setattr(linux, "mount", mount)


def forbidden() -> None:
    raise OSError(errno.EPERM, "Operation not permitted", "unshare")


def test_nothing_to_say() -> None:
    assert allowed.problem() is None


@pytest.mark.parametrize(
    ("setting", "value", "line"),
    [
        ("user/max_user_namespaces", "0", "sysctl -w user.max_user_namespaces=15000"),
        ("kernel/unprivileged_userns_clone", "0", "sysctl -w kernel.unprivileged_userns_clone=1"),
        ("kernel/apparmor_restrict_unprivileged_userns", "1", "kernel.apparmor_restrict_unprivileged_userns=0"),
    ],
)
def test_a_setting_forbids_namespaces(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, setting: str, value: str, line: str
) -> None:
    (tmp_path / setting).parent.mkdir()
    (tmp_path / setting).write_text(f"{value}\n")
    monkeypatch.setattr(users, "become_root", forbidden)
    said = allowed.problem() or ""
    assert said.startswith("an ordinary user may not make namespaces here (Operation not permitted); as root: ")
    assert line in said


def test_apparmor_forbids_the_mounts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """There the namespaces are made, but nothing may be done in them."""
    (tmp_path / "kernel").mkdir()
    (tmp_path / "kernel/apparmor_restrict_unprivileged_userns").write_text("1\n")
    forbid(monkeypatch, "tmpfs")
    assert "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0" in (allowed.problem() or "")


def test_something_else_forbids_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(users, "become_root", forbidden)
    assert (allowed.problem() or "").endswith("; use root (sudo), or, in a container, start that with --privileged")


def test_root_of_a_container(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(linux, "unshare", lambda _flags: forbidden())
    assert allowed.problem() == (
        "root may not make namespaces here (Operation not permitted); in a container, start that with --privileged"
    )


def test_an_old_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    forbid(monkeypatch, "overlay")
    assert "that takes Linux 6.6 or newer" in (allowed.problem() or "")


def test_a_container_that_hides_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    forbid(monkeypatch, "proc")
    assert "systempaths=unconfined" in (allowed.problem() or "")


def test_users_of_ones_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """subuid(5): by name or number, and enough of them."""
    monkeypatch.setattr(users, "_name", lambda: "operator")
    file = tmp_path / "subuid"
    for text, first in {
        "": 0,
        "other:100000:65536\n": 0,
        "operator:100000:1000\n": 0,
        "other:100000:65536\noperator:165536:65536\n": 165536,
        "1000:231072:65535\n": 231072,
    }.items():
        file.write_text(text)
        assert users._further(str(file)) == first
    assert users._further(str(tmp_path / "none")) == 0
