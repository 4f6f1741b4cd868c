# SPDX-License-Identifier: BSD-2-Clause
"""What processes have open, for fuser(1), fstat(1) and procstat(1). Only the host sees it, not a jail."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from typing import NamedTuple

import kernel
from mounttable import Mount, of_path

ROOT, DIRECTORY, TEXT = "root", "wd", "text"
_LINKS = ((ROOT, "root"), (DIRECTORY, "cwd"), (TEXT, "exe"))


class OpenFile(NamedTuple):
    """One file that a process has open: its number, or what it is to the process, its path now, how it was opened."""

    fd: str
    path: str
    status: os.stat_result
    readable: bool = True
    writable: bool = False
    offset: int = 0


def of_process(pid: int) -> Iterator[OpenFile]:
    """What a process has open: root, working directory, program, descriptors by number. Nothing if it is gone."""
    for fd, name in _LINKS:
        found = _open_file(fd, f"{kernel.PROC}/{pid}/{name}")
        if found is not None:
            yield found
    try:
        numbers = sorted(int(number) for number in os.listdir(f"{kernel.PROC}/{pid}/fd"))
    except OSError:
        return
    for number in numbers:
        found = _open_file(str(number), f"{kernel.PROC}/{pid}/fd/{number}", f"{kernel.PROC}/{pid}/fdinfo/{number}")
        if found is not None:
            yield found


def _open_file(fd: str, link: str, info: str = "") -> OpenFile | None:
    try:
        path, status = os.readlink(link), os.stat(link)
        if not info:
            return OpenFile(fd, path, status)
        with open(info) as lines:
            facts = dict(line.split(":\t", 1) for line in lines if ":\t" in line)
    except OSError:
        return None
    mode = int(facts["flags"], 8) & os.O_ACCMODE
    return OpenFile(fd, path, status, mode != os.O_WRONLY, mode != os.O_RDONLY, int(facts["pos"]))


def on_mount(file: OpenFile, mount: Mount, table: list[Mount]) -> bool:
    """Whether a file lies on a file system."""
    return file.path.startswith("/") and of_path(table, file.path) is mount


def is_anonymous(file: OpenFile) -> bool:
    """Pipes, sockets and what else has no place in a file system."""
    return not file.path.startswith("/") or stat.S_ISSOCK(file.status.st_mode)
