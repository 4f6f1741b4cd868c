# SPDX-License-Identifier: BSD-2-Clause
"""jail(8)'s dealings with the kernel: made, changed, removed, looked up (usr.sbin/jail/jail.c; recorded: mod-*)."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable
from typing import Any

import kernel
from cfjail import PERSIST, RDTUN, STOP, Jail
from errlist import strerror
from jailparam import JailParam, ParamError, export_value, import_value, init, jail_set, quoted, strtol


def find(jail: Jail) -> None:
    """Find out whether a jail runs, by its jid, else by its name: its jid is a parameter then, or -1 if it doesn't."""
    jail.jid = -1
    jid, name = jail.string("jid"), jail.string("name")
    try:
        if jid is not None:
            number, rest = strtol(jid)
            if number and not rest:
                jail.jid = kernel.jail_get(jid=number)["jid"]
        elif name is not None:
            jail.jid = kernel.jail_get(name=name)["jid"]
    except kernel.KernelError:
        return
    if jail.jid > 0 and jail.known("jid") is None:
        jail.add("jid", str(jail.jid))


def create(jail: Jail, verbose: int) -> bool:
    """Make a jail, which persists while there are commands to run in it. False, with the reason said, if that fails."""
    if not _check_root(jail):
        return False
    values = jail.values
    keep = not jail.is_true("persist") and any(jail.known(key) for key in ("exec.start", "command", "exec.poststart"))
    if keep:
        values = [(init("persist"), None), *((jp, value) for jp, value in values if jp.param.name != "persist")]
    try:
        jail.jid = _set(jail, values, verbose, create=True)
    except ParamError as error:
        jail.jid = -1
        jail.warn(str(error))
        return False
    if keep:
        jail.flags |= PERSIST
    return True


def _check_root(jail: Jail) -> bool:
    """Whether the jail's path is a directory, said in better words than jail_set(2) has."""
    path = jail.string("path")
    if path is None:
        return True
    if jail.name is not None and not path.startswith("/"):
        jail.warn(f"path {path}: not an absolute pathname")
        return False
    try:
        problem = 0 if stat.S_ISDIR(os.stat(path).st_mode) else errno.ENOTDIR
    except OSError as error:
        problem = error.errno or 0
    if problem:
        jail.warn(f"path {path}: {strerror(problem)}")
    return not problem


def clear_persist(jail: Jail, verbose: int) -> None:
    """Let a jail go with its last process, if it persisted only for its start."""
    if not jail.flags & PERSIST:
        return
    jail.flags &= ~PERSIST
    problem = ""
    try:
        jail_set([(init("jid"), jail.jid), (init("nopersist"), None)], update=True)
    except ParamError as error:
        problem = f": {strerror(error.errno)}"
    if verbose > 0:
        jail.note(f"jail_set(JAIL_UPDATE) jid={jail.jid} nopersist{problem}\n")


def update(jail: Jail, verbose: int) -> bool:
    """Change a running jail's parameters. False, with the reason said, if that fails."""
    values = [(jp, value) for jp, value in jail.values if not jp.create_only]
    if not values:
        return True
    try:
        _set(jail, [(init("jid"), jail.jid), *values], verbose)
    except ParamError as error:
        jail.warn(str(error))
        return False
    return True


def would_change(jail: Jail) -> str | None:
    """The first parameter that only a new jail can be given and that differs from the running one's; asked once."""
    if jail.flags & RDTUN:
        return None
    jail.flags |= RDTUN
    wanted = [(jp, value) for jp, value in jail.values if jp.create_only and jp.name != "jid"]
    if not wanted:
        return None
    try:
        running = kernel.jail_get(jid=jail.jid)
    except kernel.KernelError:
        return None
    for jp, value in wanted:
        if running[jp.param.name] != (import_value(jp, "") if value is None else value):
            return jp.name
    return None


def remove(jail: Jail, verbose: int, note: bool) -> bool:
    """Remove a jail, and say so if note or verbose. False, with the reason said, if that isn't allowed."""
    try:
        kernel.jail_remove(jail.jid)
    except kernel.KernelError as error:
        if error.errno == errno.EPERM:
            jail.warn(f"jail_remove: {strerror(error.errno)}")
            return False
    if verbose > 0 or (verbose == 0 and (note if jail.flags & STOP else jail.name is not None)):
        jail.note("removed\n")
    jail.jid = -1
    if not jail.flags & STOP:
        jail.flags &= ~PERSIST
    return True


def _set(jail: Jail, values: Iterable[tuple[JailParam, Any]], verbose: int, create: bool = False) -> int:
    """jailparam_set(3), and say so if verbose."""
    values = list(values)
    problem = ""
    try:
        return jail_set(values, create=create, update=not create)
    except ParamError as error:
        problem = f": {strerror(error.errno)}"
        raise
    finally:
        if verbose > 0:
            words = [f"jail_set({'JAIL_CREATE' if create else 'JAIL_UPDATE'})"]
            for jp, value in values:
                words.append(jp.name if value is None else f"{jp.name}={quoted(export_value(jp.param, value))}")
            jail.note(f"{' '.join(words)}{problem}\n")
