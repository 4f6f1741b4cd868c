# SPDX-License-Identifier: BSD-2-Clause
"""A command of jail(8)'s from the fork on: its jail, its user, its environment (recorded: exs-3, env-2)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import NoReturn

import kernel
import logincap
import program
import users
from cfjail import Jail
from errlist import strerror


@dataclass(frozen=True)
class _Identity:
    """A user, and what was to be known of it where it was looked up."""

    user: users.User
    capabilities: dict[str, str]


class _RefusedError(Exception):
    """The command can't be run; the reason has been said."""


def open_log(jail: Jail, path: str) -> int | None:
    """Open exec.consolelog to append to; None, with the reason said, if that fails."""
    try:
        return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    except OSError as error:
        jail.warn(f"open {path}: {strerror(error.errno or 0)}")
        return None


def become(
    jail: Jail, argv: list[str], *, in_jail: bool, username: str | None, log: int | None, background: bool
) -> NoReturn:
    """In the child: run a command, with all that exec.* asks for. Never returns; what fails ends it with status 1.

    in_jail: it belongs into the jail. username: exec.jail_user or exec.system_user. log: a descriptor for its output.
    """
    try:
        if background:
            os.setsid()
        environment = dict(os.environ)
        clean = jail.is_true("exec.clean")
        from_host = in_jail and jail.is_true("exec.system_jail_user")
        wanted = clean or username is not None
        identity = _identity(jail, username) if wanted and from_host else None
        if in_jail:
            _attach(jail)
        if wanted:
            identity = identity or _identity(jail, username)
            environment = _take_on(jail, identity, clean, username is not None)
        if log is not None:
            os.dup2(log, 1)
            os.dup2(log, 2)
        os.closerange(3, 1024)
        error = program.execvp(argv, environment)
        jail.warn(f"exec {argv[0]}: {strerror(error.errno or 0)}")
    except _RefusedError:
        pass
    finally:
        os._exit(1)


def _attach(jail: Jail) -> None:
    path = jail.string("path")
    if path is not None:
        _change_directory(jail, path)
    if jail.integer("exec.fib"):  # there is but one routing table (net.fibs)
        jail.warn("setfib: Invalid argument")
        raise _RefusedError
    try:
        kernel.jail_attach(jail.jid)
    except OSError as error:
        jail.warn(f"jail_attach: {strerror(error.errno or 0)}")
        raise _RefusedError from error


def _change_directory(jail: Jail, path: str) -> None:
    try:
        os.chdir(path)
    except OSError as error:
        jail.warn(f"chdir {path}: {strerror(error.errno or 0)}")
        raise _RefusedError from error


def _identity(jail: Jail, username: str | None) -> _Identity:
    """Look a user up, jail(8)'s own where none is named, and take on its groups while their file is there."""
    try:
        user = users.by_uid(os.getuid()) if username is None else users.by_name(username)
    except OSError as error:
        jail.warn(f"getpwnam {username}: {strerror(error.errno or 0)}")
        raise _RefusedError from error
    if user is None:
        jail.warn(f"unknown uid {os.getuid()}" if username is None else f"{username}: no such user")
        raise _RefusedError
    try:
        os.setgroups(users.group_list(user))
    except OSError as error:
        jail.warn(f"initgroups {user.name}: {strerror(error.errno or 0)}")
        raise _RefusedError from error
    return _Identity(user, logincap.environment(user))


def _take_on(jail: Jail, identity: _Identity, clean: bool, other: bool) -> dict[str, str]:
    """Become a user; with other its uid too. Returns the environment."""
    user = identity.user
    try:
        os.setgid(user.gid)
        if other:
            os.umask(0o022)
            os.setuid(user.uid)
    except OSError as error:
        jail.warn(f"setusercontext {user.name}: {strerror(error.errno or 0)}")
        raise _RefusedError from error
    if clean:
        # The home directory is gone to only where a user was named (recorded: env-2).
        if other:
            _change_directory(jail, user.directory)
        return logincap.clean_environment(user, identity.capabilities)
    mine = {"USER": user.name, "HOME": user.directory, "SHELL": user.shell or "/bin/sh"}
    return dict(os.environ) | identity.capabilities | mine
