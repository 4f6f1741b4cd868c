# SPDX-License-Identifier: BSD-2-Clause
"""A jexec(8) that checks how it is called, and then runs the command right here."""

from __future__ import annotations

from pathlib import Path

import pytest

# Arguments: {-l | -U user} -- jail program arguments. What has no name here isn't there.
JEXEC = """#!/bin/sh
case $1 in -l) shift;; -U) USER=$2; shift 2;; esac
[ "$1" = -- ] && shift || exit 1
case $1 in runs | 'ru n$s') ;; *) echo "jexec: jail \\"$1\\" not found" >&2; exit 1;; esac
JAIL=$1 HOME={home} PATH={bin}:/usr/bin:/bin; export HOME JAIL PATH USER
shift
exec "$@"
"""
STAT = """#!/bin/sh
[ "$*" = "-L -f %Lp -- $5" ] || exit 1
exec /usr/bin/stat -L -c %a -- "$5"
"""


def program(path: Path, text: str) -> Path:
    """Write a program. Returns its path."""
    path.write_text(text)
    path.chmod(0o755)
    return path


@pytest.fixture
def jexec(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    program(tmp_path / "stat", STAT)
    return program(tmp_path / "jexec", JEXEC.format(home=tmp_path / "home", bin=tmp_path))
