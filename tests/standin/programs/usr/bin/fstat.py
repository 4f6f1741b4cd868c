# SPDX-License-Identifier: BSD-2-Clause
"""fstat(1): open files."""

from __future__ import annotations

import os
import stat

import err
import kernel
import openfiles
import options
import proctable
from mounttable import Mount, of_path, resolve

PROGRAM = "fstat"
USAGE = "usage: fstat [-fmnsv] [-M core] [-N system] [-p pid] [-u user] [file ...]"


def main(argv: list[str]) -> int:
    found, names = options.getopt(argv, "fmnp:su:v", USAGE)
    given = dict(found)
    table = kernel.mounts()
    mounts, files = _wanted(names, "f" in given, table)
    if names and not mounts and not files:
        return 1
    print("USER     CMD          PID   FD MOUNT      INUM MODE         SZ|DV R/W" + (" NAME" if files else ""))
    users: dict[int, str] = {}
    for process in kernel.processes():
        user = proctable.user_name(process["uid"], users)
        if ("p" in given and str(process["pid"]) != given["p"]) or ("u" in given and user != given["u"]):
            continue
        for file in openfiles.of_process(process["pid"]):
            if openfiles.is_anonymous(file) and (mounts or files):
                continue
            if mounts and not any(openfiles.on_mount(file, mount, table) for mount in mounts):
                continue
            name = next((name for name, status in files if os.path.samestat(status, file.status)), None)
            if not files or name is not None:
                start = f"{user:<8.8} {process['comm']:<10.10} {process['pid']:5d} {file.fd:>4}"
                print(start + _rest(file, table) + (f"  {name}" if name else ""))
    return 0


def _wanted(names: list[str], whole: bool, table: list[Mount]) -> tuple[list[Mount], list[tuple[str, os.stat_result]]]:
    mounts, files = [], []
    for name in names:
        try:
            path = resolve(name)
        except OSError as error:
            err.warn(PROGRAM, name, error.errno)
            continue
        if whole:
            mounts.append(of_path(table, path))
        else:
            files.append((name, os.stat(path)))
    return mounts, files


def _rest(file: openfiles.OpenFile, table: list[Mount]) -> str:
    status = file.status
    if openfiles.is_anonymous(file):
        return f"* {'pipe' if stat.S_ISFIFO(status.st_mode) else 'local stream'}"
    device = stat.S_ISCHR(status.st_mode) or stat.S_ISBLK(status.st_mode)
    size = f"{os.path.basename(file.path):>7}" if device else f"{status.st_size:7d}"
    access = ("r" if file.readable else "") + ("w" if file.writable else "")
    mount = of_path(table, file.path)["node"]
    return f" {mount:<8} {status.st_ino:6d} {stat.filemode(status.st_mode):<10} {size} {access:>2}"
