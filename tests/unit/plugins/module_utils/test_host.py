# SPDX-License-Identifier: BSD-2-Clause
"""Running programs: what they get, what is known of their end, and that they outlive us."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.bsd.jail.plugins.module_utils.errors import JailError
from ansible_collections.bsd.jail.plugins.module_utils.host import Host, Result

HOST = Host(platform="freebsd15", uid=0)


def detached(tmp_path: Path, script: str, timeout: float | None = None) -> tuple[int, str, str]:
    result = HOST.run_detached((sys.executable, "-c", script), str(tmp_path / "x"), timeout)
    return result.rc, result.stdout, result.stderr


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def test_what_a_program_gets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LD_PRELOAD", "")
    monkeypatch.setenv("SECRET", "x")
    script = "import os, sys; print(sorted(os.environ), os.getcwd(), sys.stdin.buffer.read())"
    result = HOST.run(sys.executable, "-I", "-c", script, stdin="\udcff")
    assert result.stdout == "['HOME', 'LC_ALL', 'PATH', 'TZ'] / b'\\xff'\n"


def test_what_a_detached_program_gets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "x")
    script = "import os, sys; print(sorted(set(os.environ) - {'PWD', 'LC_CTYPE'}), os.getcwd(), sys.stdin.read() == '')"
    assert detached(tmp_path, script) == (0, "['HOME', 'PATH'] / True\n", "")
    assert (tmp_path / "x.rc").read_text() == "0\n"


def test_its_status_and_its_words(tmp_path: Path) -> None:
    script = "import os; os.write(1, b'out\\xff'); os.write(2, b'err'); os._exit(3)"
    assert detached(tmp_path, script) == (3, "out\udcff", "err")
    assert (tmp_path / "x.rc").read_text() == "3\n"


def test_one_that_is_killed(tmp_path: Path) -> None:
    assert detached(tmp_path, "import os; os.kill(os.getpid(), 9)")[0] == -signal.SIGKILL


def test_one_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    script = f"import os, time; open('{tmp_path}/pid', 'w').write(str(os.getpid())); time.sleep(60)"
    assert detached(tmp_path, script, timeout=5)[0] == -signal.SIGKILL
    pid = int((tmp_path / "pid").read_text())
    wait_until(lambda: gone(pid))
    assert not (tmp_path / "x.rc").exists()


def test_who_holds_the_output_open_is_not_waited_for(tmp_path: Path) -> None:
    # exs-4
    start = time.monotonic()
    assert detached(tmp_path, "import subprocess; subprocess.Popen(['sleep', '30']); print('done')")[1] == "done\n"
    assert time.monotonic() - start < 20


def test_it_outlives_us_and_its_status_is_known(tmp_path: Path) -> None:
    up, go, status = tmp_path / "up", tmp_path / "go", tmp_path / "x.rc"
    script = f"""
import os, pathlib, time
pathlib.Path({str(up)!r}).touch()
while not os.path.exists({str(go)!r}):
    time.sleep(0.01)
os._exit(7)
"""
    pid = os.fork()
    if pid == 0:
        detached(tmp_path, script)
        os._exit(0)
    wait_until(up.exists)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    go.touch()
    wait_until(lambda: status.exists() and status.read_text() != "")
    assert status.read_text() == "7\n"


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(JailError, match="/nosuch/jail isn't there"):
        HOST.run("/nosuch/jail")
    with pytest.raises(JailError, match="/nosuch/jail isn't there"):
        HOST.run_detached(("/nosuch/jail",), str(tmp_path / "x"), None)


def test_an_error_can_be_told_whatever_bytes_a_program_printed() -> None:
    """Ansible refuses a module's result that isn't UTF-8, and then nobody learns what was wrong."""
    error = Result(("/usr/sbin/jail",), 1, "", os.fsdecode(b"jail: \xfc: oh\n")).error("jail x can't be started")
    error.message.encode("utf-8")
    assert r"jail: \xfc: oh" in error.message
    assert error.details["stderr"] == "jail: \\xfc: oh\n"
