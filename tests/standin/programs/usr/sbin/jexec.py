# SPDX-License-Identifier: BSD-2-Clause
"""jexec(8): run a program in a jail."""

from __future__ import annotations

import os
from typing import NamedTuple

import err
import jailparam
import kernel
import logincap
import options
import program
import users

PROGRAM = "jexec"
USAGE = """usage: jexec [-l] [-d working-directory] [-u username | -U username] jail
       [command ...]"""


class _Identity(NamedTuple):
    """Who the program runs as, with what is known of them: on the host for -u, in the jail for -U."""

    user: users.User
    groups: list[int]
    capabilities: dict[str, str]


def main(argv: list[str]) -> int:
    found, operands = options.getopt(argv, "d:lnu:U:", USAGE)
    given = dict(found)
    if not operands or ("u" in given and "U" in given):
        options.usage(USAGE)
    name, clean = given.get("u", given.get("U")), "l" in given
    wanted = clean or name is not None
    identity = _identity(name) if wanted and "U" not in given else None
    _attach(operands[0])
    _change_directory("chdir()", given.get("d", "/"))
    environment = dict(os.environ)
    if wanted:
        identity = identity or _identity(name)
        environment = _become(identity, clean, name is not None)
        if clean and name is not None:
            _change_directory("chdir", identity.user.directory)
    command = operands[1:]
    if not command:
        shell = environment.get("SHELL", "/bin/sh")
        err.err(PROGRAM, f"execlp: {shell}", program.execvp([shell, "-i"], environment).errno)
    err.err(PROGRAM, f"execvp: {command[0]}", program.execvp(command, environment).errno)


def _identity(name: str | None) -> _Identity:
    if name is None:
        user = users.by_uid(os.getuid())
        if user is None:
            err.errx(PROGRAM, f"unknown user: {os.getuid()}")
    else:
        try:
            user = users.by_name(name)
        except OSError as error:
            err.err(PROGRAM, f"getpwnam: {name}", error.errno)
        if user is None:
            err.errx(PROGRAM, f"{name}: no such user")
    return _Identity(user, users.group_list(user), logincap.environment(user))


def _attach(jail: str) -> None:
    try:
        jid = jailparam.jail_getid(jail)
    except jailparam.ParamError as error:
        err.errx(PROGRAM, str(error))
    try:
        kernel.jail_attach(jid)
    except OSError as error:
        err.err(PROGRAM, f"jail_attach({jid})", error.errno)


def _change_directory(call: str, directory: str) -> None:
    try:
        os.chdir(directory)
    except OSError as error:
        err.err(PROGRAM, f"{call}: {directory}", error.errno)


def _become(identity: _Identity, clean: bool, other: bool) -> dict[str, str]:
    """Take on an identity; with other the uid too. Returns the environment."""
    user = identity.user
    os.setgroups(identity.groups)
    os.setgid(user.gid)
    if other:
        os.umask(0o022)
        os.setuid(user.uid)
    if clean:
        return logincap.clean_environment(user, identity.capabilities)
    mine = {"USER": user.name, "HOME": user.directory, "SHELL": user.shell or "/bin/sh"}
    return dict(os.environ) | identity.capabilities | mine
