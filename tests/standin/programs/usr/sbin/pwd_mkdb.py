# SPDX-License-Identifier: BSD-2-Clause
"""pwd_mkdb(8): check a master.passwd(5) and put it, and the passwd(5) made from it, in place."""

from __future__ import annotations

import os
import sys

import err
from options import getopt
from pwdb import Account, Database

USAGE = "usage: pwd_mkdb [-BCiLNp] [-d directory] [-s cachesize] [-u username] file"


def main(argv: list[str]) -> int:
    given, files = getopt(argv, "BCd:iLNps:u:", USAGE)
    options = dict(given)
    if len(files) != 1:
        print(USAGE, file=sys.stderr)
        return 1
    try:
        with open(files[0]) as file:
            lines = [line.rstrip("\n") for line in file if line.strip() and not line.startswith("#")]
    except OSError as error:
        err.err("pwd_mkdb", files[0], error.errno)
    try:
        accounts = [Account.of_line(line) for line in lines]
    except (ValueError, IndexError):
        err.errx("pwd_mkdb", f"corrupted entry\npwd_mkdb: at line #1\npwd_mkdb: {files[0]}: Inappropriate file type")
    if "C" in options:
        return 0
    database = Database(options.get("d", "/etc"))
    database.accounts = accounts
    database.save_accounts()
    if os.path.realpath(files[0]) != os.path.realpath(f"{database.directory}/master.passwd"):
        os.unlink(files[0])
    return 0
