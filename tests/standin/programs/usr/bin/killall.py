# SPDX-License-Identifier: BSD-2-Clause
"""killall(1): signal processes by name."""

from __future__ import annotations

import os
import re
import sys

import err
import jailparam
import kernel
import options
import signals
import users
from proctable import Process

PROGRAM = "killall"
USAGE = """usage: killall [-delmsqvz] [-help] [-I] [-j jail]
               [-u user] [-t tty] [-c cmd] [-SIGNAL] [cmd]...
At least one option or argument to specify processes must be given."""


def main(argv: list[str]) -> int:
    words, signum = argv[1:], 15
    if words[:1] == ["-l"]:
        print(signals.LIST)
        return 0
    for word in [word for word in words if word.startswith("-")]:
        number = int(word[1:]) if word[1:].isdigit() else signals.number(word[1:])
        if number is not None:
            signum = number
            words.remove(word)
    found, names = options.getopt([argv[0], *words], "c:dej:mqst:u:vz", USAGE)
    given = dict(found)
    names += [given["c"]] if "c" in given else []
    if not names and not given.keys() & {"j", "u", "t"}:
        options.usage(USAGE)
    jid = _jail(given["j"]) if "j" in given else None
    uid = _uid(given["u"]) if "u" in given else None
    chosen = [process for process in kernel.processes() if _matches(process, names, given, jid, uid)]
    if not chosen:
        if "q" not in given:
            print("No matching processes were found", file=sys.stderr)
        return 1
    return max(_signal(process, signum, given) for process in chosen)


def _jail(word: str) -> int:
    try:
        return jailparam.jail_getid(word)
    except jailparam.ParamError:
        err.errx(PROGRAM, f"unknown jail: {word}")


def _uid(word: str) -> int:
    user = users.by_name(word)
    if user is None and not word.isdigit():
        err.errx(PROGRAM, f"user {word} does not exist")
    return user.uid if user else int(word)


def _matches(process: Process, names: list[str], given: dict[str, str], jid: int | None, uid: int | None) -> bool:
    if (
        process["pid"] in (os.getpid(), 1)
        or (jid is not None and process["jid"] != jid)
        or (uid is not None and process["uid"] != uid)
    ):
        return False
    if "t" in given and process["tty"] not in (given["t"], f"pts/{given['t']}"):
        return False
    if process["state"] == "Z" and "z" in given:
        return False
    if "m" in given:
        return not names or any(re.search(name, process["comm"]) for name in names)
    return not names or any(name[:19] == process["comm"] for name in names)


def _signal(process: Process, signum: int, given: dict[str, str]) -> int:
    if given.keys() & {"v", "s"}:
        print(f"kill -{signals.name(signum) or signum} {process['pid']}")
    if "s" in given:
        return 0
    try:
        kernel.kill(process["pid"], signum)
    except OSError as error:
        err.warn(PROGRAM, f"kill -{signals.name(signum) or signum} {process['pid']}", error.errno)
        return 1
    return 0
