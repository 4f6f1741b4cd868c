# SPDX-License-Identifier: BSD-2-Clause
"""lastcomm(1): what process accounting has recorded, newest first."""

from __future__ import annotations

import time

import err
import options
import proctable

PROGRAM = "lastcomm"
USAGE = "usage: lastcomm [-EScesu] [+format] [-f file] [command ...] [user ...] [terminal ...]"


def main(argv: list[str]) -> int:
    found, wanted = options.getopt(argv, "cEef:Ssu", USAGE)
    path = dict(found).get("f", "/var/account/acct")
    try:
        with open(path) as file:
            records = [line.split() for line in file]
    except OSError as error:
        err.err(PROGRAM, path, error.errno)
    names: dict[int, str] = {}
    for command, uid, epoch in reversed(records):
        user = proctable.user_name(int(uid), names)
        if not wanted or command in wanted or user in wanted:
            started = time.ctime(float(epoch))[:16]
            print(f"{command:<16.16} {'-':<7} {user:<16} {'__':<8}  0.000 secs {started}")
    return 0
