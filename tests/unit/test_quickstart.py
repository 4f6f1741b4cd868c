# SPDX-License-Identifier: BSD-2-Clause
"""What `make quickstart` says of a host that it can't use, and of a play that isn't idempotent."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import quickstart
from tests.hosts import Host, HostError, real_host


def fake_program(directory: Path, name: str, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a program of that name before all others."""
    program = directory / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(directory), prepend=":")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo 'root@jails: Permission denied (publickey).' >&2; exit 255", r"No login: .* Permission denied"),
        ("echo Linux; echo 0; echo /usr/bin/python3", "root@jails runs Linux, not FreeBSD"),
        ("echo FreeBSD; echo 1001; echo /usr/local/bin/python3", r"root@jails isn't root there \(uid 1001\)"),
        ("echo FreeBSD; echo 0", "No Python on jails, .* pkg install -y python3"),
        ("echo FreeBSD; echo 1001", r"(?s)isn't root there .*HOST=root@jails.*No Python on jails"),
    ],
)
def test_a_real_host_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, words: str
) -> None:
    fake_program(tmp_path, "ssh", script, monkeypatch)
    with pytest.raises(HostError, match=words):
        real_host("root@jails")


def test_a_real_host_is_reached_with_its_own_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_program(tmp_path, "ssh", "echo FreeBSD; echo 0; echo /usr/local/bin/python3.11", monkeypatch)
    assert real_host("root@jails").variables == {
        "ansible_host": "jails",
        "ansible_python_interpreter": "/usr/local/bin/python3.11",
        "ansible_user": "root",
    }


def recap(*counts: int) -> str:
    """ansible-playbook, played by a script whose n-th run changes counts[n] tasks."""
    runs = " ".join(map(str, counts))
    return (
        f'set -- {runs}; n=$(cat "$0.runs" 2>/dev/null || echo 0); shift "$n"; echo $((n + 1)) >"$0.runs"\n'
        'echo "2026-11-24 22:00:00,000 p=1 u=root n=ansible | h : ok=9 changed=$1 unreachable=0 failed=0" '
        '>"$ANSIBLE_LOG_PATH"'
    )


def test_a_second_run_without_changes_is_what_it_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    fake_program(tmp_path, "ansible-playbook", recap(9, 0), monkeypatch)
    quickstart.quickstart(Host("h", ("echo", "the answer of")), tmp_path)
    assert "the answer of /bin/sh -c jls" in capfd.readouterr().out


def test_a_second_run_that_changes_something_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_program(tmp_path, "ansible-playbook", recap(9, 2), monkeypatch)
    with pytest.raises(quickstart.QuickstartError, match="second run changed something"):
        quickstart.quickstart(Host("h", ("echo",)), tmp_path)


def test_a_play_that_fails_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_program(tmp_path, "ansible-playbook", "exit 2", monkeypatch)
    with pytest.raises(quickstart.QuickstartError, match="failed with status 2"):
        quickstart.quickstart(Host("h", ("echo",)), tmp_path)


def test_a_play_that_reaches_no_host_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_program(tmp_path, "ansible-playbook", 'echo "skipping: no hosts matched" >"$ANSIBLE_LOG_PATH"', monkeypatch)
    with pytest.raises(quickstart.QuickstartError, match="reached no host"):
        quickstart.quickstart(Host("h", ("echo",)), tmp_path)
