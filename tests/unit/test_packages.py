# SPDX-License-Identifier: BSD-2-Clause
"""tests/packages: what is missing is installed by root on Debian, and named otherwise."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.hosts import CHECKOUT


def run_packages(directory: Path, missing: str, **programs: str) -> subprocess.CompletedProcess[str]:
    """Run it where `standin packages` says what is missing, with these programs (name: script) and no others."""
    programs["python3"] = f"echo {missing}"
    programs["dirname"] = 'exec /usr/bin/dirname "$@"'
    for name, script in programs.items():
        (directory / name).write_text(f"#!/bin/sh\n{script}\n")
        (directory / name).chmod(0o755)
    command = ["/bin/sh", str(CHECKOUT / "tests/packages")]
    return subprocess.run(command, env={"PATH": str(directory)}, capture_output=True, text=True, check=False)


def test_nothing_is_missing(tmp_path: Path) -> None:
    done = run_packages(tmp_path, "")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_root_on_debian_installs(tmp_path: Path) -> None:
    log = tmp_path / "log"
    done = run_packages(tmp_path, "gcc libc6-dev", id="echo 0", **{"apt-get": f'echo "$*" >>{log}'})
    assert done.returncode == 0
    assert log.read_text().splitlines() == ["install --quiet=2 --yes --no-install-recommends gcc libc6-dev"]


def test_an_old_package_list_is_brought_up_to_date(tmp_path: Path) -> None:
    log = tmp_path / "log"
    script = f'echo "$1" >>{log}; [ "$1" = update ] || grep -q update {log}'
    done = run_packages(tmp_path, "gcc", id="echo 0", grep='exec /usr/bin/grep "$@"', **{"apt-get": script})
    assert done.returncode == 0
    assert log.read_text().split() == ["install", "update", "install"]


def test_others_are_told(tmp_path: Path) -> None:
    for programs in ({"id": "echo 1000", "apt-get": "exit 1"}, {"id": "echo 0"}):
        done = run_packages(tmp_path, "gcc libc6-dev", **programs)
        assert done.returncode == 1
        assert "missing here: gcc libc6-dev" in done.stderr
        (tmp_path / "apt-get").unlink(missing_ok=True)
