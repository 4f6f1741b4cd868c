# SPDX-License-Identifier: BSD-2-Clause
"""crontab(1): a user's table for cron(8): put in place from a file, listed, removed."""

from __future__ import annotations

import os
import sys

import err
import users
from options import getopt

USAGE = """\
crontab: usage error: file name must be specified for replace
usage: crontab [-u user] file
       crontab [-u user] { -l | -r [-f] | -e }"""
TABLES = "/var/cron/tabs"


def main(argv: list[str]) -> int:
    given, files = getopt(argv, "u:lrfe", USAGE)
    options = dict(given)
    if "u" in options and os.getuid() != 0:
        err.errx("crontab", "must be privileged to use -u")
    user = users.by_name(options["u"]) if "u" in options else users.by_uid(os.getuid())
    if user is None:
        err.errx("crontab", f"user `{options.get('u', '')}' unknown")
    table = f"{TABLES}/{user.name}"
    if "l" in options or "r" in options:
        try:
            if "r" in options:
                os.unlink(table)
            else:
                with open(table) as file:
                    print(file.read(), end="")
        except FileNotFoundError:
            err.errx("crontab", f"no crontab for {user.name}")
        return 0
    if len(files) != 1:
        print(USAGE, file=sys.stderr)
        return 1
    privileged = os.geteuid()
    os.seteuid(os.getuid())
    try:
        text = sys.stdin.read() if files[0] == "-" else open(files[0]).read()  # noqa: SIM115
    except OSError as error:
        err.err("crontab", files[0], error.errno)
    os.seteuid(privileged)
    os.makedirs(TABLES, 0o700, exist_ok=True)
    with open(os.open(table, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    return 0
