# SPDX-License-Identifier: BSD-2-Clause
"""su(1): become another user."""

from __future__ import annotations

import os

import authenticate
import err
import logincap
import options
import program
import users

PROGRAM = "su"
USAGE = "usage: su [-] [-c class] [-flms] [login [args]]"


def main(argv: list[str]) -> int:
    words = argv[1:]
    login = words[:1] == ["-"]
    found, operands = options.getopt([argv[0], *words[login:]], "-flmsc:", USAGE)
    given = {letter for letter, _ in found}
    login = login or bool(given & {"l", "-"})
    if operands[:1] == ["-"]:
        login, operands = True, operands[1:]
    name = operands[0] if operands else "root"
    user = users.by_name(name)
    if user is None:
        err.errx(PROGRAM, f"unknown login: {name}")
    if os.getuid() != 0 and not _is_allowed(user):
        err.errx(PROGRAM, "Sorry")
    shell = user.shell or "/bin/sh"
    environment = dict(os.environ)
    if "m" in given and not login:
        shell = environment.get("SHELL") or "/bin/sh"
    else:
        environment = _environment(user, shell, login)
    if os.geteuid() == 0:
        os.setgroups(users.group_list(user))
        os.setgid(user.gid)
        os.setuid(user.uid)
    if login:
        try:
            os.chdir(user.directory)
        except OSError:
            err.errx(PROGRAM, "no directory")
    argv0 = "-su" if login else "su"
    err.err(PROGRAM, shell, program.execvp([argv0, *operands[1:]], environment, shell).errno)


def _is_allowed(user: users.User) -> bool:
    """Root's shell is for the group wheel alone (/etc/pam.d/su), and asks for the password, unless it is empty."""
    if user.uid == os.getuid():
        return True
    if os.geteuid() != 0 or (user.uid == 0 and 0 not in os.getgroups()):
        return False
    return authenticate.needs_none(user.name) or authenticate.is_password(user.name, authenticate.asked("Password:"))


def _environment(user: users.User, shell: str, login: bool) -> dict[str, str]:
    if login:
        return logincap.clean_environment(user, logincap.environment(user))
    mine = {"HOME": user.directory, "SHELL": shell}
    return dict(os.environ) | mine | ({"USER": user.name} if user.uid != 0 else {})
