# SPDX-License-Identifier: BSD-2-Clause
"""sudo(8), of sudoers(5) the lines that give a user or a group all commands, with its password or without one."""

from __future__ import annotations

import os
import re
import sys
from typing import NoReturn

import authenticate
import err
import logincap
import program
import users
from options import getopt

PROGRAM = "sudo"
USAGE = """usage: sudo -h | -K | -k | -V
usage: sudo -v [-ABkNnS] [-g group] [-h host] [-p prompt] [-u user]
usage: sudo -l [-ABkNnS] [-g group] [-h host] [-p prompt] [-U user] [-u user] [command [arg ...]]
usage: sudo [-ABbEHkNnPS] [-C num] [-D directory] [-g group] [-h host] [-p prompt] [-R directory] [-T timeout] [-u user]
            [VAR=value] [-i | -s] [command [arg ...]]"""
SUDOERS = "/usr/local/etc/sudoers"
PATH = "/sbin:/bin:/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"
_RULE = re.compile(r"(%?[\w.-]+)\s+ALL\s*=\s*(?:\(ALL(?::ALL)?\)|\(root\))?\s*(NOPASSWD:)?\s*ALL")


def main(argv: list[str]) -> int:
    found, command = getopt(argv, "BEHKkNnPSVbisvu:p:g:C:D:R:T:", USAGE)
    given = dict(found)
    for letter in given:
        if letter not in "BEHkNnSisvup":
            err.errx(PROGRAM, f"the stand-in's sudo doesn't know -{letter}")
    if not command and not given.keys() & {"i", "s", "v", "k"}:
        print(USAGE, file=sys.stderr)
        return 1
    if not command and "k" in given:
        return 0
    if os.geteuid() != 0:
        err.errx(PROGRAM, "/usr/local/bin/sudo must be owned by uid 0 and have the setuid bit set")
    caller = users.by_uid(os.getuid())
    name = given.get("u", "root")
    user = users.by_name(name)
    if caller is None:
        err.errx(PROGRAM, "you do not exist in the passwd database")
    if user is None:
        err.errx(PROGRAM, f"unknown user {name}")
    _authorize(caller, given)
    if "v" in given:
        return 0
    _become(user, caller, given, command)


def _authorize(caller: users.User, given: dict[str, str]) -> None:
    """Go on for a caller whom sudoers gives all, after the password where it says so."""
    rule = _rule(caller)
    if os.getuid() == 0 or rule == "NOPASSWD:":
        return
    if "n" in given:
        err.errx(PROGRAM, "a password is required")
    prompt = given.get("p", "Password:").replace("%u", caller.name).replace("%p", caller.name)
    for _attempt in range(3):
        typed = authenticate.asked(prompt, from_input="S" in given)
        if authenticate.is_password(caller.name, typed):
            break
        if typed == "":
            err.errx(PROGRAM, "no password was provided\nsudo: a password is required")
        print("Sorry, try again.", file=sys.stderr)
    else:
        err.errx(PROGRAM, "3 incorrect password attempts")
    if rule is None:
        print(f"{caller.name} is not in the sudoers file.", file=sys.stderr)
        raise SystemExit(1)


def _rule(caller: users.User) -> str | None:
    """How sudoers lets the caller: `NOPASSWD:`, '' by password, None not at all. The last rule that fits holds."""
    names = {caller.name, *(f"%{users.group_name(gid)}" for gid in users.group_list(caller))}
    how = None
    for line in _lines(SUDOERS):
        match = _RULE.fullmatch(line)
        if match is None:
            err.errx(PROGRAM, f"the stand-in's sudo doesn't know this line of sudoers: {line}")
        if match[1] in names | {"ALL"}:
            how = match[2] or ""
    return how


def _lines(path: str) -> list[str]:
    found: list[str] = []
    with open(path) as file:
        for line in file.read().splitlines():
            line = re.sub(r"^\s*#.*", "", line).strip()
            if line.startswith("@includedir "):
                directory = line.split()[1]
                for name in sorted(os.listdir(directory)) if os.path.isdir(directory) else []:
                    if "." not in name and not name.endswith("~"):
                        found += _lines(f"{directory}/{name}")
            elif line and not line.startswith("Defaults"):
                found.append(line)
    return found


def _become(user: users.User, caller: users.User, given: dict[str, str], command: list[str]) -> NoReturn:
    mine = {"HOME": user.directory, "USER": user.name, "LOGNAME": user.name, "SHELL": user.shell or "/bin/sh"}
    kept = dict(os.environ) if "E" in given else {k: os.environ[k] for k in ("TERM", "LANG") if k in os.environ}
    environment = {**kept, "PATH": PATH, **mine}
    environment |= {"SUDO_COMMAND": " ".join(command), "SUDO_USER": caller.name}
    environment |= {"SUDO_UID": str(caller.uid), "SUDO_GID": str(caller.gid)}
    if "i" in given:
        environment |= logincap.environment(user)
        os.chdir(user.directory)
    if given.keys() & {"i", "s"}:
        shell = environment["SHELL"]
        command = [shell, "-c", " ".join(_escaped(word) for word in command)] if command else [shell]
    while command and re.match(r"\w+=", command[0]):
        name, _, value = command.pop(0).partition("=")
        environment[name] = value
    os.setgroups(users.group_list(user))
    os.setgid(user.gid)
    os.setuid(user.uid)
    error = program.execvp(command, environment)
    if isinstance(error, FileNotFoundError):
        err.errx(PROGRAM, f"{command[0]}: command not found")
    err.err(PROGRAM, f"unable to execute {command[0]}", error.errno)


def _escaped(word: str) -> str:
    """As sudo quotes what it gives to a shell: all but letters, digits, `_`, `-`, `$`."""
    return re.sub(r"([^\w$-])", r"\\\1", word)
