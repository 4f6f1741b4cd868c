# SPDX-License-Identifier: BSD-2-Clause
"""getent(1): entries of the databases that nsswitch.conf(5) reads from files."""

from __future__ import annotations

import sys

from options import getopt

USAGE = "usage: getent database [key ...]"
# The file of each database, and which of its columns may be keys; columns are told apart by ':' or by white space.
FILES = {
    "group": ("/etc/group", ":", (0, 2)),
    "hosts": ("/etc/hosts", None, None),
    "passwd": ("/etc/passwd", ":", (0, 2)),
    "services": ("/etc/services", None, (0, 1)),
    "shells": ("/etc/shells", None, (0,)),
}
SUCCESS, USAGE_ERROR, NOT_FOUND = 0, 1, 2


def main(argv: list[str]) -> int:
    _given, words = getopt(argv, "", USAGE)
    if not words:
        print(USAGE, file=sys.stderr)
        return USAGE_ERROR
    database, keys = words[0], words[1:]
    if database not in FILES:
        print(f"Unknown database: {database}", file=sys.stderr)
        return USAGE_ERROR
    path, separator, columns = FILES[database]
    with open(path) as file:
        lines = [line.strip() for line in file if line.strip() and not line.startswith("#")]
    status = SUCCESS
    for key in keys or [""]:
        found = [line for line in lines if not key or key in _keys(line, separator, columns)]
        if not found:
            status = NOT_FOUND
        for line in found if not key else found[:1]:
            print(line)
    return status


def _keys(line: str, separator: str | None, columns: tuple[int, ...] | None) -> list[str]:
    fields = line.split(separator)
    return fields if columns is None else [fields[column] for column in columns if column < len(fields)]
