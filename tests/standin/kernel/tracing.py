# SPDX-License-Identifier: BSD-2-Clause
"""Who can be traced: procctl(2)'s PROC_TRACE_CTL, until the process executes another program (recorded: att-2)."""

from __future__ import annotations

import os

from processes import PROC

_off: dict[int, tuple[int, int]] = {}  # pid → which program it executed when it turned tracing off


def control(pid: int, off: bool) -> None:
    """Turn tracing of a process off, or on again."""
    program = _program(pid)
    if off and program is not None:
        _off[pid] = program
    else:
        _off.pop(pid, None)


def is_off(pid: int) -> bool:
    """Whether a process can't be traced."""
    if pid in _off and _program(pid) != _off[pid]:
        del _off[pid]
    return pid in _off


def _program(pid: int) -> tuple[int, int] | None:
    try:
        status = os.stat(f"{PROC}/{pid}/exe")
    except OSError:
        return None
    return status.st_dev, status.st_ino
