# SPDX-License-Identifier: BSD-2-Clause
"""chflags(1): change file flags."""

from __future__ import annotations

import os

import err
import fileflags
import options

PROGRAM = "chflags"
USAGE = "usage: chflags [-fhvx] [-R [-H | -L | -P]] flags file ..."


def main(argv: list[str]) -> int:
    found, operands = options.getopt(argv, "HLPRfhvx", USAGE)
    given = {letter for letter, _ in found}
    if len(operands) < 2:
        options.usage(USAGE)
    changes = dict(_parse(word) for word in operands[0].split(",") if word != "0")
    clear = operands[0] == "0"
    paths = [path for name in operands[1:] for path in (_tree(name, "x" in given) if "R" in given else [name])]
    status = 0
    for path in paths:
        try:
            _change(path, changes, clear)
        except OSError as error:
            if "f" not in given:
                err.warn(PROGRAM, path, error.errno)
                status = 1
            continue
        if "v" in given:
            print(path)
    return status


def _parse(word: str) -> tuple[str, bool]:
    known = fileflags.canonical(word)
    if known is None:
        err.errx(PROGRAM, f"invalid flag: {word}")
    return known


def _change(path: str, changes: dict[str, bool], clear: bool) -> None:
    old = fileflags.get(path)
    os.lstat(path)
    new = [] if clear else [name for name in fileflags.NUMBERS if changes.get(name, name in old)]
    if new != old and not os.path.islink(path):
        fileflags.put(path, new)


def _tree(top: str, on_one_file_system: bool) -> list[str]:
    """All files of a tree; on one file system, what is mounted in it is among them, and what lies in that isn't."""
    found = [top]
    device = os.lstat(top).st_dev if os.path.lexists(top) else 0
    for directory, names, files in os.walk(top):
        found += [os.path.join(directory, name) for name in (*files, *names)]
        if on_one_file_system:
            names[:] = [name for name in names if os.lstat(os.path.join(directory, name)).st_dev == device]
    return found
