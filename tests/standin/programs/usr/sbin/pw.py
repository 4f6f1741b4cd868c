# SPDX-License-Identifier: BSD-2-Clause
"""pw(8): create, change, remove and show users and groups."""

from __future__ import annotations

import os
import sys
from typing import NoReturn

import err
import pwgroup
import pwuser
from options import getopt
from pwdb import Database

COMMANDS = ("add", "del", "mod", "show", "next", "lock", "unlock")
USAGE = """\
usage:
  pw [user|group|lock|unlock] [add|del|mod|show|next] [help|switches/values]"""


def main(argv: list[str]) -> int:
    words = argv[1:]
    etc = "/etc"
    while words[:1] in (["-V"], ["-R"]) and len(words) > 1:
        etc = words[1] if words[0] == "-V" else f"{words[1]}/etc"
        words = words[2:]
    what, command, words = _command(words)
    spec = pwuser.OPTIONS if what == "user" else pwgroup.OPTIONS
    name = ""
    if words and not words[0].startswith("-"):
        name = words.pop(0)
    given, rest = getopt([argv[0], *words], spec, f"usage: pw {what}{command} [options]", os.EX_USAGE)
    if rest:
        name = name or rest[0]
    options = dict(given)
    if name:
        options.setdefault("u" if what == "user" and name.isdigit() else "n", name)
    if os.geteuid() != 0 and command not in ("show", "next"):
        err.errx("pw", "you must be root to run this program", os.EX_NOPERM)
    database = Database(etc)
    run = pwuser.run if what == "user" else pwgroup.run
    return run(command, database, options)


def _command(words: list[str]) -> tuple[str, str, list[str]]:
    """'user' or 'group', what is to be done, and the other words: `useradd x`, `user add x`, `add user x`, `lock x`."""
    if not words:
        _usage()
    first, rest = words[0], words[1:]
    if first in ("lock", "unlock"):
        return "user", first, rest
    for what in ("user", "group"):
        for command in COMMANDS[:5]:
            if first in (what + command, command + what):
                return what, command, rest
            if rest and (first, rest[0]) in ((what, command), (command, what)):
                return what, command, rest[1:]
    _usage()


def _usage() -> NoReturn:
    print(USAGE, file=sys.stderr)
    raise SystemExit(os.EX_USAGE)
