# SPDX-License-Identifier: BSD-2-Clause
"""doas(1), of doas.conf(5) the rules that permit or deny a user or a group everything."""

from __future__ import annotations

import os
import sys

import authenticate
import err
import program
import users
from options import getopt

PROGRAM = "doas"
USAGE = "usage: doas [-nSs] [-a style] [-C config] [-u user] command [args]"
RULES = "/usr/local/etc/doas.conf"
PATH = "/sbin:/bin:/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"
OPTIONS = frozenset({"nopass", "persist", "keepenv"})


def main(argv: list[str]) -> int:
    found, command = getopt(argv, "nsu:", USAGE)
    given = dict(found)
    if bool(command) == ("s" in given):
        print(USAGE, file=sys.stderr)
        return 1
    caller, user = users.by_uid(os.getuid()), users.by_name(given.get("u", "root"))
    if caller is None or user is None:
        err.errx(PROGRAM, "unknown user")
    if os.geteuid() != 0:
        err.errx(PROGRAM, "not installed setuid")
    options = _permitted(caller)
    if options is None:
        err.errx(PROGRAM, "Operation not permitted")
    if "nopass" not in options:
        if "n" in given:
            err.errx(PROGRAM, "Authentication required")
        if not authenticate.is_password(caller.name, authenticate.asked(_prompt(caller))):
            err.errx(PROGRAM, "Authentication failed")
    mine = {"HOME": user.directory, "USER": user.name, "LOGNAME": user.name, "SHELL": user.shell or "/bin/sh"}
    kept = dict(os.environ) if "keepenv" in options else {k: os.environ[k] for k in ("TERM",) if k in os.environ}
    environment = {**kept, "PATH": PATH, **mine, "DOAS_USER": caller.name}
    os.setgroups(users.group_list(user))
    os.setgid(user.gid)
    os.setuid(user.uid)
    command = command or [mine["SHELL"]]
    error = program.execvp(command, environment)
    if isinstance(error, FileNotFoundError):
        err.errx(PROGRAM, f"{command[0]}: command not found")
    err.err(PROGRAM, command[0], error.errno)


def _prompt(caller: users.User) -> str:
    return f"doas ({caller.name}@{os.uname().nodename.partition('.')[0]}) password: "


def _permitted(caller: users.User) -> frozenset[str] | None:
    """The options of the last rule that fits, None where that denies or there is none."""
    names = {caller.name, *(f":{users.group_name(gid)}" for gid in users.group_list(caller))}
    try:
        with open(RULES) as file:
            lines = [line.partition("#")[0].split() for line in file]
    except FileNotFoundError:
        err.errx(PROGRAM, "doas is not enabled, /usr/local/etc/doas.conf: No such file or directory")
    result = None
    for words in filter(None, lines):
        action, options, rest = words[0], frozenset(words[1:]) & OPTIONS, [w for w in words[1:] if w not in OPTIONS]
        if action not in ("permit", "deny") or len(rest) not in (1, 3) or rest[1:] not in ([], ["as", "root"]):
            err.errx(PROGRAM, f"the stand-in's doas doesn't know this rule: {' '.join(words)}")
        if rest[0] in names:
            result = options if action == "permit" else None
    return result
