# SPDX-License-Identifier: BSD-2-Clause
"""chpass(1) without its editor: the encrypted password (-p), the shell (-s), the expiry (-e), all of it (-a)."""

from __future__ import annotations

import os
import sys

import err
from options import getopt
from pwdb import Account, Database

USAGE = "usage: chpass [-a list] [-e expiretime] [-p encpass] [-s shell] [user]"


def main(argv: list[str]) -> int:
    given, names = getopt(argv, "a:e:p:s:", USAGE)
    options = dict(given)
    if len(names) != 1 or not options:
        print(USAGE, file=sys.stderr)
        return 1
    if os.getuid() != 0:
        err.err("chpass", "", 13)
    database = Database()
    account = database.account(names[0])
    if account is None:
        err.errx("chpass", f"unknown user: {names[0]}")
    if "a" in options:
        database.accounts[database.accounts.index(account)] = Account.of_line(options["a"])
    if "p" in options:
        account.password = options["p"]
    if "s" in options:
        account.shell = options["s"]
    if "e" in options:
        account.expire = int(options["e"])
    database.save_accounts()
    return 0
