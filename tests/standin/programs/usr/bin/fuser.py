# SPDX-License-Identifier: BSD-2-Clause
"""fuser(1): who uses a file or a file system."""

from __future__ import annotations

import os
import sys

import err
import kernel
import openfiles
import options
import proctable
import signals
from mounttable import Mount, of_path, resolve

PROGRAM = "fuser"
USAGE = "usage: fuser [-cfhkmu] [-M core] [-N system] [-s signal] file ..."
EX_USAGE = 64


def main(argv: list[str]) -> int:
    words = [word if not _is_signal(word) else f"-s{word[1:]}" for word in argv[1:]]
    found, names = options.getopt([argv[0], *words], "cfhkms:u", USAGE, EX_USAGE)
    given = dict(found)
    if not names:
        options.usage(USAGE, EX_USAGE)
    whole = bool(given.keys() & {"c", "m"})
    table, processes = kernel.mounts(), kernel.processes()
    users: dict[int, str] = {}
    for name in names:
        try:
            path = resolve(name)
        except OSError as error:
            err.warn(PROGRAM, name, error.errno)
            continue
        sys.stderr.write(f"{name}:")
        mount = of_path(table, path) if whole else None
        for process in processes:
            letters = _letters(process["pid"], path, mount, table)
            if not letters:
                continue
            sys.stdout.write(f"{process['pid']:6d}")
            sys.stdout.flush()
            sys.stderr.write(letters)
            if "u" in given:
                sys.stderr.write(f"({proctable.user_name(process['uid'], users)})")
            if "k" in given:
                kernel.kill(process["pid"], signals.number(given.get("s", "KILL")) or 9)
        sys.stderr.write("\n")
    return 0


def _is_signal(word: str) -> bool:
    return word.startswith("-") and signals.number(word[1:]) is not None


def _letters(pid: int, path: str, mount: Mount | None, table: list[Mount]) -> str:
    """How a process uses the file, or the file system given: r root, c working directory, x program, w written to."""
    letters = ""
    for file in openfiles.of_process(pid):
        if (mount is None and not _is_same(file, path)) or (
            mount is not None and not openfiles.on_mount(file, mount, table)
        ):
            continue
        letter = {openfiles.ROOT: "r", openfiles.DIRECTORY: "c", openfiles.TEXT: "x"}.get(
            file.fd, "w" if file.writable else ""
        )
        letters += letter if letter not in letters else ""
    return letters


def _is_same(file: openfiles.OpenFile, path: str) -> bool:
    try:
        return os.path.samestat(file.status, os.stat(path))
    except OSError:
        return False
